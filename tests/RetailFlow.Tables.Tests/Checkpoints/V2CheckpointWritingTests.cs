using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables.Tests.Checkpoints;

/// <summary>Checkpoints by the V2 specification as the engine writes them, for the log and for a reader that shares nothing with it.</summary>
public sealed class V2CheckpointWritingTests
{
    private const int Files = 100_050;

    [Fact]
    public async Task Large_table_is_the_same_from_its_sidecars_and_for_a_naive_reader()
    {
        using var fixture = new CheckpointFixture();
        var log = fixture.Log("t");
        var create = DeltaTransaction.Create(null, "CREATE TABLE");
        var features = new HashSet<string> { "v2Checkpoint" };
        create.SetProtocol(new Protocol(3, 7, features, features));
        create.SetMetadata(Metadata.Create(Guid.Empty, new StructType([new StructField("n", PrimitiveType.Long)]), null, new Dictionary<string, string> { ["delta.checkpointPolicy"] = "v2" }));
        create.SetTransaction("app", 3);
        for (var i = 0; i < Files; i++)
        {
            create.Add(new AddFile { Path = $"part-{i}.parquet", Size = i, ModificationTime = i, Stats = $$"""{"numRecords":{{i}}}""" });
        }

        var committed = Assert.IsType<CommitResult.Committed>(await log.CommitAsync(create)).Snapshot;
        var remove = DeltaTransaction.Create(committed, "DELETE");
        remove.Remove(committed.FindFile(new FileKey("part-7.parquet", null))!);
        committed = Assert.IsType<CommitResult.Committed>(await log.CommitAsync(remove)).Snapshot;
        await log.CheckpointAsync(committed);
        await fixture.Store.DeleteAsync("t/_delta_log/00000000000000000000.json");

        var loaded = await fixture.Log("t").LoadAsync();

        Assert.Equal(CheckpointFixture.Content(committed), CheckpointFixture.Content(loaded));
        Assert.Equal(["part-7.parquet"], loaded.Tombstones.Select(t => t.Path));
        var (sidecars, files, size) = Naive(fixture.Store.LocalPath("t/_delta_log"));
        Assert.Equal((2, Files - 1, committed.TotalSize), (sidecars, files, size));
    }

    /// <summary>By the letter of the protocol: the checkpoint of the hint's version, and the sidecars that it names.</summary>
    private static (int Sidecars, long Files, long Size) Naive(string log)
    {
        using var hint = JsonDocument.Parse(File.ReadAllText(Path.Combine(log, "_last_checkpoint")));
        Assert.Equal(1, hint.RootElement.GetProperty("version").GetInt64());
        Assert.Equal(Files - 1, hint.RootElement.GetProperty("numOfAddFiles").GetInt64());
        var head = Assert.Single(Directory.GetFiles(log, "00000000000000000001.checkpoint*.parquet"));
        using var database = DuckDbDatabase.Open();
        using var connection = database.Connect();
        Assert.Equal(1L, connection.Scalar<long>($"select count(*) from read_parquet('{head}') where checkpointMetadata.version = 1"));
        Assert.Equal(1L, connection.Scalar<long>($"select count(*) from read_parquet('{head}') where txn.appId = 'app' and txn.version = 3"));
        Assert.Equal(0L, connection.Scalar<long>($"select count(*) from read_parquet('{head}') where add is not null or remove is not null"));
        var sidecars = connection.Query($"select sidecar.path, sidecar.sizeInBytes from read_parquet('{head}') where sidecar is not null").ToList();
        var paths = sidecars.Select(s => Path.Combine(log, "_sidecars", (string)s[0]!)).ToList();
        Assert.Equal(sidecars.Select(s => (long)s[1]!), paths.Select(p => new FileInfo(p).Length));
        var all = string.Join(", ", paths.Select(p => $"'{p}'"));
        Assert.Equal(1L, connection.Scalar<long>($"select count(*) from read_parquet([{all}]) where remove.path = 'part-7.parquet'"));
        var row = connection.Query($"select count(distinct add.path), sum(add.size)::bigint from read_parquet([{all}]) where add is not null").ToList()[0];
        return (sidecars.Count, (long)row[0]!, (long)row[1]!);
    }
}

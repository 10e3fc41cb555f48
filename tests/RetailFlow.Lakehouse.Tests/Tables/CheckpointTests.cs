using System.Globalization;
using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tests.Tables;

/// <summary>The checkpoints that the engine writes, read back by the log and by a reader that shares nothing with it.</summary>
public sealed class CheckpointTests
{
    [Fact]
    public async Task A_table_of_many_commits_is_the_same_from_its_checkpoint_and_for_a_naive_reader()
    {
        await using var lake = await TestLake.OpenAsync();
        var table = lake.Lake.Tables["silver.many"];
        var schema = new StructType([new StructField("n", PrimitiveType.Long), new StructField("t", PrimitiveType.String)]);
        await table.EnsureAsync(schema, "many", Guid.NewGuid, TimeProvider.System, default);
        using var connection = lake.Lake.Engine.Connect();
        for (var i = 0; i < 104; i++)
        {
            var snapshot = await table.LatestAsync(default);
            var transaction = DeltaTransaction.Create(snapshot, "WRITE");
            foreach (var file in await lake.Lake.Tables.Writer.WriteAsync(connection, $"select cast({i} as bigint) as n, 'it''s {i}' as t", table.Path, schema, WriteLayout.AsTheyCome, default))
            {
                transaction.Add(file);
            }

            if (i % 10 == 9)
            {
                transaction.Remove(snapshot.Files.First());
            }

            transaction.SetTransaction("writer", i);
            var committed = Assert.IsType<CommitResult.Committed>(await table.CommitAsync(transaction, default));
            Assert.Null(committed.CheckpointFailure);
        }

        var written = await table.LatestAsync(default);
        await using var again = await TestLake.OpenAsync(folder: null, store: lake.Lake.Store);
        var loaded = await again.Lake.Tables["silver.many"].LatestAsync(default);
        Assert.Equal(written.Version, loaded.Version);
        Assert.Equal(written.Files.Select(f => (f.Path, f.Size, f.Stats)).Order(), loaded.Files.Select(f => (f.Path, f.Size, f.Stats)).Order());
        Assert.Equal(103, loaded.Transactions["writer"].Version);
        Assert.Equal(written.Schema, loaded.Schema);
        Assert.Equal(written.Files.Select(f => f.Path).Order(), NaiveFiles(Path.Combine(lake.Folder, "lake", "silver", "many", "_delta_log")).Order());
    }

    /// <summary>The live files by the letter of the protocol: the last checkpoint, and every commit after it.</summary>
    private static HashSet<string> NaiveFiles(string log)
    {
        using var last = JsonDocument.Parse(File.ReadAllText(Path.Combine(log, "_last_checkpoint")));
        var version = last.RootElement.GetProperty("version").GetInt64();
        Assert.Equal(100, version);
        var checkpoint = Path.Combine(log, version.ToString("D20", CultureInfo.InvariantCulture) + ".checkpoint.parquet");
        using var database = DuckDbDatabase.Open();
        using var connection = database.Connect();
        var live = connection.Query($"select add.path from read_parquet('{checkpoint}') where add is not null").Rows().Select(r => (string)r[0]!).ToHashSet();
        Assert.Equal(1L, connection.Scalar<long>($"select count(*) from read_parquet('{checkpoint}') where protocol is not null and protocol.minReaderVersion = 3 and protocol.minWriterVersion = 7 and list_contains(protocol.readerFeatures, 'deletionVectors')"));
        Assert.Equal(1L, connection.Scalar<long>($"select count(*) from read_parquet('{checkpoint}') where metaData is not null"));
        foreach (var commit in Directory.GetFiles(log, "*.json").Where(f => long.Parse(Path.GetFileNameWithoutExtension(f), CultureInfo.InvariantCulture) > version).Order(StringComparer.Ordinal))
        {
            foreach (var line in File.ReadLines(commit))
            {
                using var action = JsonDocument.Parse(line);
                if (action.RootElement.TryGetProperty("add", out var add))
                {
                    live.Add(add.GetProperty("path").GetString()!);
                }
                else if (action.RootElement.TryGetProperty("remove", out var remove))
                {
                    live.Remove(remove.GetProperty("path").GetString()!);
                }
            }
        }

        return live;
    }
}

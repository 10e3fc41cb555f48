using System.Text.Json.Nodes;
using RetailFlow.Delta;
using RetailFlow.NaiveDelta;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>The proof must be able to fail: tables that are damaged are told from sound ones, by what is wrong with them.</summary>
public sealed class TableProofTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string Store => _folder.File("store");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sound_table_has_nothing_wrong()
    {
        await WriteAsync();

        Assert.Empty(await TableProof.ComplaintsAsync(Store, "t"));
    }

    [Fact]
    public async Task Lost_file_of_an_older_commit_is_missed_in_the_checkpoint_and_in_the_rows()
    {
        await WriteAsync();
        Change(1, line => line.ContainsKey("add") ? null : line);

        var wrong = await TableProof.ComplaintsAsync(Store, "t");

        Assert.Contains(wrong, w => w.StartsWith("The checkpoint of version 2 has add {", StringComparison.Ordinal));
        Assert.Contains(wrong, w => w.StartsWith("The checksum of version 1 has 1 files", StringComparison.Ordinal));
        Assert.Contains("Version 2 of 't': the row 7|text of 7 is too much", wrong);
    }

    [Fact]
    public async Task Dropped_deletion_vector_brings_the_row_back()
    {
        await WriteAsync();
        var before = Rows(3);
        Change(3, line =>
        {
            (line["add"] as JsonObject)?.Remove("deletionVector");
            return line;
        });

        Assert.Equal(["the row 3|text of 3 is too much"], TableProof.Differences(before, Rows(3)));
    }

    [Theory]
    [InlineData("numRecords", 9, "numRecords 9, not 10")]
    [InlineData("minValues.id", 1, "minValues 1 of 'id', not 0")]
    [InlineData("maxValues.id", 8, "maxValues 8 of 'id', not 9")]
    [InlineData("nullCount.name", 1, "nullCount 1 of 'name', not 0")]
    public async Task Wrong_statistic_is_named(string statistic, int value, string expected)
    {
        await WriteAsync();
        Change(1, line =>
        {
            if (line["add"] is JsonObject add)
            {
                var stats = JsonNode.Parse((string)add["stats"]!)!;
                var names = statistic.Split('.');
                (names.Length == 1 ? stats : stats[names[0]]!)[names[^1]] = value;
                add["stats"] = stats.ToJsonString();
            }

            return line;
        });

        Assert.Contains(await TableProof.ComplaintsAsync(Store, "t"), w => w.EndsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damaged_deletion_vector_file_is_seen()
    {
        await WriteAsync("id % 2 = 0 or id % 7 = 0", 20_000);
        var file = Directory.GetFiles(Path.Combine(Store, "t"), "deletion_vector_*.bin").First();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^6] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        var wrong = Assert.Single(await TableProof.ComplaintsAsync(Store, "t"));

        Assert.Contains("has a wrong checksum", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_version_is_seen()
    {
        await WriteAsync();
        File.Delete(LogFile("00000000000000000001.json"));

        Assert.Contains("Version 1 is missing", Assert.Single(await TableProof.ComplaintsAsync(Store, "t")), StringComparison.Ordinal);
    }

    // 0: created, 1: rows 0 to 9, 2: rows 10 to 19 and a checkpoint, 3: one row deleted.
    private async Task WriteAsync(string deleted = "id = 3", int rows = 10)
    {
        using var session = DeltaTables.Open(new LocalObjectStore(Store), new DeltaTablesOptions { WorkFolder = _folder.File("work") });
        var table = DeltaTable.Open(session, "t");
        await table.CreateAsync(new TableDefinition
        {
            Schema = new([Long("id"), Text("name")]),
            Profile = TableProfile.Modern,
            Properties = new Dictionary<string, string> { ["delta.checkpointInterval"] = "2" },
        });
        await table.AppendAsync("select range as id, 'text of ' || range as name from range(10)");
        await table.AppendAsync($"select range + 10 as id, 'text of ' || (range + 10) as name from range({rows})");
        await table.DeleteAsync(deleted);
    }

    private List<string> Rows(long version)
    {
        using var naive = NaiveTable.Open(Path.Combine(Store, "t"));
        return naive.Read(version).Rows;
    }

    private string LogFile(string name) => Path.Combine(Store, "t", "_delta_log", name);

    private void Change(int version, Func<JsonObject, JsonObject?> change)
    {
        var file = LogFile($"{version:D20}.json");
        var lines = File.ReadAllLines(file).Select(line => change(JsonNode.Parse(line)!.AsObject())).OfType<JsonObject>().Select(line => line.ToJsonString());
        File.WriteAllLines(file, lines.ToList());
    }
}

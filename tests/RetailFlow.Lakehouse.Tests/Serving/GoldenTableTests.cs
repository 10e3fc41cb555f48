using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Serving;

/// <summary>Tables that other writers made are read with exactly the content that their makers say, or refused by the name of what they need.</summary>
public sealed class GoldenTableTests
{
    /// <summary>Tables that need what this version refuses, with the feature that the refusal must name.</summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["deltalog-invalid-protocol-version"] = "99",
        ["deltalog-state-reconstruction-from-checkpoint-missing-protocol"] = "protocol",
        ["deltalog-state-reconstruction-without-protocol"] = "protocol",
        ["no-delta-log-folder"] = "no Delta table",
        ["versions-not-contiguous"] = "version 1",
    };

    /// <summary>Logs without data files, and how many files they say are live.</summary>
    private static readonly Dictionary<string, int> LogsAlone = new(StringComparer.Ordinal)
    {
        ["canonicalized-paths-normal-b"] = 0,
        ["canonicalized-paths-special-b"] = 0,
        ["deltalog-commit-info"] = 1,
        ["log-replay-special-characters-b"] = 1,
    };

    public static TheoryData<string> Tables
    {
        get
        {
            var folder = Path.Combine(Path.GetDirectoryName(Repository.Root)!, "shared", "conformance", "delta", "golden");
            return Directory.Exists(folder)
                ? [.. Directory.GetDirectories(folder).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)]
                : ["absent"];
        }
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task A_golden_table_is_read_exactly_or_refused_by_name(string name)
    {
        var folder = Path.Combine(Repository.Shared("conformance", "delta", "golden"), name);
        using var temporary = new TemporaryDirectory();
        var actual = temporary.File("actual.parquet");
        if (Refused.TryGetValue(name, out var reason))
        {
            var error = await Assert.ThrowsAsync<DeltaException>(async () => await DeltaFiles.ExportAsync(Path.Combine(folder, "delta"), null, null, actual, default));
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            return;
        }

        if (LogsAlone.TryGetValue(name, out var files))
        {
            using var buffer = new MemoryStream();
            await using (var json = new Utf8JsonWriter(buffer))
            {
                await DeltaFiles.WriteLogAsync(Path.Combine(folder, "delta"), null, null, json, default);
            }

            Assert.Equal(files, JsonDocument.Parse(buffer.ToArray()).RootElement.GetProperty("files").GetArrayLength());
            return;
        }

        var rows = await DeltaFiles.ExportAsync(Path.Combine(folder, "delta"), null, null, actual, default);
        var expected = Directory.GetFiles(Path.Combine(folder, "expected"), "*.parquet");
        Assert.NotEmpty(expected);
        using var database = DuckDbDatabase.Open();
        using var connection = database.Connect();
        connection.Execute($"create view actual as select * from read_parquet('{actual}')");
        var types = connection.Query("describe actual").Rows().ToDictionary(r => (string)r[0]!, r => (string)r[1]!);
        var columns = string.Join(", ", types.Select(t => $"cast(\"{t.Key}\" as {t.Value}) as \"{t.Key}\""));
        connection.Execute($"create view expected as select {columns} from read_parquet([{string.Join(", ", expected.Select(f => $"'{f}'"))}], union_by_name = true, hive_partitioning = false)");
        Assert.Equal(connection.Scalar<long>("select count(*) from expected"), rows);
        Assert.Equal(0L, connection.Scalar<long>("select count(*) from (select * from expected except all select * from actual)"));
        Assert.Equal(0L, connection.Scalar<long>("select count(*) from (select * from actual except all select * from expected)"));
        Assert.Equal(
            connection.Query($"describe select * from read_parquet([{string.Join(", ", expected.Select(f => $"'{f}'"))}], union_by_name = true, hive_partitioning = false)").Rows().Count(),
            types.Count);
    }
}

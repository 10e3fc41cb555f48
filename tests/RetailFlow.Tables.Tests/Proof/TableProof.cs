using RetailFlow.Delta;
using RetailFlow.NaiveDelta;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>
/// Holds tables that were written to a second reader: the same rows at the newest version and at two older ones, checkpoints and
/// version checksums that say what the commits say, and statistics that the files bear out.
/// </summary>
internal static class TableProof
{
    /// <summary>Every table below a folder.</summary>
    public static async Task OfFolderAsync(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var log in Directory.GetDirectories(folder, "_delta_log", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var wrong = await ComplaintsAsync(folder, Path.GetRelativePath(folder, Path.GetDirectoryName(log)!).Replace('\\', '/'));
            Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(10)));
        }
    }

    /// <summary>Every table of a store that is not on this machine: copied, and held to the reading of the store itself.</summary>
    public static async Task OfStoreAsync(IObjectStore store)
    {
        using var copy = new TemporaryDirectory();
        await store.CopyToAsync(copy.Path);
        var logs = Directory.GetDirectories(copy.Path, "_delta_log", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(logs);
        foreach (var log in logs)
        {
            var wrong = await ComplaintsAsync(copy.Path, Path.GetRelativePath(copy.Path, Path.GetDirectoryName(log)!).Replace('\\', '/'), store);
            Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(10)));
        }
    }

    /// <summary>What is wrong with a table; empty for nothing.</summary>
    /// <param name="folder">The store's folder, or a copy of <paramref name="store"/>.</param>
    /// <param name="path">The table.</param>
    /// <param name="store">The store that was copied; null where the folder is the store.</param>
    public static async Task<List<string>> ComplaintsAsync(string folder, string path, IObjectStore? store = null)
    {
        using var work = new TemporaryDirectory();
        using var session = DeltaTables.Open(store ?? new LocalObjectStore(folder), new DeltaTablesOptions { WorkFolder = work.Path, Threads = 1 });
        var table = DeltaTable.Open(session, path == "." ? "" : path);
        try
        {
            var at = Path.Combine(folder, path);
            using var naive = store is not null && StorePath.UriOf(store, "") is { } uri ? NaiveTable.OpenCopy(at, uri, folder) : NaiveTable.Open(at);
            List<string> wrong = [.. naive.CheckLog(), .. naive.CheckStatistics()];
            long[] versions = [naive.Newest, naive.Newest - 1, naive.Oldest + ((naive.Newest - naive.Oldest) / 2)];
            foreach (var version in versions.Distinct().Where(v => v == naive.Newest || (v >= naive.Oldest && naive.IsWhole(v))))
            {
                wrong.AddRange(Differences(naive.Read(version), await ReadAsync(table, version)).Select(line => $"Version {version} of '{path}': {line}"));
            }

            return wrong;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [$"'{path}': {e}"];
        }
    }

    /// <summary>The rows as the table's own reader gives them.</summary>
    public static async Task<NaiveRows> ReadAsync(DeltaTable table, long? version = null)
    {
        var at = version is { } number ? TimeTravel.Version(number) : TimeTravel.Latest;
        var schema = (await table.LoadAsync(at)).Schema;
        string columns;
        using (var none = await table.QueryAsync("select * from {table} limit 0", at))
        {
            columns = string.Join(", ", none.Columns.Select(c => $"{c.Name} {c.Type}"));
        }

        using var rows = await table.QueryAsync($"select {NaiveTable.RowText(schema.Fields.Select(f => f.Name))} from {{table}}", at);
        return new(columns, [.. rows.Rows().Select(row => (string)row[0]!).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Where two readings differ.</summary>
    public static IEnumerable<string> Differences(NaiveRows expected, NaiveRows actual)
    {
        if (Plain(expected.Columns) != Plain(actual.Columns))
        {
            yield return $"the columns are {expected.Columns}, read as {actual.Columns}";
        }

        foreach (var line in Differences(expected.Rows, actual.Rows))
        {
            yield return line;
        }
    }

    /// <summary>Where two lists of rows in order differ, as multisets.</summary>
    public static IEnumerable<string> Differences(List<string> expected, List<string> actual)
    {
        for (int i = 0, j = 0; i < expected.Count || j < actual.Count;)
        {
            var order = i == expected.Count ? 1 : j == actual.Count ? -1 : string.CompareOrdinal(expected[i], actual[j]);
            if (order != 0)
            {
                yield return order < 0 ? $"the row {expected[i]} is missing" : $"the row {actual[j]} is too much";
            }

            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
    }

    private static string Plain(string columns) => columns.Replace("\"", "", StringComparison.Ordinal);
}

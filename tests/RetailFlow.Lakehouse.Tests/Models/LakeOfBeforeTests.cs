using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>A lake whose tables were made before the journal had reservations goes on with the project that knows them.</summary>
public sealed class LakeOfBeforeTests
{
    [Fact]
    public async Task Tables_without_reservations_are_gone_on_with()
    {
        using var folder = new TemporaryDirectory();
        await using (var before = await TestLake.OpenAsync(await ProjectOfBeforeAsync(folder), folder))
        {
            await before.LandAsync(Receipt("a", "A", 5) + Receipt("b", "B", 7));
            await before.RunAsync();
            Assert.DoesNotContain(await before.Lake.Catalog.TablesAsync(default), t => t.Name.EndsWith("reservations", StringComparison.Ordinal));
        }

        await using var lake = await TestLake.OpenAsync(folder: folder);
        await lake.RunAsync();
        var tables = (await lake.Lake.Catalog.TablesAsync(default)).Select(t => t.Name).ToList();
        Assert.Superset(
            new HashSet<string> { "bronze.reservations", "bronze.incidents", "silver.reservations", "silver.open_reservations", "gold.fact_reservations", "gold.oversell_incidents" },
            tables.ToHashSet());
        await lake.LandAsync(Receipt("c", "A", 2));
        var run = await lake.RunAsync();

        Assert.Equal("fold", run.Steps.Single(s => s.Table == "gold.stock_on_hand").Mode);
        Assert.Equal("A|7.00000|0.00000|7.00000\nB|7.00000|0.00000|7.00000", await lake.TextAsync("select sku, on_hand, held, available from gold.stock_on_hand order by sku"));
        var reconciled = await lake.Lake.Reconciliation.RunAsync(default);
        Assert.True(reconciled.Holds, string.Join('\n', reconciled.Checks.Where(c => !c.Holds).SelectMany(c => c.Differences.Prepend(c.Equation))));
    }

    private static string Receipt(string id, string sku, int quantity) =>
        $$"""{"event_id":"{{id}}","type":"receipt","sku":"{{sku}}","location":"x","quantity":{{quantity}},"event_time":"2026-01-01T00:00:00Z"}""" + "\n";

    /// <summary>The repository's project with nothing of reservations in it.</summary>
    private static async Task<string> ProjectOfBeforeAsync(TemporaryDirectory folder)
    {
        var from = Repository.Folder("lakehouse");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(from, file);
            if (name.Contains("reservations", StringComparison.Ordinal) || name.Contains("incidents", StringComparison.Ordinal))
            {
                continue;
            }

            var text = await File.ReadAllTextAsync(file);
            text = Before(text, "      - name: reservations\n");
            text = Before(text, "  - name: reservations\n");
            text = Before(text, "  - name: fact_reservations\n");
            text = text.Replace("          fold_inputs: [inventory_events]\n", "", StringComparison.Ordinal)
                .Replace("{{ ref('open_reservations') }}", "(select '' as sku, '' as location, '' as state, 0 as quantity where false) as none", StringComparison.Ordinal)
                .Replace("{{ changes('open_reservations') }}", "(select '' as sku, '' as location, '' as state, 0 as quantity, 1 as _sign where false) as none", StringComparison.Ordinal);
            var to = folder.File(Path.Combine("before", name));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            await File.WriteAllTextAsync(to, text);
        }

        return folder.File("before");
    }

    private static string Before(string text, string mark) => text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? text[..at] : text;
}

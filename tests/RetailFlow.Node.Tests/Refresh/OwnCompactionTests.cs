using RetailFlow.Tables;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Refresh;

/// <summary>A node gathers the small files of its runs beside the runs that follow.</summary>
public sealed class OwnCompactionTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task Files_of_many_runs_are_gathered_while_records_come_in_and_every_record_counts_once()
    {
        const int runs = 45;
        const int most = 4 * runs;
        var sent = 0;
        do
        {
            for (var i = 0; i < runs; i++)
            {
                var reply = await node.PostAsync("till", NodeFixture.Sale($"{sent}"), NodeFixture.Sale($"{sent / 2}"));
                await node.CarriedAsync("A", reply.Sequence);
                sent++;
            }
        }
        while (sent < most && !await AreGatheredAsync());

        Assert.InRange(sent, 1, most - 1);
        Assert.Equal(-sent, (await node.QueryAsync("select cast(on_hand as integer) as n from gold.stock_on_hand"))[0].GetProperty("n").GetInt32());
        Assert.Equal(sent, (await node.QueryAsync("select count(*) as n from silver.inventory_events"))[0].GetProperty("n").GetInt32());
        Assert.DoesNotContain("[19]", node.Log.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("[4]", node.Log.ToString(), StringComparison.Ordinal);
    }

    private async Task<bool> AreGatheredAsync()
    {
        using var folder = new TemporaryDirectory();
        using var tables = DeltaTables.Open(node.Host.State.Lake!.Store, new DeltaTablesOptions { WorkFolder = folder.Path, Threads = 1 });
        foreach (var path in (string[])["system/landed_files", "bronze/inventory", "silver/inventory_events"])
        {
            var table = DeltaTable.Open(tables, path);
            if (!(await table.HistoryAsync()).Any(entry => entry.CommitInfo?.Operation == "OPTIMIZE"))
            {
                return false;
            }
        }

        return true;
    }
}

using System.Globalization;
using System.Text;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Node.Ingest;
using RetailFlow.Stock.Identities;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Ingest;

/// <summary>The index follows the lake: by what came, and anew where that does not tell.</summary>
public sealed class SilverIdentitiesTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _folder = new();
    private Lake _lake = null!;
    private IdentityIndex _index = null!;

    public async ValueTask InitializeAsync()
    {
        _lake = await Lake.OpenAsync(new LakeOptions { LakePath = Path.Combine(_folder.Path, "lake"), ProjectPath = Path.Combine(NodeFixture.RepositoryRoot, "lakehouse") });
        _index = IdentityIndex.Open(new LocalIdentityFiles(Path.Combine(_folder.Path, "index"), isDurable: false));
    }

    public async ValueTask DisposeAsync()
    {
        _index.Dispose();
        await _lake.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_each_run_brought_is_added_and_nothing_is_read_twice()
    {
        var identities = new SilverIdentities(_lake, _index);
        await identities.FollowAsync(-1, 0, default);
        Assert.Equal(IdentityPosition.None, _index.Position);
        await RunAsync("r1,0,receipt,5,", "r2,1,sale,1,");
        await FollowAsync(identities);
        AssertKnown(("r1", 0), ("r2", 1));

        await RunAsync("v1,0,void,1,r2:1", "v2,0,void,1,v1:0", "r3,0,sale,1,");
        await FollowAsync(identities);

        AssertKnown(("r1", 0), ("r2", 1), ("v1", 0), ("v2", 0), ("r3", 0));
        Assert.Equal(5, _index.Count);
        Assert.True(_index.TryFind(Fingerprint("v1", 0), out var accepted) && accepted is { IsVoid: true, IsRefused: false });
        Assert.True(_index.TryFind(Fingerprint("v2", 0), out var refused) && refused is { IsVoid: true, IsRefused: true });

        // Whoever moves rows to other files changes no identity.
        await _lake.Maintenance.OptimizeAsync("silver.inventory_events", [], default);
        await FollowAsync(identities);
        Assert.Equal(5, _index.Count);
    }

    [Fact]
    public async Task A_start_behind_the_index_does_not_know_what_the_journal_will_bring_again()
    {
        var identities = new SilverIdentities(_lake, _index);
        await RunAsync("r1,0,receipt,5,");
        var first = await _lake.History.SilverAsync(default);
        await RunAsync("r2,0,sale,1,");
        var second = await _lake.History.SilverAsync(default);
        await identities.FollowAsync(second.Version, sequence: 9, default);

        await identities.StartAsync(first.Version, sequence: 9, default);
        AssertKnown(("r1", 0), ("r2", 0));
        await identities.StartAsync(first.Version, sequence: 8, default);

        AssertKnown(("r1", 0));
        Assert.False(_index.TryFind(Fingerprint("r2", 0), out _));
        Assert.Equal((first.Version, 8L), (_index.Position.AcceptedVersion, _index.Position.Sequence));
    }

    [Fact]
    public async Task A_table_that_was_computed_anew_is_read_anew_and_another_lake_is_never_taken_for_this_one()
    {
        var identities = new SilverIdentities(_lake, _index);
        await RunAsync("r1,0,receipt,5,");
        await FollowAsync(identities);
        await _lake.Pipeline.RunAsync(new RunOptions { FullRefresh = true }, default);
        await RunAsync("r2,0,sale,1,");
        await FollowAsync(identities);
        AssertKnown(("r1", 0), ("r2", 0));

        using (var load = _index.Load(anew: false))
        {
            load.Add(77, new KnownIdentity(1, false, false));
            _index.Complete(load, _index.Position with { Source = "another table" });
        }

        await FollowAsync(identities);
        AssertKnown(("r1", 0), ("r2", 0));
        Assert.False(_index.TryFind(77, out _));
    }

    private async Task FollowAsync(SilverIdentities identities)
    {
        var silver = await _lake.History.SilverAsync(default);
        await identities.FollowAsync(silver.Version, silver.Sequence, default);
    }

    private async Task RunAsync(params string[] rows)
    {
        var lines = rows.Select(row => row.Split(',')).Select(row =>
            $"wms,{row[0]},{row[1]},{row[2]},A,L,{row[3]},2026-01-01T00:00:00Z,{(row[4] is "" ? "," : row[4].Replace(':', ','))}");
        var csv = "source,event_id,line,type,sku,location,quantity,event_time,voids_event_id,voids_line\n" + string.Join('\n', lines) + "\n";
        await _lake.Landing.LandBytesAsync("inventory", "wms", null, "csv", new MemoryStream(Encoding.UTF8.GetBytes(csv)), default);
        await _lake.Pipeline.RunAsync(new RunOptions(), default);
    }

    private void AssertKnown(params (string Event, int Line)[] identities)
    {
        foreach (var (id, line) in identities)
        {
            Assert.True(_index.TryFind(Fingerprint(id, line), out _), string.Create(CultureInfo.InvariantCulture, $"{id} {line} is not known"));
        }
    }

    private static UInt128 Fingerprint(string id, int line) => RecordIdentity.Fingerprint("wms"u8, Encoding.UTF8.GetBytes(id), line);
}

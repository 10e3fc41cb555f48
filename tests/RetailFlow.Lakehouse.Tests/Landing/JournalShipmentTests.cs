using System.Text;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Stock.Journal;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Landing;

public sealed class JournalShipmentTests : IDisposable
{
    private const string Segment = "raw/inventory/ingestion_date=2026-11-22/source=http/journal-00000000000000000001.ndjson";
    private const string Shipped = "raw/journal/000000000000002a/ingestion_date=2026-11-22/source=http/journal-";
    private readonly TemporaryDirectory _folder = new();
    private readonly InMemoryObjectStore _store = new();

    [Fact]
    public async Task A_range_is_an_object_with_the_bytes_of_its_records()
    {
        var ranges = await ShipAsync("aa\nbb\ncc\n", new JournalRange(Segment, 3, 9, 2, 3));

        Assert.Equal([new JournalRange(Shipped + "00000000000000000002.ndjson", 0, 6, 2, 3)], ranges);
        Assert.Equal("bb\ncc\n", Encoding.UTF8.GetString((await _store.ReadAsync(ranges[0].Path))!));
    }

    [Fact]
    public async Task A_shipment_that_was_not_registered_is_gone_on_with_where_it_ends()
    {
        await ShipAsync("aa\nbb\n", new JournalRange(Segment, 0, 6, 1, 2));

        var ranges = await ShipAsync("aa\nbb\ncc\n", new JournalRange(Segment, 0, 9, 1, 3));

        Assert.Equal(
            [new JournalRange(Shipped + "00000000000000000001.ndjson", 0, 6, 1, 2), new JournalRange(Shipped + "00000000000000000003.ndjson", 0, 3, 3, 3)],
            ranges);
        Assert.Equal("cc\n", Encoding.UTF8.GetString((await _store.ReadAsync(ranges[1].Path))!));
    }

    [Theory]
    [InlineData("aX\n")]
    [InlineData("aa\nbb\ncc\ndd\n")]
    [InlineData("aa\nb")]
    [InlineData("")]
    public async Task An_object_with_other_bytes_is_damage(string there)
    {
        await _store.PutIfAbsentAsync(Shipped + "00000000000000000001.ndjson", Encoding.UTF8.GetBytes(there));

        var refused = await Assert.ThrowsAsync<LakeException>(() => ShipAsync("aa\nbb\ncc\n", new JournalRange(Segment, 0, 9, 1, 3)));

        Assert.Equal(LakeErrorKind.Corrupt, refused.Kind);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<IReadOnlyList<JournalRange>> ShipAsync(string journal, JournalRange range)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(Segment))!);
        await File.WriteAllTextAsync(_folder.File(Segment), journal);
        return await new JournalShipment(_store, _folder.Path, 42).ShipAsync([range], default);
    }
}

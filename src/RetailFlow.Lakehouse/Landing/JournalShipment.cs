using System.Globalization;
using RetailFlow.Stock.Journal;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse.Landing;

/// <summary>
/// Copies ranges of a journal on this machine into the RAW of a remote lake, byte for byte, each as an object of its own that never
/// changes: <c>raw/journal/HOME/ingestion_date=.../source=.../journal-SEQ.ndjson</c>, with the sequence of its first record.
/// </summary>
internal sealed class JournalShipment(IObjectStore store, string localFolder, long home)
{
    private const string LocalPrefix = "raw/inventory/";
    private const byte LineFeed = (byte)'\n';

    /// <summary>The ranges as they are in the lake. They are durable there, and may be registered.</summary>
    /// <exception cref="LakeException">An object has other bytes than the journal.</exception>
    public async ValueTask<IReadOnlyList<JournalRange>> ShipAsync(IEnumerable<JournalRange> ranges, CancellationToken cancellationToken)
    {
        var shipped = new List<JournalRange>();
        foreach (var range in ranges)
        {
            var rest = range;
            while (rest.FirstSequence <= rest.LastSequence)
            {
                var part = await ShipAsync(rest, cancellationToken);
                shipped.Add(part);
                rest = rest with { FromOffset = rest.FromOffset + part.ToOffset, FirstSequence = part.LastSequence + 1 };
            }
        }

        return shipped;
    }

    private async ValueTask<JournalRange> ShipAsync(JournalRange range, CancellationToken cancellationToken)
    {
        var bytes = await ReadAsync(range, cancellationToken);
        var path = PathOf(range);
        if (await store.PutIfAbsentAsync(path, bytes, cancellationToken) == PutOutcome.Created)
        {
            return new JournalRange(path, 0, bytes.Length, range.FirstSequence, range.LastSequence);
        }

        // A shipment that was not registered: what has come since begins where it ends.
        var there = await store.ReadAsync(path, cancellationToken) ?? [];
        if (there.Length == 0 || there[^1] != LineFeed || !bytes.AsSpan().StartsWith(there))
        {
            throw new LakeException(LakeErrorKind.Corrupt, $"RAW object {path} has other bytes than the journal in '{localFolder}'; RAW is never changed.");
        }

        return new JournalRange(path, 0, there.Length, range.FirstSequence, range.FirstSequence + there.AsSpan().Count(LineFeed) - 1);
    }

    private string PathOf(JournalRange range)
    {
        var folder = range.Path[..(range.Path.LastIndexOf('/') + 1)];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"raw/journal/{home:x16}/{folder[LocalPrefix.Length..]}journal-{range.FirstSequence:D20}.ndjson");
    }

    private async ValueTask<byte[]> ReadAsync(JournalRange range, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(
            Path.Combine(localFolder, range.Path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        file.Position = range.FromOffset;
        var bytes = new byte[range.ToOffset - range.FromOffset];
        await file.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}

using System.Text;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>
/// Takes from a parsed record what the ledger needs. SKUs and locations that the ledger knows are its own strings; nothing is kept of
/// the others.
/// </summary>
/// <param name="ledger">The ledger; null where there is none.</param>
/// <param name="expected">Sources that are expected to be heard of.</param>
internal sealed class RecordTexts(StockLedger? ledger, IReadOnlyCollection<string> expected)
{
    // No field of a name is longer than that in UTF-16.
    private const int Room = 512;

    /// <summary>For records that no ledger takes.</summary>
    public static RecordTexts None { get; } = new(null, []);

    public LedgerRecord Take(StockRecordDraft draft)
    {
        if (draft.Type == StockRecordType.Void)
        {
            var target = RecordIdentity.Fingerprint(draft.Source, draft.VoidsEventId, draft.VoidsLine);
            var name = ledger is null ? null : new RecordName(Text(draft.Source), Text(draft.VoidsEventId), draft.VoidsLine);
            return new LedgerRecord(
                draft.IdentityFingerprint(), draft.Type, string.Empty, string.Empty, draft.Quantity, draft.EventTimeMicros, target, null, name);
        }

        var (sku, location) = Names(draft);
        var reference = ledger is null || draft.Reference.IsEmpty ? null : Text(draft.Reference);
        return new LedgerRecord(
            draft.IdentityFingerprint(), draft.Type, sku, location, draft.Quantity, draft.EventTimeMicros, UInt128.Zero, reference);
    }

    public string? SourceOf(StockRecordDraft draft) => expected.Count == 0 ? null : Text(draft.Source);

    private (string Sku, string Location) Names(StockRecordDraft draft)
    {
        if (ledger is null)
        {
            return (string.Empty, string.Empty);
        }

        Span<char> sku = stackalloc char[Room];
        Span<char> location = stackalloc char[Room];
        sku = sku[..Encoding.UTF8.GetChars(draft.Sku, sku)];
        location = location[..Encoding.UTF8.GetChars(draft.Location, location)];
        return ledger.TryFindNames(sku, location, out var knownSku, out var knownLocation)
            ? (knownSku, knownLocation)
            : (new string(sku), new string(location));
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}

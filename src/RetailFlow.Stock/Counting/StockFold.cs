using System.Buffers;
using System.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Counting;

/// <summary>What becomes of a record that keeps every rule of its own, in the light of those accepted before it.</summary>
public enum StockVerdict : byte
{
    /// <summary>Applied.</summary>
    Accepted,

    /// <summary>Accepted before with the same content: nothing to do.</summary>
    Duplicate,

    /// <summary>Accepted before with other content: quarantined, never applied.</summary>
    IdentityConflict,

    /// <summary>A void of an accepted void: quarantined.</summary>
    VoidOfVoid,
}

/// <summary>
/// Verdicts and on hand over a sequence of valid records, by stock.md sections 1 and 2, all in memory. The order of the records
/// decides verdicts and the tie between counts at one instant; everything else follows from the set.
/// </summary>
public sealed class StockFold
{
    private readonly Dictionary<string, Accepted> accepted = new(StringComparer.Ordinal);
    private readonly HashSet<string> targets = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Sku, string Location), StockKeyHistory> histories = [];
    private readonly ArrayBufferWriter<byte> scratch = new();

    /// <summary>Every SKU and location that an accepted record other than a void names, in no order.</summary>
    public IEnumerable<(string Sku, string Location)> Keys => histories.Keys;

    /// <summary>Takes the next record; the draft must have been judged without violation.</summary>
    public StockVerdict Apply(StockRecordDraft record)
    {
        string identity = Key(record.Source, record.EventId, record.Line);
        string content = Content(record);
        if (accepted.TryGetValue(identity, out Accepted? earlier))
        {
            return earlier.Content != content ? StockVerdict.IdentityConflict
                : earlier.Refused ? StockVerdict.VoidOfVoid : StockVerdict.Duplicate;
        }

        if (record.Type != StockRecordType.Void)
        {
            AddToHistory(record, identity, content);
            return StockVerdict.Accepted;
        }

        // A target that is not there yet may come later, and is then born voided; should it be a void, this one has no effect.
        string target = Key(record.Source, record.VoidsEventId, record.VoidsLine);
        if (accepted.TryGetValue(target, out Accepted? voided))
        {
            if (voided.History is null)
            {
                return Refuse(identity, content);
            }

            voided.History.Void(voided.Place);
        }
        else if (target == identity)
        {
            return Refuse(identity, content);
        }

        targets.Add(target);
        accepted.Add(identity, new Accepted(content, null, 0));
        return StockVerdict.Accepted;
    }

    /// <summary>On hand of a SKU at a location, or null if no record names it.</summary>
    public OnHand? Find(string sku, string location, long asOfMicros = long.MaxValue) =>
        histories.TryGetValue((sku, location), out StockKeyHistory? history) ? history.At(asOfMicros) : null;

    private void AddToHistory(StockRecordDraft record, string identity, string content)
    {
        (string, string) key = (Encoding.UTF8.GetString(record.Sku), Encoding.UTF8.GetString(record.Location));
        if (!histories.TryGetValue(key, out StockKeyHistory? history))
        {
            history = new StockKeyHistory();
            histories.Add(key, history);
        }

        int place = history.Add(record.Type, record.Quantity, record.EventTimeMicros, targets.Contains(identity));
        accepted.Add(identity, new Accepted(content, history, place));
    }

    private string Key(ReadOnlySpan<byte> source, ReadOnlySpan<byte> eventId, long line)
    {
        scratch.ResetWrittenCount();
        RecordIdentity.WriteKey(scratch, source, eventId, line);
        return Encoding.UTF8.GetString(scratch.WrittenSpan);
    }

    private string Content(StockRecordDraft record)
    {
        scratch.ResetWrittenCount();
        record.WriteContent(scratch);
        return Convert.ToBase64String(scratch.WrittenSpan);
    }

    /// <summary>An accepted record; a void has no history.</summary>
    /// <summary>A refused void holds its identity, so that verdicts depend on the first record of an identity alone.</summary>
    private StockVerdict Refuse(string identity, string content)
    {
        accepted.Add(identity, new Accepted(content, null, 0, Refused: true));
        return StockVerdict.VoidOfVoid;
    }

    private sealed record Accepted(string Content, StockKeyHistory? History, int Place, bool Refused = false);
}

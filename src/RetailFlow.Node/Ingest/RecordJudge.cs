using System.Text;
using RetailFlow.Connectors.Kafka;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>Judges the records of a body on the request's thread and prepares them for the journal, valid or not.</summary>
internal sealed class RecordJudge(StockRecordRules rules, RecordTexts? texts = null, Admission? admission = null)
{
    private readonly StockRecordParser _parser = new(rules);
    private readonly StockRecordDraft _draft = new();
    private readonly RecordTexts _texts = texts ?? RecordTexts.None;

    /// <summary>Prepares every slice of <paramref name="body"/> in its order.</summary>
    public IntakeBatch Judge(ReadOnlySpan<byte> body, ReadOnlySpan<RecordSlice> slices, string? source, long receivedAtMicros)
    {
        var batch = new IntakeBatch(source, slices.Length, receivedAtMicros) { Admission = admission };
        Judge(batch, body, slices, source, receivedAtMicros);
        return batch;
    }

    /// <summary>Judges a record that the journal has.</summary>
    public IntakeBatch JudgeAgain(ReadOnlySpan<byte> record, string? source, long receivedAtMicros)
    {
        var batch = new IntakeBatch(1) { Admission = admission };
        Judge(batch, record, [new RecordSlice(0, record.Length)], source, receivedAtMicros);
        return batch;
    }

    private void Judge(IntakeBatch batch, ReadOnlySpan<byte> body, ReadOnlySpan<RecordSlice> slices, string? source, long receivedAtMicros)
    {
        Span<byte> sourceBytes = stackalloc byte[StockLimits.SourceBytes];
        var sourceLength = source is null ? 0 : Encoding.UTF8.GetBytes(source, sourceBytes);
        var context = new StockRecordContext(sourceBytes[..sourceLength], receivedAtMicros);
        for (var index = 0; index < slices.Length; index++)
        {
            Judge(batch, index, body.Slice(slices[index].Start, slices[index].Length), in context);
        }
    }

    /// <summary>Prepares messages in their order.</summary>
    public IntakeBatch Judge(IReadOnlyList<MessageEntry> messages, string? source, long receivedAtMicros, MessagePositions positions)
    {
        Span<byte> sourceBytes = stackalloc byte[StockLimits.SourceBytes];
        var batch = new IntakeBatch(source, messages.Count, receivedAtMicros) { Admission = admission, Messages = (messages, positions) };
        for (var index = 0; index < messages.Count; index++)
        {
            var message = messages[index];
            batch.Journal.From(message.Origin, message.Source);
            if (message.Refused is { } refused)
            {
                batch.AddRefused(index, message.Bytes.Span, refused);
                continue;
            }

            var length = (message.Source ?? source) is { } named ? Encoding.UTF8.GetBytes(named, sourceBytes) : 0;
            Judge(batch, index, message.Bytes.Span, new StockRecordContext(sourceBytes[..length], receivedAtMicros));
        }

        return batch;
    }

    private void Judge(IntakeBatch batch, int index, ReadOnlySpan<byte> record, in StockRecordContext context)
    {
        if (_parser.Parse(record, in context, _draft, out var violation))
        {
            batch.AddCandidate(index, record, _draft, _texts);
        }
        else
        {
            batch.AddBroken(index, record, _draft.IsJsonObject, violation);
        }
    }
}

/// <summary>Lengths of stock.md section 1 that are checked before a record is parsed.</summary>
internal static class StockLimits
{
    /// <summary>Characters of a source.</summary>
    public const int SourceCharacters = 64;

    /// <summary>Bytes that so many characters may take.</summary>
    public const int SourceBytes = SourceCharacters * 4;
}

using System.Text;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// Stock records in JSON as rows of the engine: the engine's threads take blocks and parse them side by side. What breaks a rule
/// goes to the sink, so every record is either a row or set aside. What the node itself wrote into the journal is counted and passed over.
/// </summary>
internal sealed class StockJsonSource(BlockQueue blocks, StockRecordRules rules, QuarantineSink sink, NotedEntries noted, int threads) : IChunkSource
{
    /// <inheritdoc/>
    public int MaxThreads => threads;

    /// <inheritdoc/>
    public IChunkReader OpenReader() => new Reader(new RecordCursor(blocks), rules, sink, noted);

    private sealed class Reader(RecordCursor records, StockRecordRules rules, QuarantineSink sink, NotedEntries noted) : IChunkReader
    {
        // In the journal, records of the node itself stand among those of others; what others sent as its own was refused at the door.
        private readonly StockRecordParser _ofJournal = new(rules);
        private readonly StockRecordParser _ofFiles = new(rules with { ReservedSource = StockLedger.SalesSource });
        private readonly StockRecordDraft _draft = new();
        private LandedFile? _file;
        private byte[] _source = [];
        private long _landedAtMicros;

        public int Read(DuckDbChunkWriter chunk)
        {
            var rows = 0;
            while (rows < chunk.Capacity && records.Next(out var record))
            {
                if (Judge(record, chunk, rows))
                {
                    rows++;
                }
            }

            return rows;
        }

        public void Dispose() => records.Dispose();

        private bool Judge(ReadOnlySpan<byte> record, DuckDbChunkWriter chunk, int row)
        {
            var file = records.File;
            if (!ReferenceEquals(file, _file))
            {
                _file = file;
                _source = Encoding.UTF8.GetBytes(file.Source);
                _landedAtMicros = RecordTime.ToMicros(file.LandedAt);
            }

            var source = (ReadOnlySpan<byte>)_source;
            var receivedAt = _landedAtMicros;
            if (file.IsJournal)
            {
                JournalLine.Verify(record, file, records.Row);
                var envelope = new JournalEnvelopeReader(record);
                if (envelope.Kind is JournalEntryKind.Reservation or JournalEntryKind.Incident)
                {
                    noted.Add(envelope.Kind, envelope.Sequence);
                    return false;
                }

                receivedAt = envelope.ReceivedAtMicros;
                source = envelope.Source;
                record = envelope.IsMalformed ? envelope.Malformed() : envelope.Record;
                if (envelope.Refused is { } refused)
                {
                    sink.Add(file, records.Row, refused.Rule, refused.Field, refused.Detail, record);
                    return false;
                }
            }

            var accepted = (file.IsJournal ? _ofJournal : _ofFiles).Parse(record, new StockRecordContext(source, receivedAt), _draft, out var violation);
            if (accepted)
            {
                StockColumns.Write(chunk, row, _draft, receivedAt, file.Ordinal, records.Row);
            }
            else
            {
                sink.Add(file, records.Row, violation.Rule, violation.Field, violation.Detail, record);
            }

            return accepted;
        }
    }
}

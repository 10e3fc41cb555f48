using System.Globalization;
using System.Text;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// Stock records in JSON as rows of the engine: the engine's threads take blocks and parse them side by side. What breaks a rule
/// goes to the sink, so every record is either a row or set aside.
/// </summary>
internal sealed class StockJsonSource(BlockQueue blocks, StockRecordRules rules, QuarantineSink sink, int threads) : IChunkSource
{
    /// <inheritdoc/>
    public int MaxThreads => threads;

    /// <inheritdoc/>
    public IChunkReader OpenReader() => new Reader(blocks, rules, sink);

    private sealed class Reader(BlockQueue blocks, StockRecordRules rules, QuarantineSink sink) : IChunkReader
    {
        private static ReadOnlySpan<byte> ChecksumName => "{\"crc32c\":\""u8;

        private readonly StockRecordParser _parser = new(rules);
        private readonly StockRecordDraft _draft = new();
        private RecordBlock? _block;
        private byte[] _source = [];
        private long _landedAtMicros;
        private int _position;
        private long _row;

        public int Read(DuckDbChunkWriter chunk)
        {
            var rows = 0;
            while (rows < chunk.Capacity)
            {
                if (_block is null && !NextBlock())
                {
                    break;
                }

                if (NextRecord(out var record) && Judge(record, chunk, rows))
                {
                    rows++;
                }
            }

            return rows;
        }

        public void Dispose() => _block?.Dispose();

        private bool NextBlock()
        {
            _block = blocks.Next();
            if (_block is null)
            {
                return false;
            }

            _position = 0;
            _row = _block.FirstRow - 1;
            _source = Encoding.UTF8.GetBytes(_block.File.Source);
            _landedAtMicros = Micros(_block.File.LandedAt);
            return true;
        }

        private bool NextRecord(out ReadOnlySpan<byte> record)
        {
            var block = _block!;
            var rest = block.Bytes[_position..];
            if (!block.Lines)
            {
                record = rest;
                _row++;
                _position = block.Length;
            }
            else
            {
                var end = rest.IndexOf((byte)'\n');
                record = end < 0 ? rest : rest[..end];
                _position += end < 0 ? rest.Length : end + 1;
                _row++;
                record = record.Trim(" \t\r"u8);
            }

            return !record.IsEmpty || Release();
        }

        private bool Judge(ReadOnlySpan<byte> record, DuckDbChunkWriter chunk, int row)
        {
            var file = _block!.File;
            var source = (ReadOnlySpan<byte>)_source;
            var receivedAt = _landedAtMicros;
            if (file.IsJournal)
            {
                Verify(record, file);
                var envelope = new JournalEnvelopeReader(record);
                receivedAt = envelope.ReceivedAtMicros;
                source = envelope.Source;
                record = envelope.IsMalformed ? envelope.Malformed() : envelope.Record;
            }

            var accepted = _parser.Parse(record, new StockRecordContext(source, receivedAt), _draft, out var violation);
            if (accepted)
            {
                StockColumns.Write(chunk, row, _draft, receivedAt, file.Ordinal, _row);
            }
            else
            {
                sink.Add(file, _row, violation.Rule, violation.Field, violation.Detail, record);
            }

            Release();
            return accepted;
        }

        /// <summary>A journal line begins with the checksum of the rest of it (docs/formats/journal.md).</summary>
        private void Verify(ReadOnlySpan<byte> line, LandedFile file)
        {
            var start = ChecksumName.Length;
            if (!line.StartsWith(ChecksumName)
                || line.Length < start + 10
                || !uint.TryParse(line.Slice(start, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var checksum)
                || Crc32C.ComputeAfter((byte)'{', line[(start + 10)..]) != checksum)
            {
                throw new LakeException(LakeErrorKind.Corrupt, $"RAW file {file.Path}: record {_row} of the range from byte {file.FromOffset} is not what was written; its checksum does not match.");
            }
        }

        private bool Release()
        {
            if (_block is { } block && _position >= block.Length)
            {
                block.Dispose();
                _block = null;
            }

            return false;
        }

        private static long Micros(DateTimeOffset instant) => (instant.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
    }
}

using RetailFlow.Lakehouse.Landing;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>The records of blocks one after another, for one thread of the engine. Blank lines are passed over; they have a number all the same.</summary>
internal sealed class RecordCursor(BlockQueue blocks) : IDisposable
{
    private RecordBlock? _block;
    private int _position;

    /// <summary>The file that the last record stands in.</summary>
    public LandedFile File => _block!.File;

    /// <summary>The last record's place in its file, from 1.</summary>
    public long Row { get; private set; }

    /// <summary>The next record, to be used before the next call; false if there is none.</summary>
    public bool Next(out ReadOnlySpan<byte> record)
    {
        while (true)
        {
            if (_block is null || _position >= _block.Length)
            {
                _block?.Dispose();
                _block = blocks.Next();
                if (_block is null)
                {
                    record = default;
                    return false;
                }

                _position = 0;
                Row = _block.FirstRow - 1;
            }

            var rest = _block.Bytes[_position..];
            var end = _block.Lines ? rest.IndexOf((byte)'\n') : -1;
            record = end < 0 ? rest : rest[..end];
            if (_block.Lines)
            {
                record = record.Trim(" \t\r"u8);
            }

            _position += end < 0 ? rest.Length : end + 1;
            Row++;
            if (!record.IsEmpty)
            {
                return true;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _block?.Dispose();
}

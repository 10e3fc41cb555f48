namespace RetailFlow.Storage;

/// <summary>
/// Reads the records of a byte range of a log in order and verifies each. The range must begin and end between records,
/// as positions given by the writer or by earlier records do, and end at or before the last durable position.
/// Memory is bounded by the longest record. For one thread.
/// </summary>
public sealed class AppendLogReader : IDisposable
{
    private readonly ILogFile _file;
    private readonly LineScanner _lines;

    /// <summary>Reads the bytes <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    /// <param name="file">The log; it stays open when the reader is disposed of.</param>
    /// <param name="from">Offset of the first record, in bytes.</param>
    /// <param name="to">Offset behind the last record, in bytes.</param>
    public AppendLogReader(ILogFile file, long from, long to)
    {
        _file = file;
        _lines = new LineScanner(file, from, to);
        To = to;
    }

    /// <summary>Where the range ends.</summary>
    public long To { get; }

    /// <summary>The next record, whose payload stays valid until the next call; false at the end of the range.</summary>
    /// <exception cref="LogCorruptException">The bytes there are no valid record, or the file is shorter than the range.</exception>
    public bool TryRead(out LogRecord record)
    {
        if (!_lines.TryNext())
        {
            record = default;
            return _lines.NextOffset == To ? false : throw new LogCorruptException(_file.Name, _lines.NextOffset);
        }

        Memory<byte> line = _lines.Line;
        int payload = RecordFrame.Restore(line.Span, out _);
        if (payload < 0)
        {
            throw new LogCorruptException(_file.Name, _lines.Offset);
        }

        record = new LogRecord(_lines.Offset, _lines.NextOffset, line[payload..]);
        return true;
    }

    /// <summary>Gives the buffer back; the file stays open.</summary>
    public void Dispose() => _lines.Dispose();
}

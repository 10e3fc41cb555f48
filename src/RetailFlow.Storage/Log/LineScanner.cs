using System.Buffers;

namespace RetailFlow.Storage;

/// <summary>
/// Cuts a byte range of a log into lines, in memory bounded by the longest valid line. A line that is longer is passed
/// over and reported without content.
/// </summary>
internal sealed class LineScanner : IDisposable
{
    private const int FirstBuffer = 1 << 20;

    private readonly ILogFile _file;
    private readonly long _end;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _start;
    private int _filled;
    private long _readPosition;

    public LineScanner(ILogFile file, long from, long to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfLessThan(to, from);
        _file = file;
        _readPosition = from;
        NextOffset = from;
        _end = to;
    }

    /// <summary>Where the line begins, in bytes of the file.</summary>
    public long Offset { get; private set; }

    /// <summary>Where the next line begins.</summary>
    public long NextOffset { get; private set; }

    /// <summary>The line without its line feed; empty if it is incomplete or too long. Valid until the next call.</summary>
    public Memory<byte> Line { get; private set; }

    /// <summary>True if the line is nothing but a line feed.</summary>
    public bool IsBlank { get; private set; }

    /// <summary>Moves to the next line; false at the end of the range.</summary>
    public bool TryNext()
    {
        Offset = NextOffset;
        Line = default;
        IsBlank = false;
        int searched = 0;
        while (true)
        {
            int found = _buffer.AsSpan(_start + searched, _filled - _start - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                int length = searched + found;
                Line = _buffer.AsMemory(_start, length);
                IsBlank = length == 0;
                _start += length + 1;
                NextOffset = Offset + length + 1;
                return true;
            }

            searched = _filled - _start;
            if (searched > RecordFrame.MaxLine)
            {
                return PassOver();
            }

            if (!Fill())
            {
                NextOffset = Offset + searched;
                _start = _filled;
                return searched > 0;
            }
        }
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _filled = 0;
        Line = default;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool PassOver()
    {
        NextOffset = Offset + (_filled - _start);
        _start = _filled;
        while (Fill())
        {
            int found = _buffer.AsSpan(_start, _filled - _start).IndexOf((byte)'\n');
            int passed = found >= 0 ? found + 1 : _filled - _start;
            NextOffset += passed;
            _start += passed;
            if (found >= 0)
            {
                break;
            }
        }

        return true;
    }

    /// <summary>Adds bytes of the file behind those not yet consumed; false at the end of the range.</summary>
    private bool Fill()
    {
        ObjectDisposedException.ThrowIf(_buffer.Length == 0, this);
        long left = _end - _readPosition;
        if (left == 0)
        {
            return false;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _filled - _start).CopyTo(_buffer);
            _filled -= _start;
            _start = 0;
        }

        if (_filled == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(checked(_buffer.Length * 2));
            _buffer.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        int room = (int)Math.Min(left, _buffer.Length - _filled);
        int read = _file.Read(_readPosition, _buffer.AsSpan(_filled, room));
        _filled += read;
        _readPosition += read;
        return read > 0;
    }
}

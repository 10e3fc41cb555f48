using System.Buffers;
using RetailFlow.Lakehouse.Landing;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// Cuts one RAW file of JSON into blocks of whole records: lines, or the elements of an array, or documents one after another.
/// Memory is bounded by the block size whatever the input; a record longer than the limit is set aside with its first bytes.
/// </summary>
internal sealed class JsonBlockReader : IDisposable
{
    private const int BlockBytes = 4 << 20;
    private const int PeekBytes = 1 << 16;

    private readonly LandedFile _file;
    private readonly Stream _stream;
    private readonly int _longestRecord;
    private readonly QuarantineSink _sink;
    private readonly Queue<RecordBlock> _elements = new();
    private byte[] _carry = [];
    private int _carried;
    private long _nextRow = 1;
    private bool _ended;
    private JsonElementCutter? _cutter;
    private bool _started;

    public JsonBlockReader(LandedFile file, Stream stream, int longestRecord, QuarantineSink sink)
    {
        _file = file;
        _stream = stream;
        _longestRecord = longestRecord;
        _sink = sink;
    }

    /// <summary>The next block, or null at the end of the file.</summary>
    public RecordBlock? Next()
    {
        if (!_started)
        {
            Start();
        }

        return _cutter is null ? NextLines() : NextElement(_cutter);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void Start()
    {
        _started = true;
        var head = ArrayPool<byte>.Shared.Rent(PeekBytes);
        var length = Fill(head, 0);
        if (length == 0 && !_file.IsJournal)
        {
            _sink.Add(_file, 0, "empty_file", "", "the file is empty", []);
        }

        var skip = head.AsSpan(0, length).StartsWith("\uFEFF"u8) ? 3 : 0;
        Carry(head.AsSpan(skip, length - skip));
        ArrayPool<byte>.Shared.Return(head);
        if (!_file.IsJournal)
        {
            _cutter = JsonElementCutter.For(_carry.AsSpan(0, _carried), _ended);
        }
    }

    private RecordBlock? NextLines()
    {
        while (!_ended || _carried > 0)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes + _carried);
            _carry.AsSpan(0, _carried).CopyTo(buffer);
            var length = Fill(buffer, _carried);
            var end = _ended ? length : buffer.AsSpan(0, length).LastIndexOf((byte)'\n') + 1;
            if (end == 0 && !_ended)
            {
                if (length > _longestRecord)
                {
                    SkipLongLine(buffer, length);
                }
                else
                {
                    Carry(buffer.AsSpan(0, length));
                }

                ArrayPool<byte>.Shared.Return(buffer);
                continue;
            }

            Carry(buffer.AsSpan(end, length - end));
            if (end == 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return null;
            }

            var block = new RecordBlock(_file, buffer, end, _nextRow, lines: true);
            _nextRow += buffer.AsSpan(0, end).Count((byte)'\n') + (buffer[end - 1] == (byte)'\n' ? 0 : 1);
            return block;
        }

        return null;
    }

    private void SkipLongLine(byte[] buffer, int length)
    {
        var total = (long)length;
        var head = buffer.AsSpan(0, Math.Min(length, QuarantineSink.LongestRaw)).ToArray();
        while (true)
        {
            var read = Fill(buffer, 0);
            var end = buffer.AsSpan(0, read).IndexOf((byte)'\n');
            if (end >= 0)
            {
                total += end;
                Carry(buffer.AsSpan(end + 1, read - end - 1));
                break;
            }

            total += read;
            if (_ended)
            {
                _carried = 0;
                break;
            }
        }

        _sink.Add(_file, _nextRow, "record_too_large", "", $"the record has {total} bytes, more than {_longestRecord}", head);
        _nextRow++;
    }

    private RecordBlock? NextElement(JsonElementCutter cutter)
    {
        while (_elements.Count == 0)
        {
            if (cutter.Finished)
            {
                return null;
            }

            var consumed = cutter.Cut(_carry.AsSpan(0, _carried), _ended, Element, out var complaint);
            if (complaint is not null)
            {
                _sink.Add(_file, _nextRow++, "malformed_json", "", complaint, _carry.AsSpan(consumed, Math.Min(_carried - consumed, QuarantineSink.LongestRaw)));
                return _elements.Count == 0 ? null : _elements.Dequeue();
            }

            if (_carried - consumed > _longestRecord * 2 && _elements.Count == 0 && consumed == 0)
            {
                cutter.Abandon();
                _sink.Add(_file, _nextRow++, "record_too_large", "", $"an element has more than {_longestRecord} bytes; the rest of the file was not read", _carry.AsSpan(0, QuarantineSink.LongestRaw));
                return null;
            }

            var rest = _carried - consumed;
            var buffer = ArrayPool<byte>.Shared.Rent(rest + BlockBytes);
            _carry.AsSpan(consumed, rest).CopyTo(buffer);
            var length = Fill(buffer, rest);
            Carry(buffer.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return _elements.Dequeue();

        void Element(ReadOnlySpan<byte> element)
        {
            var copy = ArrayPool<byte>.Shared.Rent(Math.Max(1, element.Length));
            element.CopyTo(copy);
            _elements.Enqueue(new RecordBlock(_file, copy, element.Length, _nextRow++, lines: false));
        }
    }

    private int Fill(byte[] buffer, int length)
    {
        while (!_ended && length < buffer.Length)
        {
            int read;
            try
            {
                read = _stream.Read(buffer, length, buffer.Length - length);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                _sink.Add(_file, 0, "corrupt_gzip", "", $"the compressed file breaks off or is damaged ({e.Message}); the records before that point were read", []);
                read = 0;
            }

            if (read == 0)
            {
                _ended = true;
            }

            length += read;
        }

        return length;
    }

    private void Carry(ReadOnlySpan<byte> rest)
    {
        if (_carry.Length < rest.Length)
        {
            var larger = new byte[rest.Length];
            rest.CopyTo(larger);
            _carry = larger;
        }
        else
        {
            rest.CopyTo(_carry);
        }

        _carried = rest.Length;
    }
}

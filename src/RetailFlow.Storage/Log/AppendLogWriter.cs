using System.Buffers;

namespace RetailFlow.Storage;

/// <summary>
/// Appends records to a log, one JSON object each, as lines that any JSON tool can read. Records are
/// buffered until <see cref="Sync"/>, which makes all of them durable with one sync of the file; <see cref="WriteAhead"/> hands them to the file
/// before, so that the device is at work while more are appended. For one thread. After a failed write or sync every call fails.
/// </summary>
public sealed class AppendLogWriter : IDisposable
{
    private const int FirstBuffer = 64 * 1024;
    private const int LargestBufferKept = 8 * 1024 * 1024;

    private readonly ILogFile _file;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _buffered;

    // Bytes behind what is durable that the file has already.
    private int _ahead;
    private int _reserved = -1;
    private long _records;
    private LogPosition _durable;
    private Exception? _poison;
    private bool _disposed;

    private AppendLogWriter(ILogFile file, LogPosition end)
    {
        _file = file;
        _durable = end;
        _records = end.Records;
    }

    /// <summary>Longest record in bytes, as appended.</summary>
    public static int MaxRecordBytes => RecordFrame.MaxPayload;

    /// <summary>The file underneath, which the writer owns.</summary>
    public ILogFile File => _file;

    /// <summary>Where the next record will begin in the file, in bytes, buffered records included.</summary>
    public long Position => _durable.Bytes + _ahead + _buffered;

    /// <summary><see cref="Position"/> with the number of records before it.</summary>
    public LogPosition End => new(Position, _records);

    /// <summary>What survives power loss: everything before this.</summary>
    public LogPosition Durable => _durable;

    /// <summary>Bytes appended since the last sync.</summary>
    public int BufferedBytes => _ahead + _buffered;

    /// <summary>Bytes appended that the file does not have.</summary>
    public int UnwrittenBytes => _buffered;

    // The record that is reserved or added next is the first of those that the next sync makes durable.
    private bool BeginsGroup => BufferedBytes == 0;

    private int PayloadStart => _buffered + RecordFrame.PayloadOffset + (BeginsGroup ? 1 : 0);

    /// <summary>True after a failed write or sync.</summary>
    public bool IsPoisoned => _poison is not null;

    /// <summary>
    /// Verifies a log from its beginning and opens it for appending. An unfinished end is cut off durably: the rest of a file behind its last valid record,
    /// or a last group from the first hole in it on: line feeds, which are room of a <see cref="PreparedLogFile"/>, or zeros, where nothing reached the device.
    /// </summary>
    /// <param name="file">The log; the writer owns it, also when opening fails.</param>
    /// <param name="recovery">What was found.</param>
    /// <exception cref="LogCorruptException">A bad record is followed by a valid one, and is no hole in the last group.</exception>
    /// <exception cref="IOException">The file cannot be read or cut.</exception>
    public static AppendLogWriter Open(ILogFile file, out LogRecovery recovery)
    {
        try
        {
            recovery = Recover(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return new AppendLogWriter(file, new LogPosition(recovery.ValidBytes, recovery.Records));
    }

    /// <summary>Adds one record: a JSON object in UTF-8, from <c>{</c> to <c>}</c>, without a line feed.</summary>
    /// <exception cref="ArgumentException">It cannot be a record; nothing was added.</exception>
    /// <exception cref="LogPoisonedException">The log has failed.</exception>
    public void Append(ReadOnlySpan<byte> jsonObject)
    {
        if (RecordFrame.Reject(jsonObject) is { } reason)
        {
            throw new ArgumentException(reason, nameof(jsonObject));
        }

        jsonObject.CopyTo(Reserve(jsonObject.Length));
        Complete(jsonObject.Length);
    }

    /// <summary>
    /// Room in the log's own buffer for one record of up to <paramref name="maxPayload"/> bytes, to be written there and
    /// added by <see cref="Commit"/>. Valid until the next call on the writer; one that is not committed is forgotten.
    /// </summary>
    /// <exception cref="LogPoisonedException">The log has failed.</exception>
    public Span<byte> Reserve(int maxPayload)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxPayload);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPayload, MaxRecordBytes);
        ThrowIfUnusable();
        int needed = checked(_buffered + RecordFrame.Overhead + 1 + maxPayload + 2);
        if (needed > _buffer.Length)
        {
            Grow(needed);
        }

        _reserved = maxPayload;
        return _buffer.AsSpan(PayloadStart, maxPayload);
    }

    /// <summary>Adds the record that stands in the first <paramref name="length"/> bytes of the reserved room.</summary>
    /// <exception cref="ArgumentException">It cannot be a record; nothing was added.</exception>
    /// <exception cref="InvalidOperationException">Nothing is reserved.</exception>
    /// <exception cref="LogPoisonedException">The log has failed.</exception>
    public void Commit(int length)
    {
        ThrowIfUnusable();
        if (_reserved < 0)
        {
            throw new InvalidOperationException("There is no reserved room to commit.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _reserved);
        if (RecordFrame.Reject(_buffer.AsSpan(PayloadStart, length)) is { } reason)
        {
            throw new ArgumentException(reason, nameof(length));
        }

        Complete(length);
    }

    /// <summary>
    /// Forgets the records appended after <paramref name="end"/>, which is an <see cref="End"/> since the last <see cref="Sync"/> or <see cref="WriteAhead"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The place is not among the buffered records.</exception>
    public void Rewind(LogPosition end)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(end.Bytes, _durable.Bytes + _ahead);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end.Bytes, Position);
        _buffered = (int)(end.Bytes - _durable.Bytes - _ahead);
        _records = end.Records;
        _reserved = -1;
    }

    /// <summary>
    /// Writes what is buffered without waiting for the device. It is no more durable than before, but cannot be taken back (<see cref="Rewind"/>).
    /// </summary>
    /// <exception cref="LogPoisonedException">The write failed, this time or before.</exception>
    public void WriteAhead()
    {
        ThrowIfUnusable();
        _reserved = -1;
        if (_buffered == 0)
        {
            return;
        }

        try
        {
            _file.Write(_durable.Bytes + _ahead, _buffer.AsSpan(0, _buffered));
        }
        catch (Exception exception)
        {
            _poison = exception;
            throw new LogPoisonedException(_file.Name, exception);
        }

        _ahead += _buffered;
        _buffered = 0;
    }

    /// <summary>Writes everything buffered and makes it durable, with one sync of the file.</summary>
    /// <returns>What survives power loss from here on.</returns>
    /// <exception cref="LogPoisonedException">The write or the sync failed, this time or before.</exception>
    public LogPosition Sync()
    {
        WriteAhead();
        if (_ahead == 0)
        {
            return _durable;
        }

        try
        {
            _file.Sync();
        }
        catch (Exception exception)
        {
            _poison = exception;
            throw new LogPoisonedException(_file.Name, exception);
        }

        _durable = End;
        _ahead = 0;
        if (_buffer.Length > LargestBufferKept)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        }

        return _durable;
    }

    /// <summary>
    /// Makes every further call fail, for a caller whose own state no longer fits what is buffered. Nothing that is buffered is written.
    /// </summary>
    public void Poison(Exception reason) => _poison ??= reason;

    /// <summary>Closes the file. Records not synced are dropped: nobody was told that they are kept.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _file.Dispose();
    }

    private static LogRecovery Recover(ILogFile file)
    {
        long length = file.Length;
        long records = 0;
        long valid = 0;
        long written = 0;
        long? bad = null;
        bool hasGroups = false;
        bool isUnwritten = false;
        using (LineScanner lines = new(file, 0, length))
        {
            while (lines.TryNext())
            {
                written = lines.IsBlank ? written : lines.NextOffset;
                if (RecordFrame.Restore(lines.Line.Span, out bool beginsGroup) < 0)
                {
                    bad ??= lines.Offset;
                    isUnwritten |= lines.IsBlank || lines.Line.Span.Contains((byte)0);
                    continue;
                }

                if (bad is { } offset)
                {
                    // A group is begun when all before it is durable: what is bad before one is damage. In the last group it is what did not reach the device,
                    // if there is room there or what a file system shows for blocks never written. Groups are told apart from where the first begins.
                    if (beginsGroup || !hasGroups || !isUnwritten)
                    {
                        throw new LogCorruptException(file.Name, offset);
                    }

                    continue;
                }

                hasGroups |= beginsGroup;
                records++;
                valid = lines.NextOffset;
            }
        }

        if (valid < length)
        {
            file.Truncate(valid);
        }

        // Also without a cut: records that a dead process wrote and never synced are about to be built upon.
        file.Sync();
        return new LogRecovery(records, valid, Math.Max(valid, written) - valid);
    }

    private void Complete(int payloadLength)
    {
        _buffered += RecordFrame.Complete(_buffer.AsSpan(_buffered), payloadLength, BeginsGroup);
        _records++;
        _reserved = -1;
    }

    private void Grow(int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _buffer.Length)));
        _buffer.AsSpan(0, _buffered).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_poison is not null)
        {
            throw new LogPoisonedException(_file.Name, _poison);
        }
    }
}

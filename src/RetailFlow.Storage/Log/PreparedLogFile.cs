namespace RetailFlow.Storage;

/// <summary>
/// A log file that keeps room behind its end while many small groups are synced: line feeds, written and durable before records take their place.
/// A sync then has no new length and no new blocks to make durable, which is half of its time on a journaling file system. For one writer.
/// </summary>
/// <remarks>
/// Records that take the place of room can reach the device in any order of its sectors: where one is missing, there are line feeds.
/// <see cref="AppendLogWriter.Open"/> tells such an end from damage, by where groups begin. So there is no room before a group of this writer is durable.
/// </remarks>
public sealed class PreparedLogFile : ILogFile
{
    /// <summary>The longest group that is worth room: of larger ones the writing itself takes the time.</summary>
    private const int LargestGroup = 64 * 1024;

    // Many enough to tell a rush from a few requests that came together.
    private const int SyncsPerJudgement = 64;

    private readonly ILogFile _file;
    private readonly PreparedLogFileOptions _options;
    private readonly byte[] _room;
    private long _end;
    private long _prepared;
    private long _synced;
    private bool _hasGroup;
    private int _syncs;
    private long _since;
    private bool _isBusy;
    private bool _failed;
    private bool _disposed;

    /// <summary>Goes on at the end of a file, which it owns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public PreparedLogFile(ILogFile file, PreparedLogFileOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RoomBytes, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.FromSyncsPerSecond, 0);
        _file = file;
        _options = options;
        _room = GC.AllocateUninitializedArray<byte>(options.RoomBytes);
        _room.AsSpan().Fill((byte)'\n');
        _end = _prepared = _synced = file.Length;
        _since = options.TimeProvider.GetTimestamp();
        _isBusy = options.FromSyncsPerSecond == 0;
    }

    /// <inheritdoc/>
    public string Name => _file.Name;

    /// <summary>Length in bytes without the room.</summary>
    public long Length => _end;

    /// <inheritdoc/>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        _failed = true;
        _file.Write(position, bytes);
        _failed = false;
        _end = position + bytes.Length;
        _prepared = Math.Max(_prepared, _end);
    }

    /// <inheritdoc/>
    public void Sync()
    {
        Judge();
        if (!_isBusy && _prepared > _end)
        {
            _file.Truncate(_end);
            _prepared = _end;
        }
        else if (_isBusy && _hasGroup && _prepared == _end && _end - _synced is > 0 and <= LargestGroup)
        {
            Prepare();
        }

        _failed = true;
        _file.Sync();
        _failed = false;
        _hasGroup |= _end > _synced;
        _synced = _end;
    }

    /// <inheritdoc/>
    public void Truncate(long length)
    {
        _file.Truncate(length);
        _end = _prepared = _synced = length;
    }

    /// <inheritdoc/>
    public int Read(long position, Span<byte> buffer) => _file.Read(position, buffer);

    /// <summary>Gives the room back, durably.</summary>
    /// <exception cref="IOException">The file cannot be cut or synced.</exception>
    public void Trim()
    {
        if (_prepared > _end)
        {
            Truncate(_end);
            _file.Sync();
        }
    }

    /// <summary>Closes the file. Room that cannot be given back is found when the log is opened again.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        try
        {
            // What a failed write left behind is for who opens the log again.
            if (!_failed)
            {
                Trim();
            }
        }
        catch (IOException)
        {
            // The records are durable, and room is no damage.
        }

        _file.Dispose();
    }

    /// <summary>Writes room up to the next multiple of its length. Without it the log goes on as well, so a full disk is no failure of its own.</summary>
    private void Prepare()
    {
        if (_room.Length == 0)
        {
            return;
        }

        int length = _room.Length - (int)(_end % _room.Length);
        try
        {
            _file.Write(_end, _room.AsSpan(0, length));
            _prepared = _end + length;
        }
        catch (IOException)
        {
            _prepared = Math.Max(_end, _file.Length);
        }
    }

    private void Judge()
    {
        if (++_syncs < SyncsPerJudgement || _options.FromSyncsPerSecond == 0)
        {
            return;
        }

        long now = _options.TimeProvider.GetTimestamp();
        double seconds = _options.TimeProvider.GetElapsedTime(_since, now).TotalSeconds;
        _isBusy = _syncs >= seconds * _options.FromSyncsPerSecond;
        _syncs = 0;
        _since = now;
    }
}

/// <summary>When a log keeps room, and how much.</summary>
public sealed record PreparedLogFileOptions
{
    /// <summary>Room in bytes that is written at once; 0 for none.</summary>
    public int RoomBytes { get; init; } = 256 * 1024;

    /// <summary>Syncs per second from which on room is kept, judged every 64 syncs; 0 to keep it always.</summary>
    public int FromSyncsPerSecond { get; init; } = 500;

    /// <summary>Measures the time between syncs.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

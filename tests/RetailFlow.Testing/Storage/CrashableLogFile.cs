using System.Runtime.InteropServices;
using RetailFlow.Storage;

namespace RetailFlow.Testing.Storage;

/// <summary>
/// A log file in memory that knows what was synced. A crash keeps what was synced and some beginning of what was added since,
/// possibly with a damaged last sector; of sectors that were written over since, each is as it was or as it became. Writes and syncs can be made to fail. It outlives being disposed of, so that a
/// test can open it again. Safe for one writer and many readers.
/// </summary>
public sealed class CrashableLogFile : ILogFile
{
    private const int SectorBytes = 512;

    private readonly Lock _gate = new();
    private readonly List<byte> _content = [];

    // Sectors written over since the last sync, as they were.
    private readonly SortedDictionary<int, byte[]> _before = [];
    private int _synced;
    private byte[]? _beforeTruncation;
    private int _failWriteIn = -1;
    private int _failSyncIn = -1;
    private int _writtenBeforeFailure;

    public string Name => "crashable.log";

    public long Length
    {
        get
        {
            lock (_gate)
            {
                return _content.Count;
            }
        }
    }

    /// <summary>Bytes that would survive power loss for certain.</summary>
    public int SyncedBytes => Volatile.Read(ref _synced);

    /// <summary>Syncs that succeeded.</summary>
    public int Syncs { get; private set; }

    /// <summary>How often the file was disposed of.</summary>
    public int Disposals { get; private set; }

    /// <summary>Runs inside each sync before anything is made durable.</summary>
    public Action? Syncing { get; set; }

    /// <summary>Makes the write after <paramref name="calls"/> further ones fail, having written the first bytes of its data.</summary>
    public void FailWriteAfter(int calls, int bytesWritten = 0)
    {
        _failWriteIn = calls;
        _writtenBeforeFailure = bytesWritten;
    }

    /// <summary>Makes the sync after <paramref name="calls"/> further ones fail; nothing becomes durable by it.</summary>
    public void FailSyncAfter(int calls) => _failSyncIn = calls;

    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (position > _content.Count)
            {
                throw new InvalidOperationException("A log is written without gaps.");
            }

            if (_failWriteIn-- == 0)
            {
                Put((int)position, bytes[..Math.Min(_writtenBeforeFailure, bytes.Length)]);
                throw new StorageException("Injected failure of a write (ENOSPC).", Name, "ENOSPC");
            }

            Put((int)position, bytes);
        }
    }

    public void Sync()
    {
        Syncing?.Invoke();
        lock (_gate)
        {
            if (_failSyncIn-- == 0)
            {
                throw new StorageException("Injected failure of a sync (EIO).", Name, "EIO");
            }

            _synced = _content.Count;
            _beforeTruncation = null;
            _before.Clear();
            Syncs++;
        }
    }

    public void Truncate(long length)
    {
        lock (_gate)
        {
            _beforeTruncation ??= Synced();
            _content.RemoveRange((int)length, _content.Count - (int)length);
            _synced = Math.Min(_synced, _content.Count);
        }
    }

    public int Read(long position, Span<byte> buffer)
    {
        lock (_gate)
        {
            int count = (int)Math.Clamp(_content.Count - position, 0, buffer.Length);
            CollectionsMarshal.AsSpan(_content).Slice((int)Math.Min(position, _content.Count), count).CopyTo(buffer);
            return count;
        }
    }

    /// <summary>Loses power: the file is as some disk might hold it afterwards, and works again.</summary>
    public void Crash(Random random)
    {
        lock (_gate)
        {
            byte[] survived = Survivors(random);
            _content.Clear();
            _content.AddRange(survived);
            _synced = survived.Length;
            _beforeTruncation = null;
            _before.Clear();
            _failWriteIn = _failSyncIn = -1;
        }
    }

    /// <summary>Damages the stored bytes as a failing device would.</summary>
    public void Flip(int position, byte mask)
    {
        lock (_gate)
        {
            _content[position] ^= mask;
        }
    }

    /// <summary>Everything in the file.</summary>
    public byte[] ToArray()
    {
        lock (_gate)
        {
            return [.. _content];
        }
    }

    public void Dispose() => Disposals++;

    private byte[] Survivors(Random random)
    {
        if (_beforeTruncation is { } uncut && random.Next(2) == 0)
        {
            // The cut itself was not synced, so it may not have happened.
            return uncut;
        }

        byte[] survived = [.. _content.Take(random.Next(_synced, _content.Count + 1))];
        if (_before.Count > 0 && random.Next(4) > 0)
        {
            foreach ((int offset, byte[] sector) in _before)
            {
                // Nothing is added to a file before the sector that it is added to is written.
                bool isBoundary = offset + SectorBytes > _synced && survived.Length > _synced;
                if (!isBoundary && random.Next(2) == 0)
                {
                    sector.CopyTo(survived, offset);
                }
            }
        }

        int damaged = Math.Min(survived.Length - _synced, (survived.Length % SectorBytes) + 1);
        if (damaged > 0 && random.Next(2) == 0)
        {
            random.NextBytes(survived.AsSpan(survived.Length - random.Next(1, damaged + 1)));
        }

        return survived;
    }

    private void Put(int position, ReadOnlySpan<byte> bytes)
    {
        int over = Math.Min(bytes.Length, _content.Count - position);
        for (int sector = position / SectorBytes * SectorBytes; sector < Math.Min(position + over, _synced); sector += SectorBytes)
        {
            if (!_before.ContainsKey(sector))
            {
                _before.Add(sector, [.. _content.GetRange(sector, Math.Min(SectorBytes, _synced - sector))]);
            }
        }

        bytes[..over].CopyTo(CollectionsMarshal.AsSpan(_content)[position..]);
        _content.AddRange(bytes[over..]);
    }

    private byte[] Synced()
    {
        byte[] synced = [.. _content.Take(_synced)];
        foreach ((int offset, byte[] sector) in _before)
        {
            sector.CopyTo(synced, offset);
        }

        return synced;
    }
}

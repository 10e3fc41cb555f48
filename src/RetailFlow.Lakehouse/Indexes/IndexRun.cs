using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Lakehouse.Indexes;

/// <summary>
/// A sorted, immutable part of a key index: (hash, file, row) for every keyed row of some data files. Kept as a file that is mapped,
/// not read: opening it costs the same at any size. Derived data: a run that is missing or damaged is built again.
/// </summary>
internal sealed unsafe class IndexRun : IDisposable
{
    private const ulong Magic = 0x31584449_4C465452;

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _base;
    private readonly IndexEntry* _entries;

    private IndexRun(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, byte* start, long entriesAt, long count, IReadOnlyList<string> files)
    {
        Path = path;
        _map = map;
        _view = view;
        _base = start;
        _entries = (IndexEntry*)(start + entriesAt);
        Count = count;
        Files = files;
    }

    /// <summary>The run's own file.</summary>
    public string Path { get; }

    /// <summary>Entries.</summary>
    public long Count { get; }

    /// <summary>Data files that the run covers, by their path in the table; an entry names one by its place here.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>All entries in order of their hash.</summary>
    public IndexEntry this[long i] => _entries[i];

    /// <summary>Opens a run, or returns null if the file is not a whole one.</summary>
    public static IndexRun? TryOpen(string path)
    {
        var length = new FileInfo(path).Length;
        if (length < 24)
        {
            return null;
        }

        var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        var view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        var header = (ulong*)start;
        var names = (long)header[1];
        var count = (long)header[2];
        var entriesAt = (24 + names + 15) & ~15L;
        if (header[0] != Magic || names < 0 || count < 0 || length != entriesAt + (count * sizeof(IndexEntry)))
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map.Dispose();
            return null;
        }

        var files = JsonSerializer.Deserialize<string[]>(new ReadOnlySpan<byte>(start + 24, (int)names))!;
        return new IndexRun(path, map, view, start, entriesAt, count, files);
    }

    /// <summary>Writes entries, which are sorted by hash, as a run; the name appears when the run is whole.</summary>
    public static IndexRun Write(string path, IReadOnlyList<string> files, ReadOnlySpan<IndexEntry> entries)
    {
        var names = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(files));
        var temporary = path + ".tmp";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
        {
            Span<ulong> header = [Magic, (ulong)names.Length, (ulong)entries.Length];
            file.Write(MemoryMarshal.AsBytes(header));
            file.Write(names);
            var padding = ((24 + names.Length + 15) & ~15) - 24 - names.Length;
            file.Write(new byte[padding]);
            const int Slice = 1 << 20;
            for (var i = 0; i < entries.Length; i += Slice)
            {
                file.Write(MemoryMarshal.AsBytes(entries.Slice(i, Math.Min(Slice, entries.Length - i))));
            }
        }

        Storage.LocalDurability.TryRename(temporary, path);
        return TryOpen(path) ?? throw new LakeException(LakeErrorKind.Corrupt, $"Index run {path} cannot be read back.");
    }

    /// <summary>Adds the entries with this hash to <paramref name="found"/>.</summary>
    public void Find(ulong hash, List<(IndexRun Run, IndexEntry Entry)> found)
    {
        var low = 0L;
        var high = Count;
        while (low < high)
        {
            var middle = low + ((high - low) >> 1);
            if (_entries[middle].Hash < hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (; low < Count && _entries[low].Hash == hash; low++)
        {
            found.Add((this, _entries[low]));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_base is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view.Dispose();
        _map.Dispose();
    }
}

/// <summary>Where a row with a key of this hash is.</summary>
/// <param name="Hash">Hash of the key.</param>
/// <param name="File">Place of the data file in its run's list.</param>
/// <param name="Row">Position in the data file, from 0.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IndexEntry(ulong Hash, uint File, uint Row) : IComparable<IndexEntry>
{
    /// <inheritdoc/>
    public int CompareTo(IndexEntry other) => Hash.CompareTo(other.Hash);
}

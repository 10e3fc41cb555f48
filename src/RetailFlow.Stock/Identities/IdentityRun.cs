using System.Buffers.Binary;

namespace RetailFlow.Stock.Identities;

/// <summary>
/// A sorted, immutable set of identities in a mapped file: nothing of it is in the process's own memory. An identity that is not there
/// mostly ends in the filter, one line of cache; one that is there is found in its bucket. Reading does not allocate. For any number of threads.
/// </summary>
public sealed unsafe class IdentityRun : IDisposable
{
    internal const byte VoidFlag = 1;
    internal const byte RefusedFlag = 2;

    private readonly MappedFile file;
    private readonly byte* entries;
    private readonly byte* flags;
    private readonly uint* buckets;
    private readonly byte* filter;
    private readonly ulong filterBlocks;
    private readonly int bucketBits;

    private IdentityRun(string name, MappedFile file, RunLayout layout)
    {
        Name = name;
        this.file = file;
        Count = layout.Count;
        entries = file.Start + RunLayout.EntriesAt;
        flags = file.Start + layout.FlagsAt;
        buckets = (uint*)(file.Start + layout.BucketsAt);
        filter = file.Start + layout.FilterAt;
        filterBlocks = (ulong)layout.FilterBlocks;
        bucketBits = layout.BucketBits;
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>Entries.</summary>
    public long Count { get; }

    /// <summary>Bytes of the file.</summary>
    public long Bytes => file.Length;

    /// <summary>Opens a run and reads it once to verify it; null if it is missing, not whole, or not what was written.</summary>
    public static IdentityRun? TryOpen(IIdentityFiles files, string name)
    {
        if (files.Map(name) is not { } file)
        {
            return null;
        }

        if (file.Length >= RunLayout.HeaderBytes
            && RunLayout.TryRead(new ReadOnlySpan<byte>(file.Start, RunLayout.HeaderBytes), out RunLayout layout, out uint body)
            && layout.Length == file.Length
            && RunChecksum.Of(file.Start + RunLayout.HeaderBytes, file.Length - RunLayout.HeaderBytes) == body)
        {
            return new IdentityRun(name, file, layout);
        }

        file.Dispose();
        return null;
    }

    /// <summary>Writes entries, none of which has the fingerprint of another, as a run, and opens it.</summary>
    /// <param name="files">Where to.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="entries">The entries; they are sorted in place.</param>
    /// <exception cref="IOException">The device fails.</exception>
    public static IdentityRun Written(IIdentityFiles files, string name, HeldIdentity[] entries)
    {
        RunWriter.Write(files, name, entries);
        return Opened(files, name);
    }

    /// <summary>Opens a run that was just written.</summary>
    /// <exception cref="IOException">It does not read as it was written.</exception>
    internal static IdentityRun Opened(IIdentityFiles files, string name) =>
        TryOpen(files, name) ?? throw new IOException($"The run '{name}' of the index of identities does not read as it was written.");

    /// <summary>Finds an identity; false if the run does not have it.</summary>
    public bool TryFind(UInt128 fingerprint, out KnownIdentity known)
    {
        ulong high = (ulong)(fingerprint >> 64);
        ulong low = unchecked((ulong)fingerprint);
        if (MayHave(high, low))
        {
            uint* bucket = buckets + RunLayout.BucketOf(high, bucketBits);
            long at = bucket[0];
            long end = bucket[1];
            while (at < end)
            {
                long middle = (at + end) >>> 1;
                byte* entry = EntryAt(middle);
                int order = Number(entry) is ulong own && own != high ? own.CompareTo(high) : Number(entry + 8).CompareTo(low);
                if (order == 0)
                {
                    known = KnownAt(middle);
                    return true;
                }

                (at, end) = order < 0 ? (middle + 1, end) : (at, middle);
            }
        }

        known = default;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>The entry at a place in the order.</summary>
    internal HeldIdentity this[long index] => new(new UInt128(Number(EntryAt(index)), Number(EntryAt(index) + 8)), KnownAt(index));

    private bool MayHave(ulong high, ulong low)
    {
        byte* block = filter + ((long)RunLayout.FilterBlockOf(low, filterBlocks) * RunLayout.FilterBlockBytes);
        for (int probe = 0; probe < RunLayout.FilterProbes; probe++)
        {
            int bit = RunLayout.FilterBitOf(high, probe);
            if ((block[bit >> 3] & (1 << (bit & 7))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private KnownIdentity KnownAt(long index)
    {
        byte own = flags[index];
        return new KnownIdentity(unchecked((long)Number(EntryAt(index) + 16)), (own & VoidFlag) != 0, (own & RefusedFlag) != 0);
    }

    private byte* EntryAt(long index) => entries + (index * RunLayout.EntryBytes);

    private static ulong Number(byte* at) => BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(at, sizeof(ulong)));
}

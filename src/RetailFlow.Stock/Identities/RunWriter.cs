using System.Buffers.Binary;

namespace RetailFlow.Stock.Identities;

/// <summary>Writes runs: from entries in memory, or merged from other runs. Beside the entries it holds three bytes for each of them.</summary>
internal static class RunWriter
{
    /// <summary>Writes entries, which it sorts, as a run; no fingerprint is in them twice.</summary>
    public static void Write(IIdentityFiles files, string name, HeldIdentity[] entries)
    {
        Array.Sort(entries);
        Write(files, name, entries.Length, entries);
    }

    /// <summary>Merges runs into one, reading each in its order; of a fingerprint that is in several the entry of the first stays.</summary>
    public static void Merge(IIdentityFiles files, string name, IReadOnlyList<IdentityRun> runs, CancellationToken cancellationToken) =>
        Write(files, name, Merged(runs, cancellationToken).LongCount(), Merged(runs, cancellationToken));

    private static IEnumerable<HeldIdentity> Merged(IReadOnlyList<IdentityRun> runs, CancellationToken cancellationToken)
    {
        long[] next = new long[runs.Count];
        HeldIdentity?[] heads = [.. runs.Select(run => run.Count > 0 ? run[0] : (HeldIdentity?)null)];
        HeldIdentity? last = null;
        while (true)
        {
            int least = -1;
            for (int i = 0; i < heads.Length; i++)
            {
                if (heads[i] is { } head && (least < 0 || head < heads[least]!.Value))
                {
                    least = i;
                }
            }

            if (least < 0)
            {
                yield break;
            }

            HeldIdentity first = heads[least]!.Value;
            if (last is null || last.Value.Fingerprint != first.Fingerprint)
            {
                yield return first;
            }

            last = first;
            heads[least] = ++next[least] < runs[least].Count ? runs[least][next[least]] : null;
            if ((next[least] & 0xFFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static void Write(IIdentityFiles files, string name, long count, IEnumerable<HeldIdentity> entries)
    {
        RunLayout layout = new(count);
        files.Write(
            name,
            stream =>
            {
                stream.Write(new byte[RunLayout.HeaderBytes]);
                uint body = WriteBody(stream, layout, entries);
                stream.Position = 0;
                stream.Write(layout.Header(body));
            });
    }

    private static uint WriteBody(Stream stream, RunLayout layout, IEnumerable<HeldIdentity> entries)
    {
        RunBodyWriter writer = new(stream, layout.Length - RunLayout.HeaderBytes);
        byte[] flags = new byte[layout.Count];
        uint[] buckets = new uint[(1L << layout.BucketBits) + 1];
        byte[] filter = new byte[layout.FilterBlocks * RunLayout.FilterBlockBytes];
        Span<byte> bytes = stackalloc byte[RunLayout.EntryBytes];
        uint index = 0;
        foreach ((UInt128 fingerprint, KnownIdentity known) in entries)
        {
            ulong high = (ulong)(fingerprint >> 64);
            ulong low = unchecked((ulong)fingerprint);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, high);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], low);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], known.ContentHash);
            writer.Write(bytes);
            flags[index++] = (byte)((known.IsVoid ? IdentityRun.VoidFlag : 0) | (known.IsRefused ? IdentityRun.RefusedFlag : 0));

            // Holds the end of each bucket, moved up by one: the beginning of the next.
            buckets[RunLayout.BucketOf(high, layout.BucketBits) + 1] = index;
            long block = (long)RunLayout.FilterBlockOf(low, (ulong)layout.FilterBlocks) * RunLayout.FilterBlockBytes;
            for (int probe = 0; probe < RunLayout.FilterProbes; probe++)
            {
                int bit = RunLayout.FilterBitOf(high, probe);
                filter[block + (bit >> 3)] |= (byte)(1 << (bit & 7));
            }
        }

        for (int bucket = 1; bucket < buckets.Length; bucket++)
        {
            buckets[bucket] = Math.Max(buckets[bucket], buckets[bucket - 1]);
        }

        writer.PadTo(layout.FlagsAt);
        writer.Write(flags);
        writer.PadTo(layout.BucketsAt);
        writer.Write(buckets);
        writer.PadTo(layout.FilterAt);
        writer.Write(filter);
        return writer.Finish();
    }
}

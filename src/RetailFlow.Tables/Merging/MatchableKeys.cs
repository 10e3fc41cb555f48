using System.Numerics;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// A condition on one key column that no matching row fails and nearly all others do: a Bloom filter over the source's values of that
/// column. The engine asks it inside its scan of a file, before it decodes the other columns, which its joins do not do by themselves.
/// </summary>
internal sealed class MatchableKeys : IDisposable
{
    private const string FunctionName = "retailflow_may_match";

    // Below, the scan costs less than making the filter; above, the filter no longer fits into a processor's cache.
    private const long FewestRows = 100_000, MostKeys = 8 << 20;

    // A source that is a larger part of the table leaves too few rows out.
    private const int RowsForOneKey = 8;

    private readonly KnownToEngine<BloomFilter> _filters;
    private readonly long _id;

    private MatchableKeys(KnownToEngine<BloomFilter> filters, BloomFilter filter, string column)
    {
        _filters = filters;
        _id = filters.Register(filter);
        Condition = $"{FunctionName}({_id}, hash(t.{SqlText.Name(column)}))";
    }

    /// <summary>The condition in SQL over <c>t</c>.</summary>
    public string Condition { get; }

    /// <summary>The filter of a source's keys; null where it would not pay, or no key column has the type of the value that it must equal.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="schema">Columns of the table.</param>
    /// <param name="keys">Columns that must be equal, with the expressions over <paramref name="source"/>, which is named <c>s</c>.</param>
    /// <param name="source">A relation.</param>
    /// <param name="files">What will be scanned.</param>
    public static MatchableKeys? Of(DuckDbConnection connection, StructType schema, IReadOnlyList<MergeKey> keys, string source, IReadOnlyList<AddFile> files)
    {
        var rows = files.Sum(f => f.ParsedStatistics?.NumRecords ?? 0);
        if (rows < FewestRows)
        {
            return null;
        }

        var most = Math.Min(MostKeys, rows / RowsForOneKey);
        (MergeKey Key, long Distinct)? best = null;
        foreach (var key in keys)
        {
            var type = schema.Find(key.Column)!.Type;
            if (!MergePruning.IsOrdered(type))
            {
                continue;
            }

            // Equal values of one type have one hash; of two types they need not.
            var distinct = connection.Scalar<long>(
                $"select case when typeof(any_value({key.Source})) = typeof(cast(null as {DeltaTypes.ToSql(type)})) then approx_count_distinct({key.Source}) else 0 end from {source} s");
            if (distinct > 0 && distinct <= most && (best is null || distinct > best.Value.Distinct))
            {
                best = (key, distinct);
            }
        }

        if (best is not { } chosen)
        {
            return null;
        }

        // The count above is an estimate; a filter with some more keys than planned only lets more rows pass.
        var filter = new BloomFilter(chosen.Distinct);
        using (var hashes = connection.Query($"select distinct hash({chosen.Key.Source}) from {source} s where {chosen.Key.Source} is not null"))
        {
            while (hashes.NextChunk(out var chunk))
            {
                foreach (var hash in chunk.Column<ulong>(0))
                {
                    filter.Add(hash);
                }
            }
        }

        var filters = KnownToEngine<BloomFilter>.Of(
            connection.Database,
            FunctionName,
            [DuckDbType.UBigInt],
            static (filter, rows, from, found) => filter.Find(rows.Column<ulong>(1)[from..], found),
            "The keys of a statement were used after its end.");
        return new MatchableKeys(filters, filter, chosen.Key.Column);
    }

    /// <inheritdoc/>
    public void Dispose() => _filters.Release(_id);
}

/// <summary>
/// A set of hashes that may say yes to one that was not added, and never says no to one that was. All bits of a hash are in one word, so that
/// a question costs one access to memory (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007).
/// </summary>
internal sealed class BloomFilter
{
    private const int BitsForOneKey = 16;

    private readonly ulong[] _words;
    private readonly int _shift;

    /// <summary>An empty set.</summary>
    /// <param name="keys">How many hashes it is made for; more raise the share of wrong yeses above one in a hundred.</param>
    public BloomFilter(long keys)
    {
        var words = BitOperations.RoundUpToPowerOf2((ulong)Math.Max(2, keys * BitsForOneKey / 64));
        _words = new ulong[words];
        _shift = 64 - BitOperations.Log2(words);
    }

    /// <summary>Adds a hash.</summary>
    public void Add(ulong hash) => _words[hash >> _shift] |= Bits(hash);

    /// <summary>Tells of each hash whether it may have been added.</summary>
    /// <param name="hashes">The hashes; as many as there is room for answers are looked at.</param>
    /// <param name="found">The answers.</param>
    public void Find(ReadOnlySpan<ulong> hashes, Span<bool> found)
    {
        var words = _words;
        for (var i = 0; i < found.Length; i++)
        {
            var bits = Bits(hashes[i]);
            found[i] = (words[hashes[i] >> _shift] & bits) == bits;
        }
    }

    // The word is chosen by the upper bits, the bits in it by the lower ones.
    private static ulong Bits(ulong hash) => (1ul << (int)(hash & 63)) | (1ul << (int)((hash >> 6) & 63)) | (1ul << (int)((hash >> 12) & 63)) | (1ul << (int)((hash >> 18) & 63));
}

using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;
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

    private static readonly ConditionalWeakTable<DuckDbDatabase, Registry> ByDatabase = [];

    private readonly Registry _registry;
    private readonly long _id;

    private MatchableKeys(Registry registry, BloomFilter filter, string column)
    {
        _registry = registry;
        _id = registry.Add(filter);
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
            if (!Suits(connection, schema.Find(key.Column)!.Type, key, source))
            {
                continue;
            }

            var distinct = connection.Scalar<long>($"select approx_count_distinct({key.Source}) from {source} s");
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

        return new MatchableKeys(Registry.Of(connection.Database), filter, chosen.Key.Column);
    }

    /// <inheritdoc/>
    public void Dispose() => _registry.Remove(_id);

    // Equal values of one type have one hash; of two types they need not. Floating point is left out for its zeros and NaNs.
    private static bool Suits(DuckDbConnection connection, DataType type, MergeKey key, string source) =>
        (type is DecimalType || (type is PrimitiveType p && p.Name is "string" or "long" or "integer" or "short" or "byte" or "date" or "timestamp"))
        && connection.Scalar<bool>($"select typeof(any_value({key.Source})) = typeof(cast(null as {DeltaTypes.ToSql(type)})) from {source} s");

    /// <summary>The filters in use, of one database of the engine.</summary>
    private sealed class Registry
    {
        private readonly ConcurrentDictionary<long, BloomFilter> _filters = new();
        private long _last;

        public static Registry Of(DuckDbDatabase database)
        {
            lock (ByDatabase)
            {
                if (!ByDatabase.TryGetValue(database, out var registry))
                {
                    registry = new Registry();
                    database.RegisterPredicate(FunctionName, [DuckDbType.BigInt, DuckDbType.UBigInt], registry.Decide);
                    ByDatabase.Add(database, registry);
                }

                return registry;
            }
        }

        public long Add(BloomFilter filter)
        {
            var id = Interlocked.Increment(ref _last);
            _filters[id] = filter;
            return id;
        }

        public void Remove(long id) => _filters.TryRemove(id, out _);

        private void Decide(DuckDbChunk rows, Span<bool> matchable)
        {
            var ids = rows.Column<long>(0);
            var hashes = rows.Column<ulong>(1);
            for (int start = 0, end; start < matchable.Length; start = end)
            {
                end = start + 1;
                while (end < matchable.Length && ids[end] == ids[start])
                {
                    end++;
                }

                var filter = _filters.TryGetValue(ids[start], out var known) ? known : throw new InvalidOperationException("The keys of a statement were used after its end.");
                filter.Find(hashes[start..end], matchable[start..end]);
            }
        }
    }
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
    public void Find(ReadOnlySpan<ulong> hashes, Span<bool> found)
    {
        var words = _words;
        for (var i = 0; i < hashes.Length; i++)
        {
            var bits = Bits(hashes[i]);
            found[i] = (words[hashes[i] >> _shift] & bits) == bits;
        }
    }

    // The word is chosen by the upper bits, the bits in it by the lower ones.
    private static ulong Bits(ulong hash) => (1ul << (int)(hash & 63)) | (1ul << (int)((hash >> 6) & 63)) | (1ul << (int)((hash >> 12) & 63)) | (1ul << (int)((hash >> 18) & 63));
}

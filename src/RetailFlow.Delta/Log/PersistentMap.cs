using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace RetailFlow.Delta;

/// <summary>
/// An immutable map made for a large state that changes a little at a time: a hash table that is shared by all versions and a
/// small persistent layer of changes over it. A change costs the logarithm of the layer; when the layer has grown to a share
/// of the table, both are folded into a new table, so that the cost per change stays constant on average.
/// </summary>
internal sealed class PersistentMap<TKey, TValue> : IReadOnlyCollection<TValue>
    where TKey : notnull
    where TValue : class
{
    public static readonly PersistentMap<TKey, TValue> Empty = new([], ImmutableDictionary<TKey, TValue?>.Empty, 0);

    private const int SmallestFold = 1024;

    // Never changed once a map has been built on it. In the layer, null hides the table's entry.
    private readonly Dictionary<TKey, TValue> table;
    private readonly ImmutableDictionary<TKey, TValue?> layer;

    private PersistentMap(Dictionary<TKey, TValue> table, ImmutableDictionary<TKey, TValue?> layer, int count)
    {
        this.table = table;
        this.layer = layer;
        Count = count;
    }

    public int Count { get; }

    public bool TryGetValue(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (!layer.IsEmpty && layer.TryGetValue(key, out value))
        {
            return value is not null;
        }

        return table.TryGetValue(key, out value);
    }

    public IEnumerator<TValue> GetEnumerator()
    {
        foreach (var (key, value) in table)
        {
            if (layer.IsEmpty || !layer.ContainsKey(key))
            {
                yield return value;
            }
        }

        foreach (var (_, value) in layer)
        {
            if (value is not null)
            {
                yield return value;
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public Builder ToBuilder() => new(this);

    /// <summary>Collects changes. An empty map is filled directly, without the layer.</summary>
    internal sealed class Builder
    {
        private readonly Dictionary<TKey, TValue> table;
        private readonly ImmutableDictionary<TKey, TValue?>.Builder? layer;

        public Builder(PersistentMap<TKey, TValue> start)
        {
            if (start.Count == 0)
            {
                table = [];
            }
            else
            {
                table = start.table;
                layer = start.layer.ToBuilder();
                Count = start.Count;
            }
        }

        public int Count { get; private set; }

        public bool TryGetValue(TKey key, [NotNullWhen(true)] out TValue? value)
        {
            if (layer is not null && layer.TryGetValue(key, out value))
            {
                return value is not null;
            }

            return table.TryGetValue(key, out value);
        }

        /// <summary>Sets the value; returns the one that it replaces.</summary>
        public TValue? Set(TKey key, TValue value)
        {
            TValue? old;
            if (layer is null)
            {
                ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(table, key, out _);
                old = entry;
                entry = value;
            }
            else
            {
                TryGetValue(key, out old);
                layer[key] = value;
            }

            Count += old is null ? 1 : 0;
            return old;
        }

        /// <summary>Removes the entry; returns it, or null if there was none.</summary>
        public TValue? Remove(TKey key)
        {
            if (!TryGetValue(key, out var old))
            {
                return null;
            }

            if (layer is null)
            {
                table.Remove(key);
            }
            else if (table.ContainsKey(key))
            {
                layer[key] = null;
            }
            else
            {
                layer.Remove(key);
            }

            Count--;
            return old;
        }

        public PersistentMap<TKey, TValue> Build()
        {
            if (layer is null)
            {
                return new(table, ImmutableDictionary<TKey, TValue?>.Empty, Count);
            }

            var changes = layer.ToImmutable();
            return changes.Count <= Math.Max(SmallestFold, table.Count / 4) ? new(table, changes, Count) : Fold(changes);
        }

        private PersistentMap<TKey, TValue> Fold(ImmutableDictionary<TKey, TValue?> changes)
        {
            var folded = new Dictionary<TKey, TValue>(Count);
            foreach (var (key, value) in table)
            {
                if (!changes.ContainsKey(key))
                {
                    folded.Add(key, value);
                }
            }

            foreach (var (key, value) in changes)
            {
                if (value is not null)
                {
                    folded.Add(key, value);
                }
            }

            return new(folded, ImmutableDictionary<TKey, TValue?>.Empty, Count);
        }
    }
}

using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>
/// The newest snapshot of each table that a session has seen, so that only later commits are read. Bounded by the files that the
/// snapshots name; the table that was asked for longest ago goes first. Safe for many threads.
/// </summary>
/// <param name="mostFiles">Files, live and removed, that all of them may name together; each table counts as one more.</param>
internal sealed class KnownSnapshots(long mostFiles)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Snapshot>> _byPath = new(StringComparer.Ordinal);
    private readonly LinkedList<Snapshot> _recent = [];

    /// <summary>Files that are named at the moment.</summary>
    public long Files { get; private set; }

    /// <summary>The snapshot of a table, or null.</summary>
    public Snapshot? Find(string path)
    {
        lock (_lock)
        {
            return _byPath.GetValueOrDefault(path)?.Value;
        }
    }

    /// <summary>Keeps a snapshot instead of an older one, or of one that turned out not to lead to it.</summary>
    /// <param name="snapshot">What was seen.</param>
    /// <param name="instead">What was known before it was seen; null for nothing.</param>
    public void Keep(Snapshot snapshot, Snapshot? instead)
    {
        lock (_lock)
        {
            if (_byPath.TryGetValue(snapshot.TablePath, out var node))
            {
                // Another caller saw a later version meanwhile.
                if (node.Value.Version > snapshot.Version && !ReferenceEquals(node.Value, instead))
                {
                    return;
                }

                Remove(node);
            }

            if (Weight(snapshot) > mostFiles)
            {
                return;
            }

            _byPath[snapshot.TablePath] = _recent.AddLast(snapshot);
            Files += Weight(snapshot);
            while (Files > mostFiles)
            {
                Remove(_recent.First!);
            }
        }
    }

    /// <summary>Forgets the snapshot of a table.</summary>
    public void Forget(string path)
    {
        lock (_lock)
        {
            if (_byPath.TryGetValue(path, out var node))
            {
                Remove(node);
            }
        }
    }

    private void Remove(LinkedListNode<Snapshot> node)
    {
        _byPath.Remove(node.Value.TablePath);
        _recent.Remove(node);
        Files -= Weight(node.Value);
    }

    private static long Weight(Snapshot snapshot) => 1L + snapshot.FileCount + snapshot.Tombstones.Count;
}

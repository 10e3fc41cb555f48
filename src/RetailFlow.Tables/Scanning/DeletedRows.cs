using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>Deletion vectors as a condition of the engine: a scan registers those of its files, and its rows ask for them by place.</summary>
internal sealed class DeletedRows
{
    private const string FunctionName = "retailflow_is_live";

    private static readonly ConditionalWeakTable<DuckDbDatabase, DeletedRows> ByDatabase = [];

    private readonly ConcurrentDictionary<long, IReadOnlyList<DeletionVector>> _scans = new();
    private long _last;

    private DeletedRows()
    {
    }

    /// <summary>Makes the condition known to a database. Once is enough.</summary>
    public static void Attach(DuckDbDatabase database) => Of(database);

    /// <summary>Those of a database.</summary>
    public static DeletedRows Of(DuckDbDatabase database)
    {
        lock (ByDatabase)
        {
            if (!ByDatabase.TryGetValue(database, out var deleted))
            {
                deleted = new DeletedRows();
                database.RegisterPredicate(FunctionName, [DuckDbType.BigInt, DuckDbType.UBigInt, DuckDbType.BigInt], deleted.Decide);
                ByDatabase.Add(database, deleted);
            }

            return deleted;
        }
    }

    /// <summary>Keeps the vectors of files that one function call reads, in their order, until <see cref="Release"/>.</summary>
    public long Register(IReadOnlyList<DeletionVector> vectors)
    {
        var scan = Interlocked.Increment(ref _last);
        _scans[scan] = vectors;
        return scan;
    }

    /// <summary>Forgets the vectors of a scan; a statement that still asks for them fails.</summary>
    public void Release(long scan) => _scans.TryRemove(scan, out _);

    /// <summary>The condition in SQL: true for rows that no vector names.</summary>
    /// <param name="scan">What <see cref="Register"/> gave.</param>
    /// <param name="file">SQL of the place of the row's file among the registered vectors.</param>
    /// <param name="row">SQL of the row's position in its file.</param>
    public static string Condition(long scan, string file, string row) => $"{FunctionName}({scan}, {file}, {row})";

    private void Decide(DuckDbChunk rows, Span<bool> live)
    {
        var scans = rows.Column<long>(0);
        var files = rows.Column<ulong>(1);
        var positions = rows.Column<long>(2);
        for (int start = 0, end; start < live.Length; start = end)
        {
            end = start + 1;
            while (end < live.Length && files[end] == files[start] && scans[end] == scans[start])
            {
                end++;
            }

            var vectors = _scans.TryGetValue(scans[start], out var registered) ? registered : throw new InvalidOperationException("A relation was used after its scan was closed.");
            vectors[(int)files[start]].FindLive(positions[start..end], live[start..end]);
        }
    }
}

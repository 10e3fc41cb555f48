using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>Deletion vectors as a condition of the engine: a scan registers those of its files, and its rows ask for them by place.</summary>
internal sealed class DeletedRows
{
    private const string FunctionName = "retailflow_is_live";

    private readonly KnownToEngine<IReadOnlyList<DeletionVector>> _scans;

    private DeletedRows(KnownToEngine<IReadOnlyList<DeletionVector>> scans) => _scans = scans;

    /// <summary>Makes the condition known to a database. Once is enough.</summary>
    public static void Attach(DuckDbDatabase database) => Of(database);

    /// <summary>Those of a database.</summary>
    public static DeletedRows Of(DuckDbDatabase database) =>
        new(KnownToEngine<IReadOnlyList<DeletionVector>>.Of(database, FunctionName, [DuckDbType.UBigInt, DuckDbType.BigInt], Decide, "A relation was used after its scan was closed."));

    /// <summary>Keeps the vectors of files that one function call reads, in their order, until <see cref="Release"/>.</summary>
    public long Register(IReadOnlyList<DeletionVector> vectors) => _scans.Register(vectors);

    /// <summary>Forgets the vectors of a scan; a statement that still asks for them fails.</summary>
    public void Release(long scan) => _scans.Release(scan);

    /// <summary>The condition in SQL: true for rows that no vector names.</summary>
    /// <param name="scan">What <see cref="Register"/> gave.</param>
    /// <param name="file">SQL of the place of the row's file among the registered vectors.</param>
    /// <param name="row">SQL of the row's position in its file.</param>
    public static string Condition(long scan, string file, string row) => $"{FunctionName}({scan}, {file}, {row})";

    private static void Decide(IReadOnlyList<DeletionVector> vectors, DuckDbChunk rows, int from, Span<bool> live)
    {
        var files = rows.Column<ulong>(1)[from..];
        var positions = rows.Column<long>(2)[from..];
        for (int start = 0, end; start < live.Length; start = end)
        {
            end = start + 1;
            while (end < live.Length && files[end] == files[start])
            {
                end++;
            }

            vectors[(int)files[start]].FindLive(positions[start..end], live[start..end]);
        }
    }
}

using RetailFlow.Delta;
using RetailFlow.Lakehouse.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>What changed in a table between two versions, as whole files: rows that came, and rows that were replaced or left.</summary>
/// <param name="Added">Paths, below the table, of files with rows that are new or new again.</param>
/// <param name="Removed">Paths of files whose rows are gone or written again.</param>
/// <param name="AddedRows">Rows in the added files.</param>
internal sealed record InputChanges(IReadOnlyList<string> Added, IReadOnlyList<string> Removed, long AddedRows)
{
    /// <summary>True if no row changed.</summary>
    public bool IsEmpty => Added.Count == 0 && Removed.Count == 0;

    /// <summary>Changes after version <paramref name="from"/> (-1 for all) up to <paramref name="to"/>.</summary>
    public static async ValueTask<InputChanges> BetweenAsync(LakeTable table, long from, Snapshot to, CancellationToken cancellationToken)
    {
        if (from < 0)
        {
            return new InputChanges([.. to.Files.Select(f => f.DecodedPath)], [], to.Files.Sum(Rows));
        }

        var added = new Dictionary<string, AddFile>(StringComparer.Ordinal);
        var removed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var commit in await table.Log.ChangesAsync(from, to.Version, cancellationToken))
        {
            if (commit.Adds.Any(f => f.DeletionVector is not null) || commit.Removes.Any(f => f.DeletionVector is not null))
            {
                throw new DeltaException(
                    DeltaErrorKind.UnsupportedFeature,
                    $"The table '{table.Name}' had deletion vectors (deletionVectors) in version {commit.Version}; its changes cannot be followed by whole files.");
            }

            foreach (var file in commit.Removes.Where(f => f.DataChange))
            {
                if (!added.Remove(file.DecodedPath))
                {
                    removed.Add(file.DecodedPath);
                }
            }

            foreach (var file in commit.Adds.Where(f => f.DataChange))
            {
                added[file.DecodedPath] = file;
            }
        }

        return new InputChanges([.. added.Keys], [.. removed], added.Values.Sum(Rows));
    }

    private static long Rows(AddFile file) => file.ParsedStatistics?.NumRecords ?? 0;
}

namespace RetailFlow.Delta;

/// <summary>A file of which both the transaction and a commit that came first deleted rows, or of which the transaction read some.</summary>
/// <param name="Before">The file as the transaction knows it.</param>
/// <param name="Winner">The file as the other commit left it.</param>
/// <param name="Ours">The file as the transaction would leave it; null if it only read rows.</param>
/// <param name="Read">The rows that the transaction's outcome depends on; null if it stated none.</param>
internal sealed record ContestedFile(RemoveFile Before, AddFile Winner, AddFile? Ours, DeletionVector? Read)
{
    /// <summary>Path of the data file.</summary>
    public string Path => Winner.Key.Path;
}

/// <summary>What becomes of a contested file: a rule that is broken, or the transaction's deletion vector united with the winner's.</summary>
internal readonly record struct RowVerdict(ConflictRule? Broken, DeletionVector? United);

/// <summary>
/// Lets two commits delete different rows of one file. A deletion vector only says which rows are gone, so that vectors with
/// different new rows can be united without reading the file, as long as the winner's rows are none that the transaction
/// depends on. Pure.
/// </summary>
internal static class RowRebase
{
    /// <summary>The files whose fate depends on their rows; every other collision is for <see cref="ConflictChecker"/> alone.</summary>
    public static IReadOnlyList<ContestedFile> Contested(DeltaTransaction transaction, CommitChanges winner)
    {
        if (winner.Removes.Count == 0 || transaction.IsBlindAppend || !winner.Adds.Any(a => a.DeletionVector is not null))
        {
            return [];
        }

        var replaced = new Dictionary<string, AddFile>(StringComparer.Ordinal);
        foreach (var added in winner.Adds.Where(a => a.DeletionVector is not null))
        {
            replaced[added.Key.Path] = added;
        }

        var removes = transaction.Removes.Select(r => r.File.Key).ToHashSet();
        var adds = transaction.Adds.ToLookup(a => a.Key.Path, StringComparer.Ordinal);
        var contested = new List<ContestedFile>();
        foreach (var removed in winner.Removes)
        {
            var key = removed.Key;
            if (!replaced.TryGetValue(key.Path, out var with) || transaction.DependsOnWhole(key))
            {
                continue;
            }

            var rows = transaction.RowsRead.GetValueOrDefault(key);
            var ours = removes.Contains(key) ? adds[key.Path].FirstOrDefault() : null;

            // Removed for good, or matched by a predicate without saying which rows: then all of the file counts.
            if (removes.Contains(key) ? ours?.DeletionVector is null || (rows is null && transaction.HasRead(key)) : rows is null)
            {
                continue;
            }

            contested.Add(new ContestedFile(removed, with, ours, rows));
        }

        return contested;
    }

    /// <summary>Decides by the rows.</summary>
    /// <param name="file">The file.</param>
    /// <param name="before">Rows deleted when the transaction read it.</param>
    /// <param name="winner">Rows deleted after the other commit.</param>
    /// <param name="ours">Rows deleted after the transaction; null if it only read.</param>
    public static RowVerdict Decide(ContestedFile file, DeletionVector before, DeletionVector winner, DeletionVector? ours)
    {
        if (before.Except(winner).Cardinality > 0)
        {
            // Rows came back, and may match what was asked for.
            return new(ConflictRule.ConcurrentAppend, null);
        }

        var gone = winner.Except(before);
        if (file.Read?.Overlaps(gone) == true)
        {
            return new(ConflictRule.ConcurrentDeleteRead, null);
        }

        if (ours is null)
        {
            return new(null, null);
        }

        return before.Except(ours).Cardinality > 0 || ours.Except(before).Overlaps(gone)
            ? new(ConflictRule.ConcurrentDeleteDelete, null)
            : new(null, winner.Union(ours));
    }
}

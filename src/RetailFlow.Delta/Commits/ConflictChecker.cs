namespace RetailFlow.Delta;

/// <summary>
/// Decides whether a transaction may follow a commit that it did not see. Pure: the rules in the order and with the numbers of
/// Delta's conflict checker. Rule 5 (row ids) and rule 9 (in-commit timestamps) re-compute and never conflict.
/// </summary>
public static class ConflictChecker
{
    /// <summary>Checks one winning commit; all that lie between the transaction's snapshot and its version must pass, one by one.</summary>
    /// <param name="transaction">What shall follow.</param>
    /// <param name="winner">The commit that came first.</param>
    /// <param name="before">Metadata of the table before the winner; without it any change of metadata conflicts.</param>
    /// <returns>The first rule that is broken, or null.</returns>
    public static CommitResult.Conflicted? Check(DeltaTransaction transaction, CommitChanges winner, Metadata? before = null) =>
        Check(transaction, winner, before, []);

    /// <summary>Checks all but the files that are decided by their rows.</summary>
    internal static CommitResult.Conflicted? Check(
        DeltaTransaction transaction, CommitChanges winner, Metadata? before, IReadOnlyList<ContestedFile> contested)
    {
        var byRows = contested.Select(c => c.Path).ToHashSet(StringComparer.Ordinal);
        return Protocol(transaction, winner)
            ?? MetadataChange(transaction, winner, before)
            ?? Domains(transaction, winner)
            ?? Transactions(transaction, winner)
            ?? Appends(transaction, winner, byRows)
            ?? DeletedReads(transaction, winner, byRows)
            ?? DeletedTwice(transaction, winner, byRows);
    }

    /// <summary>The conflict over the rows of a file.</summary>
    internal static CommitResult.Conflicted OverRows(ConflictRule rule, CommitChanges winner, ContestedFile file) => Conflict(rule, winner, rule switch
    {
        ConflictRule.ConcurrentAppend => $"rows of '{file.Path}' came back",
        ConflictRule.ConcurrentDeleteRead => $"rows of '{file.Path}' that were read were deleted by another writer",
        _ => $"rows of '{file.Path}' were deleted by another writer too",
    });

    private static CommitResult.Conflicted? Protocol(DeltaTransaction transaction, CommitChanges winner)
    {
        if (winner.Protocol is not { } changed)
        {
            return null;
        }

        if (transaction.ReadSnapshot is not { } read)
        {
            return Conflict(ConflictRule.ProtocolChanged, winner, "the table was created by another writer");
        }

        if (transaction.Protocol is not null)
        {
            return Conflict(ConflictRule.ProtocolChanged, winner, "the protocol was changed by another writer too");
        }

        return ProtocolRules.IsDowngrade(read.Protocol, changed)
            ? Conflict(ConflictRule.ProtocolChanged, winner, "the protocol was lowered by another writer")
            : null;
    }

    private static CommitResult.Conflicted? MetadataChange(DeltaTransaction transaction, CommitChanges winner, Metadata? before)
    {
        if (winner.Metadata is null)
        {
            return null;
        }

        if (transaction.ReadSnapshot is null)
        {
            return Conflict(ConflictRule.MetadataChanged, winner, "the table was created by another writer");
        }

        return before is not null && transaction is { Metadata: null, Protocol: null } && MetadataResolution.IsHarmless(before, winner.Metadata)
            ? null
            : Conflict(ConflictRule.MetadataChanged, winner, "schema or configuration was changed by another writer");
    }

    private static CommitResult.Conflicted? Domains(DeltaTransaction transaction, CommitChanges winner)
    {
        foreach (var domain in winner.DomainMetadata)
        {
            if (transaction.DomainMetadata.ContainsKey(domain.Domain))
            {
                return Conflict(ConflictRule.DomainMetadataChanged, winner, $"the domain '{domain.Domain}' was changed by another writer too");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted? Transactions(DeltaTransaction transaction, CommitChanges winner)
    {
        foreach (var moved in winner.Transactions)
        {
            if (transaction.ReadTransactions.Contains(moved.AppId))
            {
                return Conflict(ConflictRule.ConcurrentTransaction, winner, $"the application '{moved.AppId}' was moved to {moved.Version} by another writer");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted? Appends(DeltaTransaction transaction, CommitChanges winner, HashSet<string> byRows)
    {
        var blindAppend = winner.CommitInfo?.IsBlindAppend ?? false;
        var counts = transaction.EffectiveIsolationLevel switch
        {
            IsolationLevel.Serializable => true,
            IsolationLevel.WriteSerializable => !blindAppend || transaction.Metadata is not null,
            IsolationLevel.SnapshotIsolation => false,
            _ => throw new InvalidOperationException("Unknown isolation level."),
        };
        if (!counts)
        {
            return null;
        }

        foreach (var added in winner.Adds)
        {
            // Rows that only moved were in a file that the winner removed, and that one counts if it was read.
            if (added.DataChange && !byRows.Contains(added.Key.Path) && transaction.WouldRead(added))
            {
                return Conflict(ConflictRule.ConcurrentAppend, winner, $"'{added.DecodedPath}' was added by another writer and may hold rows that were read");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted? DeletedReads(DeltaTransaction transaction, CommitChanges winner, HashSet<string> byRows)
    {
        foreach (var removed in winner.Removes)
        {
            if (!byRows.Contains(removed.Key.Path) && transaction.HasRead(removed.Key))
            {
                return Conflict(ConflictRule.ConcurrentDeleteRead, winner, $"'{removed.DecodedPath}' was read and was removed by another writer");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted? DeletedTwice(DeltaTransaction transaction, CommitChanges winner, HashSet<string> byRows)
    {
        if (transaction.Removes.Count == 0 || winner.Removes.Count == 0)
        {
            return null;
        }

        var removedByWinner = winner.Removes.Select(r => DeltaPath.Canonical(r.DecodedPath)).ToHashSet(StringComparer.Ordinal);
        foreach (var (file, _) in transaction.Removes)
        {
            if (removedByWinner.Contains(file.Key.Path) && !byRows.Contains(file.Key.Path))
            {
                return Conflict(ConflictRule.ConcurrentDeleteDelete, winner, $"'{file.DecodedPath}' was removed by another writer too");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted Conflict(ConflictRule rule, CommitChanges winner, string what) =>
        new(rule, winner.Version, $"Version {winner.Version} ({winner.CommitInfo?.Operation ?? "unknown operation"}) came first: {what}.");
}

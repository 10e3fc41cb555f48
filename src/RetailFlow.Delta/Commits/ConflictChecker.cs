namespace RetailFlow.Delta;

/// <summary>
/// Decides whether a transaction may follow a commit that it did not see. Pure: the rules in the order and with the numbers of
/// Delta's conflict checker. Rule 5 (row ids) and rule 9 (in-commit timestamps) re-compute and never conflict.
/// </summary>
public static class ConflictChecker
{
    /// <summary>Checks one winning commit; all that lie between the transaction's snapshot and its version must pass, one by one.</summary>
    /// <returns>The first rule that is broken, or null.</returns>
    public static CommitResult.Conflicted? Check(DeltaTransaction transaction, CommitChanges winner) =>
        Protocol(transaction, winner)
        ?? MetadataChange(transaction, winner)
        ?? Domains(transaction, winner)
        ?? Transactions(transaction, winner)
        ?? Appends(transaction, winner)
        ?? DeletedReads(transaction, winner)
        ?? DeletedTwice(transaction, winner);

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

    private static CommitResult.Conflicted? MetadataChange(DeltaTransaction transaction, CommitChanges winner) =>
        winner.Metadata is null
            ? null
            : Conflict(ConflictRule.MetadataChanged, winner, transaction.ReadSnapshot is null ? "the table was created by another writer" : "schema or configuration was changed by another writer");

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

    private static CommitResult.Conflicted? Appends(DeltaTransaction transaction, CommitChanges winner)
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
            if (transaction.WouldRead(added))
            {
                return Conflict(ConflictRule.ConcurrentAppend, winner, $"'{added.DecodedPath}' was added by another writer and may hold rows that were read");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted? DeletedReads(DeltaTransaction transaction, CommitChanges winner)
    {
        foreach (var removed in winner.Removes)
        {
            if (transaction.HasRead(removed.Key))
            {
                return Conflict(ConflictRule.ConcurrentDeleteRead, winner, $"'{removed.DecodedPath}' was read and was removed by another writer");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted? DeletedTwice(DeltaTransaction transaction, CommitChanges winner)
    {
        if (transaction.Removes.Count == 0 || winner.Removes.Count == 0)
        {
            return null;
        }

        var removedByWinner = winner.Removes.Select(r => DeltaPath.Canonical(r.DecodedPath)).ToHashSet(StringComparer.Ordinal);
        foreach (var (file, _) in transaction.Removes)
        {
            if (removedByWinner.Contains(DeltaPath.Canonical(file.DecodedPath)))
            {
                return Conflict(ConflictRule.ConcurrentDeleteDelete, winner, $"'{file.DecodedPath}' was removed by another writer too");
            }
        }

        return null;
    }

    private static CommitResult.Conflicted Conflict(ConflictRule rule, CommitChanges winner, string what) =>
        new(rule, winner.Version, $"Version {winner.Version} ({winner.CommitInfo?.Operation ?? "unknown operation"}) came first: {what}.");
}

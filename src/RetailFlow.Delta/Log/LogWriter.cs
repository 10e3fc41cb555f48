using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>The writing edge of the log: commits by put-if-absent.</summary>
internal sealed class LogWriter(IObjectStore store, string tablePath, LogReader reader, LogUpkeep upkeep, DeltaLogOptions options)
{
    public async ValueTask<CommitResult> CommitAsync(DeltaTransaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            return await CommitOrMoveAsync(transaction, cancellationToken);
        }
        catch (StorageException e)
        {
            // Puts of the commit file tell their outcome themselves, so that what failed here was a read, or a file that no commit names yet.
            throw new DeltaException(DeltaErrorKind.Unavailable, $"'{tablePath}' was not committed: the store failed.", e);
        }
    }

    /// <summary>The files of the commits from one version to another, with their times.</summary>
    public async ValueTask<IReadOnlyList<LogFile>> HeadCommitsAsync(long from, long to, CancellationToken cancellationToken)
    {
        var commits = new List<LogFile>();
        for (var version = from; version <= to; version++)
        {
            var info = await store.HeadAsync(LogFile.CommitPath(reader.LogPrefix, version), cancellationToken)
                ?? throw new DeltaException(DeltaErrorKind.VersionNotFound, $"The log of '{tablePath}' has no version {version} (not yet, or no longer).");
            commits.Add(LogFile.Commit(info.Path, version, info.LastModified));
        }

        return commits;
    }

    private async ValueTask<CommitResult> CommitOrMoveAsync(DeltaTransaction transaction, CancellationToken cancellationToken)
    {
        if (transaction.IsCommitted)
        {
            throw DeltaException.InvalidCommit($"The transaction on '{tablePath}' was committed before.");
        }

        if (transaction.ReadSnapshot is null && transaction is { Protocol: not null, Metadata: not null })
        {
            await RequireNoTableWithoutFirstCommitAsync(cancellationToken);
        }

        var (latest, current, rebases) = (transaction.ReadSnapshot, transaction, 0);
        RowReconciler? rows = null;
        for (var attempt = 0; attempt < options.MaxCommitAttempts; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            current = rows is null ? current : await rows.WriteAsync(current, options.NewGuid(), cancellationToken);
            CommitRules.Require(current, latest, tablePath);
            var commit = CommitContent.Prepare(current, latest, options.Clock.GetUtcNow(), options.NewGuid(), options.EngineInfo);
            if (await PutAsync(commit) is not { } winner)
            {
                transaction.IsCommitted = true;
                var committed = latest is null
                    ? new Snapshot(tablePath, commit.Version, LogState.Empty.Apply(commit.Actions), commit.Timestamp, commit.CommitInfo, options.Clock.GetUtcNow())
                    : latest.Next(commit, options.Clock.GetUtcNow());
                return (await upkeep.AfterCommitAsync(committed)) with { Rebases = rebases };
            }

            for (CommitChanges? next = winner; next is not null; next = await reader.TryReadCommitAsync(latest.Version + 1, cancellationToken))
            {
                var contested = RowRebase.Contested(current, next);
                var conflict = ConflictChecker.Check(current, next, latest?.Metadata, contested);
                if (conflict is null && contested.Count > 0)
                {
                    rows ??= new RowReconciler(new DeletionVectorFiles(store, tablePath));
                    conflict = await rows.ReconcileAsync(next, contested, cancellationToken);
                    current = current.Rebased(contested);
                }

                if (conflict is not null)
                {
                    return conflict;
                }

                latest = (latest ?? throw NotATable(next)).Next(next, options.Clock.GetUtcNow());
                rebases++;
            }
        }

        throw new DeltaException(DeltaErrorKind.Unavailable, $"'{tablePath}' was not committed: other writers were faster {options.MaxCommitAttempts} times.");
    }

    /// <summary>Writes the commit file; null if it is ours, else the commit that has its version.</summary>
    private async ValueTask<CommitChanges?> PutAsync(CommitChanges commit)
    {
        var path = LogFile.CommitPath(reader.LogPrefix, commit.Version);
        var content = CommitContent.Write(commit);
        var txnId = commit.CommitInfo!.TxnId;
        Exception? failure = null;
        var known = true;
        for (var attempt = 0; attempt < options.MaxPutAttempts; attempt++)
        {
            try
            {
                // From here on the commit may exist, so that cancellation would only hide its outcome.
                known = false;
                if (await store.PutIfAbsentAsync(path, content, CancellationToken.None) == PutOutcome.Created)
                {
                    return null;
                }
            }
            catch (Exception e)
            {
                failure = e;
            }

            // Whether the put failed before or after it took effect, or met a file of its name that an earlier try of
            // ours may have left: the file itself tells.
            try
            {
                if (await store.ReadAsync(path, CancellationToken.None) is { } existing)
                {
                    var found = CommitFile.Parse(commit.Version, existing, fileTime: null);
                    return found.CommitInfo?.TxnId == txnId ? null : found;
                }

                known = true;
            }
            catch (Exception e) when (e is not DeltaException)
            {
                failure = e;
            }
        }

        throw known
            ? new DeltaException(DeltaErrorKind.Unavailable, $"Version {commit.Version} of '{tablePath}' was not written: the store failed.", failure)
            : new DeltaException(DeltaErrorKind.CommitOutcomeUnknown, $"Whether version {commit.Version} of '{tablePath}' was written is not known: the store failed.", failure);
    }

    private async ValueTask RequireNoTableWithoutFirstCommitAsync(CancellationToken cancellationToken)
    {
        // Where version 0 was cleaned up, putting it would succeed and damage the table.
        var files = await reader.ListAsync(0, cancellationToken);
        if (files.Count > 0 && files[0].Version > 0)
        {
            throw DeltaException.InvalidCommit($"The table '{tablePath}' cannot be created: it exists.");
        }
    }

    private DeltaException NotATable(CommitChanges first) =>
        DeltaException.Corrupt($"Version {first.Version} of '{tablePath}' has neither protocol nor metaData.");
}

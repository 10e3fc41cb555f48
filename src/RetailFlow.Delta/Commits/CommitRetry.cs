namespace RetailFlow.Delta;

/// <summary>Commits that are planned again when others invalidate what they were based on.</summary>
public static class CommitRetry
{
    /// <summary>How often a transaction is planned unless told otherwise.</summary>
    public const int DefaultAttempts = 10;

    /// <summary>
    /// Plans a transaction on the newest version, or on the one given, and commits it; on a conflict plans it again on the version after the one that
    /// won. What does not conflict is not planned again: <see cref="DeltaLog.CommitAsync"/> moves it behind the others.
    /// </summary>
    /// <param name="log">The table's log.</param>
    /// <param name="plan">Makes the transaction from a snapshot; null when there is nothing to do. Files that a plan wrote and that did not get into the table are left to VACUUM.</param>
    /// <param name="from">A snapshot to begin with, the newest that the caller knows; null to load the table.</param>
    /// <param name="attempts">How often it is planned at most.</param>
    /// <param name="cancellationToken">Ends the work between two commits.</param>
    /// <returns>Committed; null when there was nothing to do; conflicted when every attempt was.</returns>
    /// <exception cref="DeltaException">What <see cref="DeltaLog.CommitAsync"/> throws; <see cref="DeltaErrorKind.Unavailable"/> also where the store failed while it was planned.</exception>
    public static ValueTask<CommitResult?> CommitWithRetryAsync(
        this DeltaLog log,
        Func<Snapshot, CancellationToken, ValueTask<DeltaTransaction?>> plan,
        Snapshot? from = null,
        int attempts = DefaultAttempts,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1);
        return PlanAndCommitAsync(log, plan, from, attempts, cancellationToken).OrUnavailable(log.TablePath, "was not changed");
    }

    private static async ValueTask<CommitResult?> PlanAndCommitAsync(
        DeltaLog log,
        Func<Snapshot, CancellationToken, ValueTask<DeltaTransaction?>> plan,
        Snapshot? from,
        int attempts,
        CancellationToken cancellationToken)
    {
        var snapshot = from ?? await log.LoadAsync(cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            if (await plan(snapshot, cancellationToken) is not { } transaction)
            {
                return null;
            }

            var result = await log.CommitAsync(transaction, cancellationToken);
            if (result is not CommitResult.Conflicted || attempt == attempts)
            {
                return result;
            }

            snapshot = await log.RefreshAsync(snapshot, cancellationToken);
        }
    }
}

namespace RetailFlow.Delta;

/// <summary>What a checkpoint holds (protocol section "Checkpoints"): the reconciled state, without what has expired.</summary>
internal static class CheckpointContent
{
    /// <summary>The state without tombstones and application progress that are past their retention.</summary>
    public static LogState Unexpired(Snapshot snapshot, DateTimeOffset now)
    {
        var state = snapshot.State.WithoutTombstones((now - snapshot.Properties.DeletedFileRetention).ToUnixTimeMilliseconds());
        return snapshot.Properties.TransactionRetention is { } retention
            ? state.WithoutTransactions((now - retention).ToUnixTimeMilliseconds())
            : state;
    }

    /// <summary>Every action of the state.</summary>
    public static IEnumerable<DeltaAction> Of(LogState state) => AboutTheTable(state).Concat(AboutFiles(state));

    /// <summary>The actions that are not about files.</summary>
    public static IEnumerable<DeltaAction> AboutTheTable(LogState state)
    {
        yield return state.Protocol!;
        yield return state.Metadata!;
        foreach (var transaction in state.Transactions.Values)
        {
            yield return transaction;
        }

        foreach (var domain in state.Domains.Values)
        {
            yield return domain;
        }
    }

    /// <summary>The adds, then the removes. In a checkpoint nothing is a change.</summary>
    public static IEnumerable<DeltaAction> AboutFiles(LogState state)
    {
        foreach (var file in state.Files)
        {
            yield return file.DataChange ? file with { DataChange = false } : file;
        }

        foreach (var tombstone in state.Tombstones)
        {
            yield return tombstone.DataChange ? tombstone with { DataChange = false } : tombstone;
        }
    }
}

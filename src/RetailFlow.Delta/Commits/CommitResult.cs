namespace RetailFlow.Delta;

/// <summary>The rules by which a concurrent commit defeats a transaction, numbered as in Delta's conflict checker.</summary>
public enum ConflictRule
{
    /// <summary>Both changed the protocol (a table created twice included), or the winner took features away.</summary>
    ProtocolChanged = 1,

    /// <summary>The winner changed schema, partitioning or configuration.</summary>
    MetadataChanged = 2,

    /// <summary>Both changed the same metadata domain.</summary>
    DomainMetadataChanged = 3,

    /// <summary>The winner moved an application's progress that this transaction read or set.</summary>
    ConcurrentTransaction = 4,

    /// <summary>The winner added a file that matches what this transaction read.</summary>
    ConcurrentAppend = 6,

    /// <summary>The winner removed a file that this transaction read.</summary>
    ConcurrentDeleteRead = 7,

    /// <summary>Both removed the same file.</summary>
    ConcurrentDeleteDelete = 8,
}

/// <summary>What became of a transaction.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>The commit, for callers that can do nothing about a conflict.</summary>
    /// <param name="otherwise">What did not happen then: the beginning of the message.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Conflict"/>: nothing was written.</exception>
    public Committed Require(string otherwise) => this switch
    {
        Committed committed => committed,
        Conflicted conflict => throw new DeltaException(DeltaErrorKind.Conflict, $"{otherwise}: {conflict.Message}"),
        _ => throw new InvalidOperationException("A commit is either committed or in conflict."),
    };

    /// <summary>It is in the table.</summary>
    /// <param name="Version">The version that it became.</param>
    /// <param name="Snapshot">The table at that version.</param>
    public sealed record Committed(long Version, Snapshot Snapshot) : CommitResult
    {
        /// <summary>How many commits of others came in between and were found not to matter.</summary>
        public int Rebases { get; init; }

        /// <summary>Why the checkpoint that was due could not be written; null if none was due or it was. The commit stands.</summary>
        public Exception? CheckpointFailure { get; init; }

        /// <summary>Why the clean-up of the log after a checkpoint failed; null if none was due or it did not. The commit stands.</summary>
        public Exception? CleanUpFailure { get; init; }
    }

    /// <summary>Nothing was written: a concurrent commit invalidates what the transaction was based on. Run it again on a fresh snapshot.</summary>
    /// <param name="Rule">The rule that was broken.</param>
    /// <param name="WinningVersion">The version of the concurrent commit.</param>
    /// <param name="Message">What collided.</param>
    public sealed record Conflicted(ConflictRule Rule, long WinningVersion, string Message) : CommitResult;
}

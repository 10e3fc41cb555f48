using System.Collections.Immutable;

namespace RetailFlow.Delta;

/// <summary>
/// The reconciled content of a log up to some action (protocol section "Action Reconciliation"): for every key the newest action
/// wins. Immutable; <see cref="ToBuilder"/> takes the actions that follow.
/// </summary>
internal sealed class LogState
{
    public static readonly LogState Empty = new(
        null,
        null,
        PersistentMap<FileKey, AddFile>.Empty,
        PersistentMap<FileKey, RemoveFile>.Empty,
        ImmutableDictionary.Create<string, SetTransaction>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, DomainMetadata>(StringComparer.Ordinal),
        default);

    private LogState(
        Protocol? protocol,
        Metadata? metadata,
        PersistentMap<FileKey, AddFile> files,
        PersistentMap<FileKey, RemoveFile> tombstones,
        ImmutableDictionary<string, SetTransaction> transactions,
        ImmutableDictionary<string, DomainMetadata> domains,
        FileTally tally)
    {
        Protocol = protocol;
        Metadata = metadata;
        Files = files;
        Tombstones = tombstones;
        Transactions = transactions;
        Domains = domains;
        Tally = tally;
    }

    public Protocol? Protocol { get; }

    public Metadata? Metadata { get; }

    public PersistentMap<FileKey, AddFile> Files { get; }

    public PersistentMap<FileKey, RemoveFile> Tombstones { get; }

    public ImmutableDictionary<string, SetTransaction> Transactions { get; }

    public ImmutableDictionary<string, DomainMetadata> Domains { get; }

    /// <summary>Sums over <see cref="Files"/>.</summary>
    public FileTally Tally { get; }

    public Builder ToBuilder() => new(this);

    public LogState Apply(IEnumerable<DeltaAction> actions)
    {
        var builder = ToBuilder();
        foreach (var action in actions)
        {
            builder.Apply(action);
        }

        return builder.Build();
    }

    /// <summary>The state without tombstones that were removed before the time.</summary>
    /// <param name="deletedBefore">Milliseconds since 1970 UTC; tombstones without a time count as old.</param>
    public LogState WithoutTombstones(long deletedBefore)
    {
        var kept = PersistentMap<FileKey, RemoveFile>.Empty.ToBuilder();
        foreach (var tombstone in Tombstones)
        {
            if ((tombstone.DeletionTimestamp ?? 0) >= deletedBefore)
            {
                kept.Set(tombstone.Key, tombstone);
            }
        }

        return new LogState(Protocol, Metadata, Files, kept.Build(), Transactions, Domains, Tally);
    }

    /// <summary>The state without the progress of applications that was last set before the time.</summary>
    /// <param name="updatedBefore">Milliseconds since 1970 UTC; progress without a time is kept.</param>
    public LogState WithoutTransactions(long updatedBefore)
    {
        var kept = Transactions.RemoveRange(Transactions.Values.Where(t => t.LastUpdated < updatedBefore).Select(t => t.AppId));
        return new LogState(Protocol, Metadata, Files, Tombstones, kept, Domains, Tally);
    }

    /// <summary>Takes actions in the order of the log.</summary>
    internal sealed class Builder(LogState start)
    {
        private readonly PersistentMap<FileKey, AddFile>.Builder files = start.Files.ToBuilder();
        private readonly PersistentMap<FileKey, RemoveFile>.Builder tombstones = start.Tombstones.ToBuilder();
        private readonly ImmutableDictionary<string, SetTransaction>.Builder transactions = start.Transactions.ToBuilder();
        private readonly ImmutableDictionary<string, DomainMetadata>.Builder domains = start.Domains.ToBuilder();
        private Protocol? protocol = start.Protocol;
        private Metadata? metadata = start.Metadata;
        private FileTally tally = start.Tally;

        public Protocol? Protocol => protocol;

        public Metadata? Metadata => metadata;

        public void Apply(DeltaAction action)
        {
            switch (action)
            {
                case AddFile add:
                    var key = add.Key;
                    tally = tally.With(add).Without(files.Set(key, add));
                    if (tombstones.Count > 0)
                    {
                        tombstones.Remove(key);
                    }

                    break;
                case RemoveFile remove:
                    tally = tally.Without(files.Remove(remove.Key));

                    // A checkpoint keeps tombstones without statistics and tags.
                    tombstones.Set(remove.Key, remove.Stats is null && remove.Tags is null ? remove : remove with { Stats = null, Tags = null });
                    break;
                case Metadata newMetadata:
                    metadata = newMetadata;
                    break;
                case Protocol newProtocol:
                    protocol = newProtocol;
                    break;
                case SetTransaction transaction:
                    transactions[transaction.AppId] = transaction;
                    break;
                case DomainMetadata { Removed: true } domain:
                    domains.Remove(domain.Domain);
                    break;
                case DomainMetadata domain:
                    domains[domain.Domain] = domain;
                    break;
                case CommitInfo or AddCdcFile or Sidecar or CheckpointMetadata:
                    break;
            }
        }

        public LogState Build() =>
            new(protocol, metadata, files.Build(), tombstones.Build(), transactions.ToImmutable(), domains.ToImmutable(), tally);
    }
}

/// <summary>Sums over the files of a table. Wider than a long, because the figures come from a log that anyone may have written.</summary>
/// <param name="Size">Length of the files in bytes.</param>
/// <param name="DeletionVectors">Number of files that have one.</param>
/// <param name="DeletedRecords">Rows in the deletion vectors.</param>
internal readonly record struct FileTally(Int128 Size, long DeletionVectors, Int128 DeletedRecords)
{
    public FileTally With(AddFile file) => new(Size + file.Size, DeletionVectors + Count(file), DeletedRecords + Records(file));

    public FileTally Without(AddFile? file) =>
        file is null ? this : new(Size - file.Size, DeletionVectors - Count(file), DeletedRecords - Records(file));

    private static int Count(AddFile file) => file.DeletionVector is null ? 0 : 1;

    private static long Records(AddFile file) => file.DeletionVector?.Cardinality ?? 0;
}

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
        0);

    private LogState(
        Protocol? protocol,
        Metadata? metadata,
        PersistentMap<FileKey, AddFile> files,
        PersistentMap<FileKey, RemoveFile> tombstones,
        ImmutableDictionary<string, SetTransaction> transactions,
        ImmutableDictionary<string, DomainMetadata> domains,
        Int128 totalSize)
    {
        Protocol = protocol;
        Metadata = metadata;
        Files = files;
        Tombstones = tombstones;
        Transactions = transactions;
        Domains = domains;
        TotalSize = totalSize;
    }

    public Protocol? Protocol { get; }

    public Metadata? Metadata { get; }

    public PersistentMap<FileKey, AddFile> Files { get; }

    public PersistentMap<FileKey, RemoveFile> Tombstones { get; }

    public ImmutableDictionary<string, SetTransaction> Transactions { get; }

    public ImmutableDictionary<string, DomainMetadata> Domains { get; }

    // Wider than a long, because the sizes come from a log that anyone may have written.
    public Int128 TotalSize { get; }

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

        return new LogState(Protocol, Metadata, Files, kept.Build(), Transactions, Domains, TotalSize);
    }

    /// <summary>The state without the progress of applications that was last set before the time.</summary>
    /// <param name="updatedBefore">Milliseconds since 1970 UTC; progress without a time is kept.</param>
    public LogState WithoutTransactions(long updatedBefore)
    {
        var kept = Transactions.RemoveRange(Transactions.Values.Where(t => t.LastUpdated < updatedBefore).Select(t => t.AppId));
        return new LogState(Protocol, Metadata, Files, Tombstones, kept, Domains, TotalSize);
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
        private Int128 totalSize = start.TotalSize;

        public Protocol? Protocol => protocol;

        public Metadata? Metadata => metadata;

        public void Apply(DeltaAction action)
        {
            switch (action)
            {
                case AddFile add:
                    var key = add.Key;
                    totalSize += add.Size - (Int128)(files.Set(key, add)?.Size ?? 0);
                    if (tombstones.Count > 0)
                    {
                        tombstones.Remove(key);
                    }

                    break;
                case RemoveFile remove:
                    totalSize -= files.Remove(remove.Key)?.Size ?? 0;

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
            new(protocol, metadata, files.Build(), tombstones.Build(), transactions.ToImmutable(), domains.ToImmutable(), totalSize);
    }
}

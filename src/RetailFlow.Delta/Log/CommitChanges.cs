namespace RetailFlow.Delta;

/// <summary>One commit: the actions of one version.</summary>
public sealed class CommitChanges
{
    /// <summary>Sorts the actions of a commit by kind.</summary>
    /// <param name="version">Version of the commit.</param>
    /// <param name="actions">Its actions in the order of the file.</param>
    /// <param name="timestamp">Its time.</param>
    public CommitChanges(long version, IReadOnlyList<DeltaAction> actions, DateTimeOffset timestamp)
    {
        Version = version;
        Actions = actions;
        Timestamp = timestamp;
        var adds = new List<AddFile>();
        var removes = new List<RemoveFile>();
        var changeFiles = new List<AddCdcFile>();
        var transactions = new List<SetTransaction>();
        var domains = new List<DomainMetadata>();
        foreach (var action in actions)
        {
            switch (action)
            {
                case AddFile add:
                    adds.Add(add);
                    break;
                case RemoveFile remove:
                    removes.Add(remove);
                    break;
                case AddCdcFile cdc:
                    changeFiles.Add(cdc);
                    break;
                case SetTransaction transaction:
                    transactions.Add(transaction);
                    break;
                case DomainMetadata domain:
                    domains.Add(domain);
                    break;
                case Metadata metadata:
                    Metadata = metadata;
                    break;
                case Protocol protocol:
                    Protocol = protocol;
                    break;
                case CommitInfo info:
                    CommitInfo = info;
                    break;
                case Sidecar or CheckpointMetadata:
                    break;
            }
        }

        Adds = adds;
        Removes = removes;
        ChangeFiles = changeFiles;
        Transactions = transactions;
        DomainMetadata = domains;
    }

    /// <summary>Version of the commit.</summary>
    public long Version { get; }

    /// <summary>All actions in the order of the file.</summary>
    public IReadOnlyList<DeltaAction> Actions { get; }

    /// <summary>Time of the version: in-commit timestamp, else the time of the commit file, else the writer's clock.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>Files added.</summary>
    public IReadOnlyList<AddFile> Adds { get; }

    /// <summary>Files removed.</summary>
    public IReadOnlyList<RemoveFile> Removes { get; }

    /// <summary>Change data files; where there are any, the change data feed of this version is in them alone.</summary>
    public IReadOnlyList<AddCdcFile> ChangeFiles { get; }

    /// <summary>Progress set.</summary>
    public IReadOnlyList<SetTransaction> Transactions { get; }

    /// <summary>Domains set or removed.</summary>
    public IReadOnlyList<DomainMetadata> DomainMetadata { get; }

    /// <summary>New metadata, or null.</summary>
    public Metadata? Metadata { get; }

    /// <summary>New protocol, or null.</summary>
    public Protocol? Protocol { get; }

    /// <summary>Who did what, or null.</summary>
    public CommitInfo? CommitInfo { get; }
}

/// <summary>One line of a table's history.</summary>
/// <param name="Version">Version of the commit.</param>
/// <param name="Timestamp">Time of the version: in-commit timestamp, else the time of the commit file.</param>
/// <param name="CommitInfo">Who did what, or null if not recorded.</param>
public sealed record HistoryEntry(long Version, DateTimeOffset Timestamp, CommitInfo? CommitInfo);

namespace RetailFlow.Delta;

/// <summary>The table at one version. Immutable; safe to share between threads and to keep.</summary>
public sealed class Snapshot
{
    internal Snapshot(string tablePath, long version, LogState state, DateTimeOffset timestamp, CommitInfo? lastCommit, DateTimeOffset seenAt)
    {
        TablePath = tablePath;
        Version = version;
        Protocol = state.Protocol ?? throw DeltaException.Corrupt($"The log of '{tablePath}' has no protocol action up to version {version}.");
        Metadata = state.Metadata ?? throw DeltaException.Corrupt($"The log of '{tablePath}' has no metaData action up to version {version}.");
        State = state;
        Timestamp = timestamp;
        LastCommit = lastCommit;
        SeenAt = seenAt;
        SupportedFeatures.RequireReadable(Protocol, Metadata, tablePath);
        Schema = Metadata.Schema;
        Properties = new TableProperties(Metadata.Configuration);
    }

    /// <summary>Path of the table in its store.</summary>
    public string TablePath { get; }

    /// <summary>Version of the table.</summary>
    public long Version { get; }

    /// <summary>What a client must understand.</summary>
    public Protocol Protocol { get; }

    /// <summary>Identity, schema, partitioning, configuration.</summary>
    public Metadata Metadata { get; }

    /// <summary>Columns of the table, partition columns included.</summary>
    public StructType Schema { get; }

    /// <summary>The table properties that RetailFlow obeys, parsed.</summary>
    public TableProperties Properties { get; }

    /// <summary>The files of the table. The order has no meaning.</summary>
    public IReadOnlyCollection<AddFile> Files => State.Files;

    /// <summary>Number of files.</summary>
    public int FileCount => State.Files.Count;

    /// <summary>Sum of the files' lengths in bytes.</summary>
    public long TotalSize => (long)Int128.Min(State.Tally.Size, long.MaxValue);

    /// <summary>Progress of applications by <c>appId</c>.</summary>
    public IReadOnlyDictionary<string, SetTransaction> Transactions => State.Transactions;

    /// <summary>Domain configurations by name; removed ones are absent.</summary>
    public IReadOnlyDictionary<string, DomainMetadata> DomainMetadata => State.Domains;

    /// <summary>Files that were removed and whose tombstone is still in the log.</summary>
    public IReadOnlyCollection<RemoveFile> Tombstones => State.Tombstones;

    /// <summary>
    /// Time of the version: the in-commit timestamp where there is one; else the time of the commit file, or, where the commit
    /// was seen without its file's time (after a refresh or a commit of our own), the writer's clock in <see cref="LastCommit"/>.
    /// </summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>The commit of this version; null if it has no <c>commitInfo</c> or if its file is gone.</summary>
    public CommitInfo? LastCommit { get; }

    internal LogState State { get; }

    /// <summary>When the store last told that this was the newest version, by our clock.</summary>
    internal DateTimeOffset SeenAt { get; }

    /// <summary>The live file of that identity, or null.</summary>
    public AddFile? FindFile(FileKey key) => State.Files.TryGetValue(key, out var file) ? file : null;

    /// <summary>The version that the application last set, or null if it never did.</summary>
    public long? TransactionVersion(string appId) => State.Transactions.TryGetValue(appId, out var transaction) ? transaction.Version : null;

    internal Snapshot Next(CommitChanges commit, DateTimeOffset seenAt) =>
        new(TablePath, commit.Version, State.Apply(commit.Actions), commit.Timestamp, commit.CommitInfo, seenAt);

    internal Snapshot With(LogState state) => new(TablePath, Version, state, Timestamp, LastCommit, SeenAt);

    internal Snapshot Seen(DateTimeOffset at) => new(TablePath, Version, State, Timestamp, LastCommit, at);
}

namespace RetailFlow.Delta;

/// <summary>
/// What one commit shall change, and what it was based on. Collected by one thread, then given to
/// <see cref="DeltaLog.CommitAsync"/>.
/// </summary>
public sealed class DeltaTransaction
{
    private readonly List<AddFile> adds = [];
    private readonly List<(AddFile File, bool DataChange)> removes = [];
    private readonly List<AddCdcFile> changeFiles = [];
    private readonly Dictionary<string, long> transactions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DomainMetadata> domains = new(StringComparer.Ordinal);
    private readonly HashSet<string> systemDomains = new(StringComparer.Ordinal);
    private readonly HashSet<string> readTransactions = new(StringComparer.Ordinal);
    private readonly HashSet<FileKey> readFiles = [];
    private readonly Dictionary<FileKey, DeletionVector> rowsRead = [];
    private readonly List<FileFilter> readFilters = [];

    private DeltaTransaction(Snapshot? readSnapshot, string operation)
    {
        ReadSnapshot = readSnapshot;
        Operation = operation;
    }

    /// <summary>The table as the transaction saw it; null when it creates the table.</summary>
    public Snapshot? ReadSnapshot { get; }

    /// <summary>Name of the operation for the history, such as <c>WRITE</c> or <c>MERGE</c>.</summary>
    public string Operation { get; }

    /// <summary>Parameters of the operation for the history.</summary>
    public Dictionary<string, string> OperationParameters { get; } = new(StringComparer.Ordinal);

    /// <summary>Figures for the history, by Spark's names (<c>numFiles</c>, <c>numOutputRows</c>, <c>numOutputBytes</c>...).</summary>
    public Dictionary<string, string> OperationMetrics { get; } = new(StringComparer.Ordinal);

    /// <summary>Facts about the commit for its <c>commitInfo</c>, by key.</summary>
    public Dictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

    /// <summary>Isolation level; null takes the table's, which is write-serializable unless it says otherwise.</summary>
    public IsolationLevel? IsolationLevel { get; set; }

    /// <summary>Files to add.</summary>
    public IReadOnlyList<AddFile> Adds => adds;

    /// <summary>Files to remove, with whether their rows change.</summary>
    public IReadOnlyList<(AddFile File, bool DataChange)> Removes => removes;

    /// <summary>Change data files to add.</summary>
    public IReadOnlyList<AddCdcFile> ChangeFiles => changeFiles;

    /// <summary>Progress to set, by application.</summary>
    public IReadOnlyDictionary<string, long> Transactions => transactions;

    /// <summary>Domains to set or remove, by name.</summary>
    public IReadOnlyDictionary<string, DomainMetadata> DomainMetadata => domains;

    /// <summary>Metadata to set, or null.</summary>
    public Metadata? Metadata { get; private set; }

    /// <summary>Protocol to set, or null.</summary>
    public Protocol? Protocol { get; private set; }

    /// <summary>True when the transaction depends on everything that was in the table.</summary>
    public bool ReadsWholeTable { get; private set; }

    /// <summary>True when it only adds files and read nothing of the table: no data of others can conflict with it.</summary>
    public bool IsBlindAppend => removes.Count == 0 && !ReadsWholeTable && readFiles.Count == 0 && rowsRead.Count == 0 && readFilters.Count == 0;

    /// <summary>The isolation level that counts: a commit that only moves rows needs no more than snapshot isolation.</summary>
    public IsolationLevel EffectiveIsolationLevel =>
        adds.Count + removes.Count > 0 && !adds.Exists(a => a.DataChange) && !removes.Exists(r => r.DataChange)
            ? Delta.IsolationLevel.SnapshotIsolation
            : IsolationLevel ?? ReadSnapshot?.Properties.IsolationLevel ?? Delta.IsolationLevel.WriteSerializable;

    /// <summary>True once <see cref="EnforcedConstraints"/> was called.</summary>
    public bool HasEnforcedConstraints { get; private set; }

    /// <summary>What <see cref="StateRowIds"/> said; null if nothing.</summary>
    public bool? PreservedRowIds { get; private set; }

    internal IReadOnlySet<string> ReadTransactions => readTransactions;

    /// <summary>Domains that a feature of the protocol set, not the caller.</summary>
    internal IReadOnlySet<string> SystemDomains => systemDomains;

    internal bool IsCommitted { get; set; }

    internal bool IsRestore { get; private set; }

    /// <summary>Begins a transaction.</summary>
    /// <param name="readSnapshot">The table as it is based on; null to create the table.</param>
    /// <param name="operation">Name of the operation for the history.</param>
    public static DeltaTransaction Create(Snapshot? readSnapshot, string operation) => new(readSnapshot, operation);

    /// <summary>Sets a figure of <see cref="OperationMetrics"/>.</summary>
    public void SetMetric(string name, long value) => OperationMetrics[name] = value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Adds a file to the table.</summary>
    public void Add(AddFile file) => adds.Add(file);

    /// <summary>Removes a file that is in <see cref="ReadSnapshot"/>.</summary>
    /// <param name="file">The file, as the snapshot has it.</param>
    /// <param name="dataChange">False when its rows stay in the table in other files of this transaction.</param>
    public void Remove(AddFile file, bool dataChange = true) => removes.Add((file, dataChange));

    /// <summary>Deletes rows of a file by giving it another deletion vector: the file stays, its old entry goes.</summary>
    /// <param name="old">The file, as the snapshot has it.</param>
    /// <param name="with">
    /// The same file with the vector of all its deleted rows, old and new, and with statistics that count its physical rows and
    /// say that the bounds may be wide (<see cref="FileStatistics.Widened"/>).
    /// </param>
    /// <param name="dataChange">False only if the deleted rows stay in the table in other files of this transaction.</param>
    /// <exception cref="ArgumentException">The two are not the same data file.</exception>
    public void ReplaceDeletionVector(AddFile old, AddFile with, bool dataChange = true)
    {
        if (old.Key.Path != with.Key.Path)
        {
            throw new ArgumentException($"'{with.DecodedPath}' is another file than '{old.DecodedPath}'.", nameof(with));
        }

        Remove(old, dataChange);
        Add(with with { DataChange = dataChange });
    }

    /// <summary>
    /// States that every row of the added files was checked against the table's CHECK constraints, invariants, generated columns
    /// and required columns. Without it files with new rows are refused where there are any such rules.
    /// </summary>
    public void EnforcedConstraints() => HasEnforcedConstraints = true;

    /// <summary>
    /// States whether rows that were updated or moved kept their row ids in the materialised columns. Where row tracking is
    /// enabled, a transaction that rewrites rows and does not say so is refused.
    /// </summary>
    public void StateRowIds(bool preserved) => PreservedRowIds = preserved;

    /// <summary>Sets the columns that the table is clustered by (protocol section "Clustered Table"); none ends clustering.</summary>
    /// <param name="columns">Columns of the schema that the table shall have, outermost first; not empty for a clustered table.</param>
    /// <exception cref="DeltaException">A column does not exist or cannot be clustered by.</exception>
    public void SetClustering(params IReadOnlyList<ColumnPath> columns)
    {
        var schema = (Metadata ?? ReadSnapshot?.Metadata)?.Schema ?? throw DeltaException.InvalidCommit("A table without a schema cannot be clustered.");
        domains[Clustering.Domain] = new DomainMetadata(Clustering.Domain, Clustering.Write(schema, columns), Removed: false);
        systemDomains.Add(Clustering.Domain);
    }

    /// <summary>States that what is set and added was the table's before, together: it fits, whatever the table became since.</summary>
    internal void RestoresFormerState() => IsRestore = true;

    /// <summary>Sets a domain as another version or table has it, system domains included.</summary>
    internal void CopyDomain(DomainMetadata domain)
    {
        domains[domain.Domain] = domain;
        systemDomains.Add(domain.Domain);
    }

    /// <summary>Adds a file of row changes for the change data feed.</summary>
    public void AddChangeFile(AddCdcFile file) => changeFiles.Add(file);

    /// <summary>Sets schema, partitioning and configuration.</summary>
    public void SetMetadata(Metadata metadata) => Metadata = metadata;

    /// <summary>Sets the protocol.</summary>
    public void SetProtocol(Protocol protocol) => Protocol = protocol;

    /// <summary>Sets an application's progress in the same commit. Counts as having read it.</summary>
    public void SetTransaction(string appId, long version)
    {
        transactions[appId] = version;
        readTransactions.Add(appId);
    }

    /// <summary>The application's progress in <see cref="ReadSnapshot"/>, or null; a concurrent change of it is a conflict.</summary>
    public SetTransaction? ReadTransaction(string appId)
    {
        readTransactions.Add(appId);
        return ReadSnapshot?.Transactions.GetValueOrDefault(appId);
    }

    /// <summary>Sets the configuration of a domain; needs the feature <c>domainMetadata</c>.</summary>
    public void SetDomain(string domain, string configuration) => domains[domain] = new DomainMetadata(domain, configuration, Removed: false);

    /// <summary>Removes a domain that <see cref="ReadSnapshot"/> has.</summary>
    public void RemoveDomain(string domain) =>
        domains[domain] = new DomainMetadata(domain, ReadSnapshot?.DomainMetadata.GetValueOrDefault(domain)?.Configuration ?? "", Removed: true);

    /// <summary>States that the outcome depends on every file.</summary>
    public void ReadWholeTable() => ReadsWholeTable = true;

    /// <summary>States that the outcome depends on the rows that match, and returns the files that may hold some.</summary>
    public IReadOnlyList<AddFile> ReadFiles(FilePredicate predicate)
    {
        if (ReadSnapshot is null)
        {
            return [];
        }

        var filter = FileFilter.Compile(ReadSnapshot.Schema, ReadSnapshot.Metadata.PartitionColumns, predicate);
        readFilters.Add(filter);
        return [.. ReadSnapshot.Files.Where(filter.MayMatch)];
    }

    /// <summary>States that the outcome depends on this file.</summary>
    public void ReadFile(AddFile file) => readFiles.Add(file.Key);

    /// <summary>
    /// States that of this file the outcome depends on these rows alone, whatever <see cref="ReadFiles"/> asked of it: others may
    /// delete the rest of its rows at the same time. Called again for a file, the rows add up.
    /// </summary>
    /// <param name="file">A file of the snapshot.</param>
    /// <param name="rows">Physical row indexes: those that matched and those that are deleted. None if no row mattered.</param>
    public void ReadRows(AddFile file, DeletionVector rows) =>
        rowsRead[file.Key] = rowsRead.TryGetValue(file.Key, out var before) ? before.Union(rows) : rows;

    /// <summary>Rows read, by file.</summary>
    internal IReadOnlyDictionary<FileKey, DeletionVector> RowsRead => rowsRead;

    /// <summary>Whether any change of this file counts, whichever rows were named.</summary>
    internal bool DependsOnWhole(FileKey key) => ReadsWholeTable || readFiles.Contains(key);

    /// <summary>Whether an added file may hold rows that the transaction would have had to read.</summary>
    internal bool WouldRead(AddFile added) => ReadsWholeTable || readFilters.Exists(f => f.MayMatch(added));

    /// <summary>Whether the transaction read this file of its snapshot.</summary>
    internal bool HasRead(FileKey key) =>
        DependsOnWhole(key) || rowsRead.ContainsKey(key)
        || (readFilters.Count > 0 && ReadSnapshot?.FindFile(key) is { } file && readFilters.Exists(f => f.MayMatch(file)));

    /// <summary>
    /// The transaction as it stands after a winner changed deletion vectors of files that it contests: their entries are the
    /// winner's. This one is left as it is, because a caller may commit it again when the store failed.
    /// </summary>
    internal DeltaTransaction Rebased(IReadOnlyList<ContestedFile> contested)
    {
        var copy = Copy();
        foreach (var file in contested)
        {
            var winner = file.Winner;
            if (copy.rowsRead.Remove(file.Before.Key, out var rows))
            {
                copy.rowsRead[winner.Key] = rows;
            }

            if (file.Ours is not null)
            {
                var at = copy.removes.FindIndex(r => r.File.Key == file.Before.Key);
                copy.removes[at] = copy.removes[at] with { File = winner };
            }
        }

        return copy;
    }

    /// <summary>The transaction with other deletion vectors for files that it adds, by path.</summary>
    internal DeltaTransaction With(IReadOnlyDictionary<string, DeletionVectorDescriptor> vectors)
    {
        var copy = Copy();
        for (var i = 0; i < copy.adds.Count; i++)
        {
            if (vectors.TryGetValue(copy.adds[i].Key.Path, out var vector))
            {
                copy.adds[i] = copy.adds[i] with { DeletionVector = vector };
            }
        }

        return copy;
    }

    private DeltaTransaction Copy()
    {
        var copy = new DeltaTransaction(ReadSnapshot, Operation)
        {
            IsolationLevel = IsolationLevel,
            Metadata = Metadata,
            Protocol = Protocol,
            ReadsWholeTable = ReadsWholeTable,
            HasEnforcedConstraints = HasEnforcedConstraints,
            PreservedRowIds = PreservedRowIds,
            IsRestore = IsRestore,
        };
        copy.adds.AddRange(adds);
        copy.removes.AddRange(removes);
        copy.changeFiles.AddRange(changeFiles);
        copy.readFilters.AddRange(readFilters);
        copy.systemDomains.UnionWith(systemDomains);
        copy.readTransactions.UnionWith(readTransactions);
        copy.readFiles.UnionWith(readFiles);
        CopyTo(transactions, copy.transactions);
        CopyTo(domains, copy.domains);
        CopyTo(rowsRead, copy.rowsRead);
        CopyTo(OperationParameters, copy.OperationParameters);
        CopyTo(OperationMetrics, copy.OperationMetrics);
        CopyTo(Tags, copy.Tags);
        return copy;
    }

    private static void CopyTo<TKey, TValue>(Dictionary<TKey, TValue> from, Dictionary<TKey, TValue> to)
        where TKey : notnull
    {
        foreach (var (key, value) in from)
        {
            to[key] = value;
        }
    }
}

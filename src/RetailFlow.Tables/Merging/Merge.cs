namespace RetailFlow.Tables;

/// <summary>
/// A MERGE: rows of a source are matched with rows of the table; clauses say what becomes of both. Expressions are SQL of the engine in
/// which <c>t</c> is the row of the table and <c>s</c> the row of the source. Of the clauses of one kind the first whose condition holds
/// counts. A row that an update leaves as it is counts as untouched and is not rewritten.
/// </summary>
public sealed record Merge
{
    /// <summary>The rows to merge: a select, or the name of a relation of the engine.</summary>
    public required string Source { get; init; }

    /// <summary>Columns that must be equal for rows to match: name in the table, expression over <c>s</c>. A null matches nothing.</summary>
    public IReadOnlyList<MergeKey> Keys { get; init; } = [];

    /// <summary>A further condition for rows to match, or null. Without keys the only one.</summary>
    public string? Condition { get; init; }

    /// <summary>What becomes of matched rows.</summary>
    public IReadOnlyList<MatchedClause> WhenMatched { get; init; } = [];

    /// <summary>What becomes of source rows without a match.</summary>
    public IReadOnlyList<InsertClause> WhenNotMatched { get; init; } = [];

    /// <summary>What becomes of the table's rows without a match; expressions may use <c>t</c> only. Reads the whole table.</summary>
    public IReadOnlyList<MatchedClause> WhenNotMatchedBySource { get; init; } = [];

    /// <summary>Keys of the same name on both sides.</summary>
    public static IReadOnlyList<MergeKey> On(params IEnumerable<string> columns) => [.. columns.Select(c => new MergeKey(c, "s." + SqlText.Name(c)))];
}

/// <summary>One equality by which rows match.</summary>
/// <param name="Column">Column of the table.</param>
/// <param name="Source">Expression over <c>s</c>.</param>
public readonly record struct MergeKey(string Column, string Source);

/// <summary>What becomes of a row of the table.</summary>
public sealed record MatchedClause
{
    private MatchedClause()
    {
    }

    /// <summary>When the clause counts; null for always.</summary>
    public string? Condition { get; private init; }

    /// <summary>New values by column; null to set every column from the source's column of its name.</summary>
    public IReadOnlyDictionary<string, string>? Set { get; private init; }

    /// <summary>True when the row is deleted.</summary>
    public bool IsDelete { get; private init; }

    /// <summary>Sets columns to expressions.</summary>
    public static MatchedClause Update(IReadOnlyDictionary<string, string> set, string? condition = null) => new() { Set = set, Condition = condition };

    /// <summary>Sets every column from the source's column of the same name.</summary>
    public static MatchedClause UpdateAll(string? condition = null) => new() { Condition = condition };

    /// <summary>Deletes the row.</summary>
    public static MatchedClause Delete(string? condition = null) => new() { IsDelete = true, Condition = condition };
}

/// <summary>A row to be inserted for a source row.</summary>
/// <param name="Values">Values over <c>s</c> by column; null takes every column from the source's column of its name. Columns that are not named get their default, or null.</param>
/// <param name="Condition">When the clause counts; null for always.</param>
public sealed record InsertClause(IReadOnlyDictionary<string, string>? Values = null, string? Condition = null);

/// <summary>What a MERGE, UPDATE or DELETE did.</summary>
public sealed record RowChangeReport
{
    /// <summary>Version that was committed; null if there was nothing to change.</summary>
    public long? Version { get; init; }

    /// <summary>Rows that were added.</summary>
    public long RowsInserted { get; init; }

    /// <summary>Rows that got other values.</summary>
    public long RowsUpdated { get; init; }

    /// <summary>Rows that were taken away.</summary>
    public long RowsDeleted { get; init; }

    /// <summary>Unchanged rows that were written again because their file was.</summary>
    public long RowsCopied { get; init; }

    /// <summary>Files of the table that were read.</summary>
    public int FilesScanned { get; init; }

    /// <summary>Files that statistics, partitions and keys excluded.</summary>
    public int FilesSkipped { get; init; }

    /// <summary>Data files written.</summary>
    public int FilesAdded { get; init; }

    /// <summary>Data files that left the table.</summary>
    public int FilesRemoved { get; init; }

    /// <summary>Files that got another deletion vector.</summary>
    public int DeletionVectorsUpdated { get; init; }

    /// <summary>Bytes of data files and change files written.</summary>
    public long BytesWritten { get; init; }

    /// <summary>How many times the statement was run again because another writer came first.</summary>
    public int Repeated { get; init; }
}

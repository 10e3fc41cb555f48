namespace RetailFlow.Delta;

/// <summary>Whether the changes of some versions can be read as rows of one schema. Pure.</summary>
public static class ChangeFeedRules
{
    /// <summary>Requires the feed to be on in every version, and rows of every version to be rows of the last one's schema.</summary>
    /// <param name="start">Metadata before the first version, or, where nothing is known of that, at the first version.</param>
    /// <param name="commits">The commits, the first version's included.</param>
    /// <param name="end">Metadata at the last version.</param>
    /// <param name="table">Path of the table, for messages.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.InvalidInput"/>, naming the version.</exception>
    public static void Require(Metadata start, IReadOnlyList<CommitChanges> commits, Metadata end, string table)
    {
        var metadata = start;
        foreach (var commit in commits)
        {
            if (commit.Metadata is not null && RemovesRows(commit) && Break(metadata, end) is { } old)
            {
                throw Refused($"The changes of the table '{table}' cannot be read with the schema of version {commits[^1].Version}: version {commit.Version} removes rows of before, when {old}.");
            }

            metadata = commit.Metadata ?? metadata;
            if (!new TableProperties(metadata.Configuration).ChangeDataFeed)
            {
                throw Refused($"The change data feed of the table '{table}' is not on in version {commit.Version} (delta.enableChangeDataFeed).");
            }

            if (Break(metadata, end) is { } reason)
            {
                throw Refused($"The changes of the table '{table}' cannot be read with the schema of version {commits[^1].Version}: since version {commit.Version}, {reason}.");
            }
        }
    }

    /// <summary>Whether a commit's own files tell of removed rows, which are rows of the schema before it.</summary>
    public static bool RemovesRows(CommitChanges commit) => commit.ChangeFiles.Count == 0 && commit.Removes.Any(f => f.DataChange);

    /// <summary>Why rows of one version cannot be read as rows of a later one, or null.</summary>
    public static string? Break(Metadata before, Metadata end) =>
        ReferenceEquals(before, end) || (before.SchemaString == end.SchemaString
            && before.PartitionColumns.SequenceEqual(end.PartitionColumns, StringComparer.Ordinal) && ColumnMapping.ModeOf(before) == ColumnMapping.ModeOf(end))
            ? null
            : SchemaCompatibility.Break(before, end) ?? Lost(before.Schema, end.Schema, "");

    // Under column mapping files stay readable when columns are renamed or dropped, but what was a row of the table no longer is.
    private static string? Lost(DataType before, DataType end, string parent) => (before, end) switch
    {
        (StructType a, StructType b) => a.Fields
            .Select(field => b.Fields.FirstOrDefault(f => f.PhysicalName == field.PhysicalName) is not { } kept ? $"the column '{parent}{field.Name}' was dropped"
                : kept.Name != field.Name ? $"the column '{parent}{field.Name}' was renamed to '{kept.Name}'"
                : Lost(field.Type, kept.Type, $"{parent}{field.Name}."))
            .FirstOrDefault(reason => reason is not null),
        (ArrayType a, ArrayType b) => Lost(a.ElementType, b.ElementType, parent),
        (MapType a, MapType b) => Lost(a.KeyType, b.KeyType, parent) ?? Lost(a.ValueType, b.ValueType, parent),
        _ => null,
    };

    private static DeltaException Refused(string message) => new(DeltaErrorKind.InvalidInput, message);
}

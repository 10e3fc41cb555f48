namespace RetailFlow.Delta;

/// <summary>Sets and takes away table properties, with what the protocol asks for beside them. Pure.</summary>
internal static class PropertyEvolution
{
    public const string ConstraintPrefix = "delta.constraints.";

    // Written by writers alone: a value by hand would break what it records.
    private static readonly string[] Internal =
    [
        ColumnMapping.MaxIdProperty,
        "delta.inCommitTimestampEnablementVersion",
        "delta.inCommitTimestampEnablementTimestamp",
        RowTracking.RowIdColumn,
        RowTracking.RowVersionColumn,
    ];

    public static Metadata Set(Metadata metadata, IReadOnlyDictionary<string, string> properties, Func<Guid> newGuid)
    {
        var configuration = new Dictionary<string, string>(metadata.Configuration, StringComparer.Ordinal);
        foreach (var (key, value) in ProtocolUpgrade.WithoutRequests(properties))
        {
            RequireSettable(key);
            configuration[key] = value;
        }

        if (configuration.GetValueOrDefault("delta.enableRowTracking") == "true")
        {
            configuration.TryAdd(RowTracking.RowIdColumn, $"_row-id-col-{newGuid():D}");
            configuration.TryAdd(RowTracking.RowVersionColumn, $"_row-commit-version-col-{newGuid():D}");
        }

        var next = metadata with { Configuration = configuration };
        return (ColumnMapping.ModeOf(metadata), ColumnMapping.ModeOf(next)) switch
        {
            (ColumnMappingMode.None, ColumnMappingMode.Name) => ColumnMapping.Enable(next),
            var (before, after) when before == after => next,
            _ => throw DeltaException.InvalidCommit($"'{ColumnMapping.ModeProperty}' of a table that exists can only go from none to name."),
        };
    }

    public static Metadata Unset(Metadata metadata, IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            RequireSettable(key);
            if (key == ColumnMapping.ModeProperty && ColumnMapping.ModeOf(metadata) != ColumnMappingMode.None)
            {
                throw DeltaException.InvalidCommit($"'{key}' cannot be taken away: the files have physical names.");
            }
        }

        return metadata with
        {
            Configuration = metadata.Configuration
                .Where(p => !keys.Contains(p.Key, StringComparer.Ordinal))
                .ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
        };
    }

    public static Metadata AddConstraint(Metadata metadata, string name, string expression)
    {
        if (name.Length == 0 || expression.Trim().Length == 0)
        {
            throw DeltaException.InvalidCommit("A constraint needs a name and an expression.");
        }

        // Names of properties differ in case, those of constraints do not: Spark writes them in lower case.
        var key = ConstraintPrefix + name.ToLowerInvariant();
        return metadata.Configuration.ContainsKey(key)
            ? throw DeltaException.InvalidCommit($"There is a constraint '{name}' already.")
            : ColumnMapping.With(metadata, key, expression);
    }

    public static Metadata DropConstraint(Metadata metadata, string name)
    {
        var key = metadata.Configuration.Keys.FirstOrDefault(k => string.Equals(k, ConstraintPrefix + name, StringComparison.OrdinalIgnoreCase))
            ?? throw DeltaException.InvalidCommit($"There is no constraint '{name}'.");
        return metadata with
        {
            Configuration = metadata.Configuration.Where(p => p.Key != key).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
        };
    }

    private static void RequireSettable(string key)
    {
        if (Array.IndexOf(Internal, key) >= 0)
        {
            throw DeltaException.InvalidCommit($"'{key}' is kept by writers and cannot be changed by hand.");
        }

        if (key.StartsWith(ConstraintPrefix, StringComparison.Ordinal))
        {
            throw DeltaException.InvalidCommit($"'{key}' is a constraint: add or drop it as one, so that the rows are checked.");
        }
    }
}

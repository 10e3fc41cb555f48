using System.Buffers;

namespace RetailFlow.Delta;

/// <summary>What new metadata must obey, whatever was before. Pure.</summary>
internal static class MetadataRules
{
    private static readonly SearchValues<char> InvalidNameCharacters = SearchValues.Create(" ,;{}()\n\t=");

    private static readonly string[] ChangeColumns = ["_change_type", "_commit_version", "_commit_timestamp"];

    /// <summary>Throws if the metadata cannot be that of a table with this protocol.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.InvalidCommit"/>.</exception>
    public static void Require(Metadata metadata, Protocol protocol, string table)
    {
        if (metadata.SchemaString is null || metadata.Schema.Fields.Count == 0)
        {
            throw DeltaException.InvalidCommit($"The schema of '{table}' has no columns.");
        }

        RequireProperties(metadata, table);
        var mapped = ColumnMapping.ModeOf(metadata) != ColumnMappingMode.None;
        RequireNames(metadata.Schema, "", mapped, table);
        RequirePartitions(metadata, table);
        if (mapped && ColumnMapping.Malformed(metadata) is { } reason)
        {
            throw DeltaException.InvalidCommit($"The column mapping of '{table}' is malformed: {reason}.");
        }

        foreach (var (feature, by) in FeatureUse.Of(metadata))
        {
            var preview = feature == "typeWidening" && TableFeature.Supports(protocol, "typeWidening-preview");
            RequireFeature(!preview, feature, by, protocol, table);
        }
    }

    /// <summary>Throws if a feature is used that the protocol does not have.</summary>
    public static void RequireFeature(bool used, string feature, string by, Protocol protocol, string table)
    {
        if (used && !TableFeature.Supports(protocol, feature))
        {
            throw DeltaException.InvalidCommit($"The protocol of '{table}' must list the feature {feature} for {by}.");
        }
    }

    private static void RequireNames(StructType schema, string parent, bool mapped, string table)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in schema.Fields)
        {
            if (!names.Add(field.Name))
            {
                throw DeltaException.InvalidCommit($"The schema of '{table}' has the column '{parent}{field.Name}' twice: names must differ in more than case.");
            }

            if (field.Name.Length == 0 || (!mapped && field.Name.AsSpan().ContainsAny(InvalidNameCharacters)))
            {
                throw DeltaException.InvalidCommit($"The column name '{parent}{field.Name}' of '{table}' is empty or has one of ' ,;{{}}()=', a tab or a line feed.");
            }

            foreach (var nested in FeatureUse.Types(field.Type).OfType<StructType>())
            {
                RequireNames(nested, parent + field.Name + ".", mapped, table);
            }
        }
    }

    private static void RequirePartitions(Metadata metadata, string table)
    {
        foreach (var partition in metadata.PartitionColumns)
        {
            if (metadata.Schema.Fields.FirstOrDefault(f => f.Name == partition) is not { } field)
            {
                throw DeltaException.InvalidCommit($"The partition column '{partition}' of '{table}' is not in its schema.");
            }

            if (field.Type is StructType or ArrayType or MapType || field.Type == PrimitiveType.Variant)
            {
                throw DeltaException.InvalidCommit($"The partition column '{partition}' of '{table}' is nested.");
            }
        }

        if (metadata.PartitionColumns.Count >= metadata.Schema.Fields.Count
            || metadata.PartitionColumns.Distinct(StringComparer.Ordinal).Count() != metadata.PartitionColumns.Count)
        {
            throw DeltaException.InvalidCommit($"The partition columns of '{table}' repeat or are all of its columns.");
        }
    }

    private static void RequireProperties(Metadata metadata, string table)
    {
        var properties = new TableProperties(metadata.Configuration);
        try
        {
            properties.RequireWellFormed();
        }
        catch (DeltaException e)
        {
            throw DeltaException.InvalidCommit(e.Message);
        }

        if (FeatureUse.Requested(metadata.Configuration).FirstOrDefault() is { } requested)
        {
            throw DeltaException.InvalidCommit($"'delta.feature.{requested}' of '{table}' asks for a feature and is no property: the protocol lists it.");
        }

        if (properties.ChangeDataFeed && metadata.Schema.Fields.FirstOrDefault(f => ChangeColumns.Contains(f.Name, StringComparer.OrdinalIgnoreCase)) is { } reserved)
        {
            throw DeltaException.InvalidCommit($"'{table}' has the column '{reserved.Name}', so it cannot keep a change data feed (delta.enableChangeDataFeed), which has one of that name.");
        }

        if (properties.RowTracking)
        {
            foreach (var key in (string[])[RowTracking.RowIdColumn, RowTracking.RowVersionColumn])
            {
                if (!metadata.Configuration.TryGetValue(key, out var column) || metadata.Schema.Fields.Any(f => f.Name == column || f.PhysicalName == column))
                {
                    throw DeltaException.InvalidCommit($"'{table}' needs '{key}' for delta.enableRowTracking, and no column of that name.");
                }
            }
        }
    }
}

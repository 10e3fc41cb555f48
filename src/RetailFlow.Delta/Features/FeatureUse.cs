namespace RetailFlow.Delta;

/// <summary>Which features a table's metadata needs: by its properties, its types and the annotations of its fields.</summary>
internal static class FeatureUse
{
    private const string SupportedPrefix = "delta.feature.";
    private const string ConstraintPrefix = "delta.constraints.";

    private static readonly (string Property, string Feature)[] Flags =
    [
        ("delta.appendOnly", "appendOnly"),
        ("delta.enableChangeDataFeed", "changeDataFeed"),
        ("delta.enableDeletionVectors", "deletionVectors"),
        ("delta.enableInCommitTimestamps", "inCommitTimestamp"),
        ("delta.enableRowTracking", "rowTracking"),
        ("delta.enableTypeWidening", "typeWidening"),
        ("delta.enableIcebergCompatV1", "icebergCompatV1"),
        ("delta.enableIcebergCompatV2", "icebergCompatV2"),
        ("delta.enableVariantShredding", "variantShredding"),
    ];

    /// <summary>The features that the metadata makes use of, each with what uses it.</summary>
    public static IReadOnlyList<(string Feature, string By)> Of(Metadata metadata)
    {
        var uses = new List<(string Feature, string By)>();
        foreach (var (property, feature) in Flags)
        {
            if (bool.TryParse(metadata.Configuration.GetValueOrDefault(property), out var on) && on)
            {
                uses.Add((feature, property));
            }
        }

        var configuration = metadata.Configuration;
        if (configuration.GetValueOrDefault("delta.columnMapping.mode") is { } mode && mode != "none")
        {
            uses.Add(("columnMapping", "delta.columnMapping.mode"));
        }

        if (configuration.GetValueOrDefault("delta.checkpointPolicy") == "v2")
        {
            uses.Add(("v2Checkpoint", "delta.checkpointPolicy"));
        }

        if (configuration.Keys.FirstOrDefault(k => k.StartsWith(ConstraintPrefix, StringComparison.Ordinal)) is { } constraint)
        {
            uses.Add(("checkConstraints", constraint));
        }

        foreach (var field in Fields(metadata.Schema))
        {
            OfField(field, uses);
        }

        foreach (var type in Types(metadata.Schema))
        {
            if (type == PrimitiveType.TimestampNtz || type == PrimitiveType.Variant)
            {
                uses.Add((type == PrimitiveType.Variant ? "variantType" : "timestampNtz", $"a column of the type {type}"));
            }
        }

        return [.. uses.DistinctBy(u => u.Feature)];
    }

    /// <summary>Names that properties of the form <c>delta.feature.X = supported</c> ask for; they are no part of the metadata.</summary>
    public static IEnumerable<string> Requested(IReadOnlyDictionary<string, string> properties) =>
        properties.Where(p => p.Key.StartsWith(SupportedPrefix, StringComparison.Ordinal)).Select(p => p.Key[SupportedPrefix.Length..]);

    /// <summary>What the engine that writes rows has to enforce: the feature and the constraint, column or rule, in words.</summary>
    public static IReadOnlyList<(string Feature, string Rule)> RowRules(Metadata metadata, Protocol protocol)
    {
        var rules = new List<(string, string)>();
        if (TableFeature.Supports(protocol, "checkConstraints"))
        {
            rules.AddRange(metadata.Configuration.Keys
                .Where(k => k.StartsWith(ConstraintPrefix, StringComparison.Ordinal))
                .Select(k => ("checkConstraints", k[ConstraintPrefix.Length..])));
        }

        foreach (var field in Fields(metadata.Schema))
        {
            if (field.Metadata.Json("delta.invariants") is not null && TableFeature.Supports(protocol, "invariants"))
            {
                rules.Add(("invariants", field.Name));
            }

            if (field.Metadata.Json("delta.generationExpression") is not null && TableFeature.Supports(protocol, "generatedColumns"))
            {
                rules.Add(("generatedColumns", field.Name));
            }
        }

        return rules;
    }

    /// <summary>All fields of a schema, nested ones included, outermost first.</summary>
    public static IEnumerable<StructField> Fields(DataType type) => type switch
    {
        StructType nested => nested.Fields.SelectMany(f => Fields(f.Type).Prepend(f)),
        ArrayType array => Fields(array.ElementType),
        MapType map => Fields(map.KeyType).Concat(Fields(map.ValueType)),
        PrimitiveType or DecimalType => [],
        _ => [],
    };

    /// <summary>All types in a type, itself included.</summary>
    public static IEnumerable<DataType> Types(DataType type) => type switch
    {
        StructType nested => nested.Fields.SelectMany(f => Types(f.Type)).Prepend(type),
        ArrayType array => Types(array.ElementType).Prepend(type),
        MapType map => Types(map.KeyType).Concat(Types(map.ValueType)).Prepend(type),
        PrimitiveType or DecimalType => [type],
        _ => [type],
    };

    private static void OfField(StructField field, List<(string Feature, string By)> uses)
    {
        foreach (var (key, feature) in ((string, string)[])
        [
            ("delta.invariants", "invariants"),
            ("delta.generationExpression", "generatedColumns"),
            ("delta.identity.start", "identityColumns"),
            ("CURRENT_DEFAULT", "allowColumnDefaults"),
            ("delta.typeChanges", "typeWidening"),
        ])
        {
            if (field.Metadata.Json(key) is not null)
            {
                uses.Add((feature, $"{key} of the column '{field.Name}'"));
            }
        }
    }
}

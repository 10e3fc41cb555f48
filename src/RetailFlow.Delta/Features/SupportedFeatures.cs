using System.Collections.Frozen;

namespace RetailFlow.Delta;

/// <summary>
/// The protocol gate: which table features are understood, by name. A feature that a table lists and that is not here makes
/// reading or writing it an error that names the feature.
/// </summary>
public static class SupportedFeatures
{
    /// <summary>Features of readers that are implemented.</summary>
    public static readonly IReadOnlySet<string> Reader = FrozenSet.Create(StringComparer.Ordinal, "timestampNtz", "vacuumProtocolCheck");

    /// <summary>
    /// Features of writers that are implemented. Invariants, check constraints and generated columns need an engine, so a table
    /// may list them but not use them.
    /// </summary>
    public static readonly IReadOnlySet<string> Writer = FrozenSet.Create(
        StringComparer.Ordinal,
        "appendOnly",
        "invariants",
        "checkConstraints",
        "generatedColumns",
        "changeDataFeed",
        "domainMetadata",
        "inCommitTimestamp",
        "timestampNtz",
        "vacuumProtocolCheck");

    // What a table may use below writer version 7, by the first version that allows it.
    private static readonly (int Version, string Feature)[] LegacyWriter =
    [
        (2, "appendOnly"), (2, "invariants"), (3, "checkConstraints"), (4, "changeDataFeed"), (4, "generatedColumns"),
        (5, "columnMapping"), (6, "identityColumns"),
    ];

    /// <summary>Throws when the table cannot be read.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>, naming the version or features.</exception>
    public static void RequireReadable(Protocol protocol, Metadata metadata, string table)
    {
        if (protocol.MinReaderVersion is < 1 or > 3)
        {
            throw DeltaException.Unsupported($"The table '{table}' needs reader version {protocol.MinReaderVersion}; versions 1 to 3 are supported.");
        }

        if (protocol.MinReaderVersion == 3)
        {
            if (protocol.ReaderFeatures is null)
            {
                throw DeltaException.Corrupt($"The table '{table}' has reader version 3 but no readerFeatures.");
            }

            Refuse(table, "read", protocol.ReaderFeatures.Where(f => !Reader.Contains(f)));
        }
        else if (protocol.MinReaderVersion == 2)
        {
            Refuse(table, "read", InUse(metadata, "columnMapping") ? ["columnMapping"] : []);
        }
    }

    /// <summary>Throws when the table cannot be written.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>, naming the version or features.</exception>
    public static void RequireWritable(Protocol protocol, Metadata metadata, string table)
    {
        if (protocol.MinWriterVersion is < 1 or > 7)
        {
            throw DeltaException.Unsupported($"The table '{table}' needs writer version {protocol.MinWriterVersion}; versions 1 to 7 are supported.");
        }

        if (protocol.MinWriterVersion < 7)
        {
            var implied = LegacyWriter.Where(l => l.Version <= protocol.MinWriterVersion).Select(l => l.Feature);
            Refuse(table, "written", implied.Where(f => NeedsEngine(f) && InUse(metadata, f)));
            return;
        }

        if (protocol.WriterFeatures is null)
        {
            throw DeltaException.Corrupt($"The table '{table}' has writer version 7 but no writerFeatures.");
        }

        Refuse(table, "written", protocol.WriterFeatures.Where(f => !Writer.Contains(f) || (NeedsEngine(f) && InUse(metadata, f))));
    }

    private static bool NeedsEngine(string feature) =>
        feature is "invariants" or "checkConstraints" or "generatedColumns" or "columnMapping" or "identityColumns";

    private static bool InUse(Metadata metadata, string feature) => feature switch
    {
        "columnMapping" => new TableProperties(metadata.Configuration).ColumnMappingMode != "none",
        "checkConstraints" => metadata.Configuration.Keys.Any(k => k.StartsWith("delta.constraints.", StringComparison.Ordinal)),
        "invariants" => AnyField(metadata.Schema, "delta.invariants"),
        "generatedColumns" => AnyField(metadata.Schema, "delta.generationExpression"),
        "identityColumns" => AnyField(metadata.Schema, "delta.identity.start"),
        _ => true,
    };

    private static bool AnyField(DataType type, string annotation) => type switch
    {
        StructType nested => nested.Fields.Any(f => f.Metadata.Json(annotation) is not null || AnyField(f.Type, annotation)),
        ArrayType array => AnyField(array.ElementType, annotation),
        MapType map => AnyField(map.KeyType, annotation) || AnyField(map.ValueType, annotation),
        PrimitiveType or DecimalType => false,
        _ => false,
    };

    private static void Refuse(string table, string verb, IEnumerable<string> features)
    {
        var names = string.Join(", ", features.Order(StringComparer.Ordinal));
        if (names.Length > 0)
        {
            throw DeltaException.Unsupported($"The table '{table}' cannot be {verb}: it needs features that are not supported: {names}.");
        }
    }
}

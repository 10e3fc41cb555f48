using System.Collections.Frozen;

namespace RetailFlow.Delta;

/// <summary>
/// The protocol gate: which table features are understood, by name. A feature that a table lists and that is not here makes
/// reading or writing it an error that names the feature.
/// </summary>
public static class SupportedFeatures
{
    /// <summary>Features of readers that are implemented.</summary>
    public static readonly IReadOnlySet<string> Reader = FrozenSet.Create(
        StringComparer.Ordinal,
        "columnMapping",
        "deletionVectors",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck");

    /// <summary>
    /// Features of writers that are implemented. What rows must obey (invariants, CHECK constraints, generated columns) is for
    /// the engine that writes them, which states that it did: <see cref="DeltaTransaction.EnforcedConstraints"/>.
    /// </summary>
    public static readonly IReadOnlySet<string> Writer = FrozenSet.Create(
        StringComparer.Ordinal,
        "allowColumnDefaults",
        "appendOnly",
        "changeDataFeed",
        "checkConstraints",
        "clustering",
        "columnMapping",
        "deletionVectors",
        "domainMetadata",
        "generatedColumns",
        "inCommitTimestamp",
        "invariants",
        "rowTracking",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck");

    // May be listed, but a column that uses them makes the table one that cannot be written.
    private static readonly FrozenSet<string> WritableUntilUsed = FrozenSet.Create(StringComparer.Ordinal, "identityColumns");

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

        _ = ColumnMapping.ModeOf(metadata);
    }

    /// <summary>Throws when the table cannot be written.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>, naming the version or features.</exception>
    public static void RequireWritable(Protocol protocol, Metadata metadata, string table)
    {
        if (protocol.MinWriterVersion is < 1 or > 7)
        {
            throw DeltaException.Unsupported($"The table '{table}' needs writer version {protocol.MinWriterVersion}; versions 1 to 7 are supported.");
        }

        if (protocol.MinWriterVersion == 7 && protocol.WriterFeatures is null)
        {
            throw DeltaException.Corrupt($"The table '{table}' has writer version 7 but no writerFeatures.");
        }

        var used = FeatureUse.Of(metadata).Select(u => u.Feature).ToHashSet(StringComparer.Ordinal);
        Refuse(table, "written", TableFeature.Of(protocol).Where(f => !Writer.Contains(f) && (!WritableUntilUsed.Contains(f) || used.Contains(f))));
    }

    private static void Refuse(string table, string verb, IEnumerable<string> features)
    {
        var names = string.Join(", ", features.Order(StringComparer.Ordinal));
        if (names.Length > 0)
        {
            throw DeltaException.Unsupported($"The table '{table}' cannot be {verb}: it needs features that are not supported: {names}.");
        }
    }
}

namespace RetailFlow.Delta;

/// <summary>What a table must not have, and whom it would shut out.</summary>
/// <param name="Feature">The feature, version or property.</param>
/// <param name="Reader">Readers that would no longer read the table.</param>
/// <param name="Message">What is wrong, with the value found.</param>
public sealed record ProfileViolation(string Feature, string Reader, string Message);

/// <summary>
/// For whom a table is kept readable. <see cref="Interop"/> tables are read by everything that reads Delta at all;
/// <see cref="Modern"/> ones trade the oldest readers for cheap changes. Recorded as the property <c>retailflow.profile</c>.
/// </summary>
public sealed class TableProfile
{
    /// <summary>Name of the table property that records the profile.</summary>
    public const string Property = "retailflow.profile";

    /// <summary>Reader 1, writer 2 to 4, classic checkpoints; for what is shared.</summary>
    public static readonly TableProfile Interop = new("interop");

    /// <summary>Reader 3, writer 7 with deletion vectors, in-commit timestamps and metadata domains.</summary>
    public static readonly TableProfile Modern = new("modern");

    private const string OldReaders = "Synapse serverless, Power BI (DeltaLake.Table), Delta Sharing with parquet responses";

    private static readonly (string Feature, string Reader)[] Excluded =
    [
        ("columnMapping", "Synapse serverless, Fabric pipelines"),
        ("deletionVectors", "Synapse serverless, Fabric pipelines, Delta Sharing with parquet responses"),
        ("timestampNtz", "Fabric SQL endpoint and Direct Lake"),
        ("v2Checkpoint", "Synapse serverless"),
        ("typeWidening", OldReaders),
        ("typeWidening-preview", OldReaders),
        ("variantType", OldReaders),
        ("vacuumProtocolCheck", OldReaders),
    ];

    private TableProfile(string name) => Name = name;

    /// <summary>Name in the property.</summary>
    public string Name { get; }

    /// <summary>The profile of that name, or null.</summary>
    public static TableProfile? Find(string name) => name == Interop.Name ? Interop : name == Modern.Name ? Modern : null;

    /// <summary>The properties of a table of this profile, with those that its creator wants.</summary>
    /// <param name="wanted">Properties beside the profile's; they are not checked here.</param>
    public IReadOnlyDictionary<string, string> Properties(IReadOnlyDictionary<string, string>? wanted = null)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal) { [Property] = Name };
        if (this == Modern)
        {
            properties["delta.enableDeletionVectors"] = "true";
            properties["delta.enableInCommitTimestamps"] = "true";
        }

        foreach (var (key, value) in wanted ?? EmptyMaps.Text)
        {
            properties[key] = value;
        }

        return properties;
    }

    /// <summary>The protocol for a new table of this profile with this metadata.</summary>
    /// <exception cref="DeltaException">The metadata needs what the profile excludes (<see cref="DeltaErrorKind.InvalidCommit"/>).</exception>
    public Protocol CreateProtocol(Metadata metadata)
    {
        var protocol = this == Modern
            ? ProtocolUpgrade.For(null, metadata, "deletionVectors", "inCommitTimestamp", "domainMetadata")
            : ProtocolUpgrade.For(null, metadata);
        return Check(protocol, metadata) is [var first, ..] ? throw DeltaException.InvalidCommit(first.Message) : protocol;
    }

    /// <summary>What the table has that its profile excludes; empty if it fits.</summary>
    public IReadOnlyList<ProfileViolation> Check(Protocol protocol, Metadata metadata)
    {
        var violations = new List<ProfileViolation>();
        if (this == Modern)
        {
            foreach (var feature in (string[])["deletionVectors", "inCommitTimestamp", "domainMetadata"])
            {
                if (!TableFeature.Supports(protocol, feature))
                {
                    violations.Add(new(feature, "none", $"The profile 'modern' needs the feature {feature} in the protocol."));
                }
            }

            return violations;
        }

        foreach (var (feature, reader) in Excluded)
        {
            if (protocol.ReaderFeatures?.Contains(feature) == true || (feature == "columnMapping" && protocol.MinReaderVersion == 2))
            {
                violations.Add(new(feature, reader, $"The profile 'interop' excludes the feature {feature}: {reader} could not read the table."));
            }
        }

        if (violations.Count == 0 && protocol.MinReaderVersion > 1)
        {
            violations.Add(Breaks("minReaderVersion", $"is {protocol.MinReaderVersion}, and 'interop' has 1"));
        }

        if (protocol.MinWriterVersion > 4)
        {
            var listed = TableFeature.Of(protocol).Except(TableFeature.Of(new Protocol(1, 4))).Order(StringComparer.Ordinal);
            violations.Add(new(
                "minWriterVersion",
                "Spark before Delta 2.3 and Synapse Spark pools, as writers",
                $"The profile 'interop' has writer versions 2 to 4, not {protocol.MinWriterVersion} (for {string.Join(", ", listed)})."));
        }

        foreach (var (feature, by) in FeatureUse.Of(metadata))
        {
            if (Array.Exists(Excluded, e => e.Feature == feature) && !violations.Exists(v => v.Feature == feature))
            {
                var reader = Array.Find(Excluded, e => e.Feature == feature).Reader;
                violations.Add(new(feature, reader, $"The profile 'interop' excludes the feature {feature} ({by}): {reader} could not read the table."));
            }
        }

        foreach (var field in FeatureUse.Fields(metadata.Schema).Where(f => !IsPlain(f.Name)))
        {
            violations.Add(Breaks("columnName", $"'{field.Name}' is not lower_snake_case"));
        }

        return violations;
    }

    private static ProfileViolation Breaks(string what, string why) =>
        new(what, OldReaders, $"The profile 'interop' excludes this table: {what} {why}. It would break {OldReaders}.");

    private static bool IsPlain(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');
}

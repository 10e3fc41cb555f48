namespace RetailFlow.Delta;

/// <summary>A table feature of the protocol (appendix "Valid Feature Names in Table Features").</summary>
/// <param name="Name">Name in <c>readerFeatures</c> and <c>writerFeatures</c>.</param>
/// <param name="IsForReaders">True when readers must understand it too: then it needs reader version 3.</param>
/// <param name="LegacyWriter">The first writer version below 7 that implies it; null if it must be listed.</param>
/// <param name="LegacyReader">The first reader version below 3 that implies it; null if it must be listed or is for writers alone.</param>
internal sealed record TableFeature(string Name, bool IsForReaders, int? LegacyWriter = null, int? LegacyReader = null)
{
    private static readonly TableFeature[] Known =
    [
        new("appendOnly", false, 2),
        new("invariants", false, 2),
        new("checkConstraints", false, 3),
        new("changeDataFeed", false, 4),
        new("generatedColumns", false, 4),
        new("columnMapping", true, 5, 2),
        new("identityColumns", false, 6),
        new("allowColumnDefaults", false),
        new("catalogManaged", true) { Requires = ["inCommitTimestamp", "vacuumProtocolCheck"] },
        new("clustering", false) { Requires = ["domainMetadata"] },
        new("deletionVectors", true),
        new("domainMetadata", false),
        new("icebergCompatV1", false) { Requires = ["columnMapping"] },
        new("icebergCompatV2", false) { Requires = ["columnMapping"] },
        new("inCommitTimestamp", false),
        new("rowTracking", false) { Requires = ["domainMetadata"] },
        new("timestampNtz", true),
        new("typeWidening", true),
        new("typeWidening-preview", true),
        new("v2Checkpoint", true),
        new("vacuumProtocolCheck", true),
        new("variantShredding", true) { Requires = ["variantType"] },
        new("variantType", true),
    ];

    /// <summary>Features that the protocol must have beside it.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>The feature of that name, or null.</summary>
    public static TableFeature? Find(string name) => Array.Find(Known, f => f.Name == name);

    /// <summary>The features that a protocol supports: the listed ones, or what its versions imply.</summary>
    public static IReadOnlySet<string> Of(Protocol protocol) =>
        protocol.WriterFeatures ?? Known.Where(f => f.IsImplied(protocol)).Select(f => f.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether the protocol lets a writer use the feature, and readers know of it.</summary>
    public static bool Supports(Protocol protocol, string feature) =>
        protocol.WriterFeatures?.Contains(feature) ?? Find(feature)?.IsImplied(protocol) == true;

    private bool IsImplied(Protocol protocol) =>
        LegacyWriter <= protocol.MinWriterVersion && (LegacyReader ?? 1) <= protocol.MinReaderVersion;
}

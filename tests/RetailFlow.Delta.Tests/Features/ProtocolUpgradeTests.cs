namespace RetailFlow.Delta.Tests;

public sealed class ProtocolUpgradeTests
{
    // A protocol is written as "reader writer | reader features | writer features".
    [Theory]
    [InlineData(null, "", "", "1 2")]
    [InlineData(null, "delta.appendOnly=true", "", "1 2")]
    [InlineData(null, "delta.constraints.a=id > 0", "", "1 3")]
    [InlineData(null, "delta.enableChangeDataFeed=true", "", "1 4")]
    [InlineData(null, "delta.columnMapping.mode=name", "", "2 5")]
    [InlineData(null, "delta.enableDeletionVectors=true", "", "3 7|deletionVectors|appendOnly deletionVectors invariants")]
    [InlineData(null, "delta.enableInCommitTimestamps=true", "", "1 7||appendOnly inCommitTimestamp invariants")]
    [InlineData(null, "delta.checkpointPolicy=v2", "", "3 7|v2Checkpoint|appendOnly invariants v2Checkpoint")]
    [InlineData(null, "delta.enableRowTracking=true", "", "1 7||appendOnly domainMetadata invariants rowTracking")]
    [InlineData(null, "delta.enableTypeWidening=true", "", "3 7|typeWidening|appendOnly invariants typeWidening")]
    [InlineData(null, "", "clustering", "1 7||appendOnly clustering domainMetadata invariants")]
    [InlineData(null, "delta.feature.vacuumProtocolCheck=supported", "", "3 7|vacuumProtocolCheck|appendOnly invariants vacuumProtocolCheck")]
    [InlineData("1 4", "", "", "1 4")]
    [InlineData("1 4", "delta.appendOnly=true", "", "1 4")]
    [InlineData("1 2", "delta.enableChangeDataFeed=true", "", "1 4")]
    [InlineData("1 4", "delta.columnMapping.mode=name", "", "2 5")]
    [InlineData("1 4", "", "domainMetadata", "1 7||appendOnly changeDataFeed checkConstraints domainMetadata generatedColumns invariants")]
    [InlineData("1 4", "", "deletionVectors", "3 7|deletionVectors|appendOnly changeDataFeed checkConstraints deletionVectors generatedColumns invariants")]
    [InlineData("2 5", "", "domainMetadata", "2 7||appendOnly changeDataFeed checkConstraints columnMapping domainMetadata generatedColumns invariants")]
    [InlineData("2 5", "", "deletionVectors", "3 7|columnMapping deletionVectors|appendOnly changeDataFeed checkConstraints columnMapping deletionVectors generatedColumns invariants")]
    [InlineData("1 6", "", "domainMetadata", "1 7||appendOnly changeDataFeed checkConstraints domainMetadata generatedColumns identityColumns invariants")]
    [InlineData("1 7||appendOnly", "delta.enableChangeDataFeed=true", "", "1 7||appendOnly changeDataFeed")]
    [InlineData("1 7||appendOnly", "delta.columnMapping.mode=name", "", "3 7|columnMapping|appendOnly columnMapping")]
    [InlineData("3 7|deletionVectors|deletionVectors", "", "deletionVectors", "3 7|deletionVectors|deletionVectors")]
    [InlineData("3 7|typeWidening-preview|typeWidening-preview", "delta.enableTypeWidening=true", "", "3 7|typeWidening-preview|typeWidening-preview")]
    public void Protocol_is_the_lowest_that_suffices(string? current, string property, string feature, string expected)
    {
        var metadata = property.Length == 0 ? TestTable.MetadataOf() : TestTable.MetadataOf(configuration: (property.Split('=')[0], property[(property.IndexOf('=') + 1)..]));

        var next = ProtocolUpgrade.For(Parse(current), metadata, feature.Length == 0 ? [] : [feature]);

        Assert.Equal(expected, Text(next));
        Assert.Null(ProtocolRules.Malformed(next));
        Assert.False(Parse(current) is { } old && ProtocolRules.IsDowngrade(old, next));
    }

    [Fact]
    public void Types_and_annotations_are_features_too()
    {
        var schema = StructType.Parse(
            """{"type":"struct","fields":[{"name":"a","type":{"type":"array","elementType":"timestamp_ntz","containsNull":true},"nullable":true,"metadata":{}},{"name":"b","type":"long","nullable":true,"metadata":{"CURRENT_DEFAULT":"1"}},{"name":"c","type":"long","nullable":true,"metadata":{"delta.generationExpression":"b + 1"}}]}""");

        Assert.Equal(
            "3 7|timestampNtz|allowColumnDefaults appendOnly generatedColumns invariants timestampNtz",
            Text(ProtocolUpgrade.For(null, TestTable.MetadataOf(schema))));
    }

    [Fact]
    public void Feature_that_is_not_known_is_refused_by_name()
    {
        var error = Assert.Throws<DeltaException>(() => ProtocolUpgrade.For(null, TestTable.MetadataOf(), "timeMachine"));

        Assert.Equal((DeltaErrorKind.UnsupportedFeature, "There is no table feature 'timeMachine' that is supported."), (error.Kind, error.Message));
    }

    internal static string Text(Protocol protocol) => $"{protocol.MinReaderVersion} {protocol.MinWriterVersion}"
        + (protocol.WriterFeatures is null ? "" : $"|{Names(protocol.ReaderFeatures)}|{Names(protocol.WriterFeatures)}");

    internal static Protocol? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var parts = text.Split('|');
        var versions = parts[0].Split(' ').Select(int.Parse).ToArray();
        return parts.Length == 1
            ? new Protocol(versions[0], versions[1])
            : new Protocol(versions[0], versions[1], versions[0] == 3 ? parts[1].Split(' ').ToHashSet() : null, parts[2].Split(' ').ToHashSet());
    }

    private static string Names(IReadOnlySet<string>? names) => names is null ? "" : string.Join(' ', names.Order(StringComparer.Ordinal));
}

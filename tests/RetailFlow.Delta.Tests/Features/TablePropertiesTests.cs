namespace RetailFlow.Delta.Tests;

public sealed class TablePropertiesTests
{
    [Theory]
    [InlineData("interval 2 days", 172_800_000)]
    [InlineData("interval 1 week", 604_800_000)]
    [InlineData("INTERVAL 90 MINUTES", 5_400_000)]
    [InlineData("1 day 12 hours", 129_600_000)]
    [InlineData("interval 0.5 hours", 1_800_000)]
    [InlineData("interval 250 milliseconds", 250)]
    public void Interval_is_a_sum_of_counts_and_units(string text, long milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Of("delta.deletedFileRetentionDuration", text).DeletedFileRetention);
    }

    [Theory]
    [InlineData("")]
    [InlineData("interval")]
    [InlineData("interval 2")]
    [InlineData("interval two days")]
    [InlineData("interval 2 moons")]
    [InlineData("interval 1e300 days")]
    [InlineData("interval NaN days")]
    public void Interval_that_is_none_is_an_error_that_names_the_property(string text)
    {
        var error = Assert.Throws<DeltaException>(() => Of("delta.deletedFileRetentionDuration", text).DeletedFileRetention);

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.Contains("'delta.deletedFileRetentionDuration'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("104857600", 104_857_600)]
    [InlineData("1024b", 1_024)]
    [InlineData("64k", 65_536)]
    [InlineData("16mb", 16_777_216)]
    [InlineData(" 16 MB ", 16_777_216)]
    [InlineData("1Gb", 1_073_741_824)]
    [InlineData("1024gb", 1_099_511_627_776)]
    public void Target_file_size_is_bytes_or_a_count_with_a_unit(string text, long bytes)
    {
        var properties = Of("delta.targetFileSize", text);

        Assert.Equal((bytes, bytes), (properties.TargetFileSize!.Value, properties.TargetFileBytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lots")]
    [InlineData("mb")]
    [InlineData("-16mb")]
    [InlineData("1.5mb")]
    [InlineData("16 megs")]
    [InlineData("1e6")]
    [InlineData("0")]
    [InlineData("1023")]
    [InlineData("1025gb")]
    [InlineData("9223372036854775807gb")]
    public void Target_file_size_that_is_none_is_an_error_that_names_property_and_rule(string text)
    {
        var properties = Of("delta.targetFileSize", text);

        var error = Assert.Throws<DeltaException>(() => properties.TargetFileBytes);

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.StartsWith($"The table property 'delta.targetFileSize' has the value '{text}', which is no size: a number of bytes", error.Message, StringComparison.Ordinal);
        Assert.Throws<DeltaException>(properties.RequireWellFormed);
    }

    [Theory]
    [InlineData(null, null, null, 128)]
    [InlineData("modern", null, "true", 128)]
    [InlineData("interop", null, null, 16)]
    [InlineData("interop", null, "true", 128)]
    [InlineData("interop", "false", null, 128)]
    [InlineData("modern", "true", "true", 16)]
    [InlineData(null, "true", null, 16)]
    public void Files_of_tables_whose_changes_rewrite_files_are_smaller(string? profile, string? tune, string? vectors, long mebibytes)
    {
        var configuration = new (string Key, string? Value)[] { (TableProfile.Property, profile), ("delta.tuneFileSizesForRewrites", tune), ("delta.enableDeletionVectors", vectors) }
            .Where(p => p.Value is not null)
            .ToDictionary(p => p.Key, p => p.Value!);

        Assert.Equal(mebibytes << 20, new TableProperties(configuration).TargetFileBytes);
        Assert.Equal(3 << 20, new TableProperties(new Dictionary<string, string>(configuration) { ["delta.targetFileSize"] = "3mb" }).TargetFileBytes);
    }

    [Fact]
    public void Properties_that_are_not_set_have_the_defaults_of_the_protocol()
    {
        var properties = new TableProperties(new Dictionary<string, string>());

        Assert.Equal(
            (false, false, false, null, null, TimeSpan.FromDays(7), null, 32, "none"),
            (properties.AppendOnly, properties.ChangeDataFeed, properties.InCommitTimestamps, properties.CheckpointInterval, properties.IsolationLevel,
                properties.DeletedFileRetention, properties.TransactionRetention, properties.IndexedColumns, properties.ColumnMappingMode));
    }

    [Fact]
    public void Isolation_level_of_the_table_counts_for_its_transactions()
    {
        var state = LogState.Empty.Apply([new Protocol(1, 2), TestTable.MetadataOf(configuration: ("delta.isolationLevel", "Serializable")), TestTable.File("a")]);
        var snapshot = new Snapshot(TestTable.Path, 0, state, TestTable.Start, null, TestTable.Start);
        var append = DeltaTransaction.Create(snapshot, "WRITE");
        append.Add(TestTable.File("b"));
        var compaction = DeltaTransaction.Create(snapshot, "OPTIMIZE");
        compaction.Remove(snapshot.Files.Single(), dataChange: false);

        Assert.Equal((IsolationLevel.Serializable, IsolationLevel.SnapshotIsolation), (append.EffectiveIsolationLevel, compaction.EffectiveIsolationLevel));
        Assert.Equal((true, false), (append.IsBlindAppend, compaction.IsBlindAppend));
    }

    private static TableProperties Of(string key, string value) => new(new Dictionary<string, string> { [key] = value });
}

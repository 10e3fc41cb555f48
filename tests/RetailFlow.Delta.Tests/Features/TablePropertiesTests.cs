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

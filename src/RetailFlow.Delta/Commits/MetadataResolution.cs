namespace RetailFlow.Delta;

/// <summary>Changes of metadata that no concurrent writer has to know of, because they bind only what comes after them. Pure.</summary>
internal static class MetadataResolution
{
    // What a writer does for them is decided again for every version that it tries.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "delta.checkpointInterval",
        "delta.checkpointPolicy",
        "delta.deletedFileRetentionDuration",
        "delta.enableDeletionVectors",
        "delta.enableInCommitTimestamps",
        "delta.enableTypeWidening",
        "delta.inCommitTimestampEnablementTimestamp",
        "delta.inCommitTimestampEnablementVersion",
        "delta.logRetentionDuration",
        "delta.setTransactionRetentionDuration",
        "delta.targetFileSize",
    };

    /// <summary>Whether a transaction that changes no metadata may follow.</summary>
    public static bool IsHarmless(Metadata before, Metadata after)
    {
        var same = before.Id == after.Id && before.SchemaString == after.SchemaString && before.FormatProvider == after.FormatProvider
            && before.PartitionColumns.SequenceEqual(after.PartitionColumns, StringComparer.Ordinal);
        return same
            && before.Configuration.Keys.Union(after.Configuration.Keys, StringComparer.Ordinal)
                .Where(k => before.Configuration.GetValueOrDefault(k) != after.Configuration.GetValueOrDefault(k))
                .All(k => Harmless.Contains(k) && !IsTurnedOff(k, after));
    }

    // A transaction may rely on what was allowed when it began.
    private static bool IsTurnedOff(string key, Metadata after) =>
        key.StartsWith("delta.enable", StringComparison.Ordinal) && after.Configuration.GetValueOrDefault(key) != "true";
}

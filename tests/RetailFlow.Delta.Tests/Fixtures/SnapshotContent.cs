namespace RetailFlow.Delta.Tests;

/// <summary>The content of a snapshot as text, in an order that does not depend on how it was built.</summary>
internal static class SnapshotContent
{
    public static string[] Paths(Snapshot snapshot) => [.. snapshot.Files.Select(f => f.Path).Order(StringComparer.Ordinal)];

    /// <summary>Every action but the commits'; whether an action changed data when it was written is history, not state.</summary>
    public static string[] Of(Snapshot snapshot) =>
    [
        DeltaActionJson.ToJson(snapshot.Protocol),
        DeltaActionJson.ToJson(snapshot.Metadata),
        .. snapshot.Transactions.Values.Select(DeltaActionJson.ToJson).Order(StringComparer.Ordinal),
        .. snapshot.DomainMetadata.Values.Select(DeltaActionJson.ToJson).Order(StringComparer.Ordinal),
        .. snapshot.Files.Select(f => DeltaActionJson.ToJson(f with { DataChange = true })).Order(StringComparer.Ordinal),
        .. snapshot.Tombstones.Select(t => DeltaActionJson.ToJson(t with { DataChange = true })).Order(StringComparer.Ordinal),
        $"files {snapshot.FileCount}, bytes {snapshot.TotalSize}",
    ];
}

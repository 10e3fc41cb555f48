namespace RetailFlow.Tables;

/// <summary>What a vacuum deleted, or would delete.</summary>
/// <param name="Files">Paths in the store, in ordinal order.</param>
/// <param name="Bytes">Sum of their lengths.</param>
/// <param name="DeletedBefore">Files that left the table after this time were kept, and so was everything written after it.</param>
/// <param name="DryRun">True if nothing was deleted.</param>
public sealed record VacuumReport(IReadOnlyList<string> Files, long Bytes, DateTimeOffset DeletedBefore, bool DryRun);

/// <summary>What a restore did.</summary>
/// <param name="Version">Version that was committed; null if the table was as the target.</param>
/// <param name="RestoredVersion">The target.</param>
/// <param name="FilesRestored">Files that came back.</param>
/// <param name="FilesRemoved">Files that left.</param>
public sealed record RestoreReport(long? Version, long RestoredVersion, int FilesRestored, int FilesRemoved);

/// <summary>What a rewrite of a table's files did.</summary>
/// <param name="Version">Version that was committed; null if there was nothing to do.</param>
/// <param name="FilesRemoved">Files that left.</param>
/// <param name="FilesAdded">Files that came.</param>
/// <param name="BytesRemoved">Bytes that left.</param>
/// <param name="BytesAdded">Bytes that came.</param>
/// <param name="DeletionVectorsRemoved">Files whose deleted rows were left out for good.</param>
public sealed record OptimizeOutcome(long? Version, int FilesRemoved, int FilesAdded, long BytesRemoved, long BytesAdded, int DeletionVectorsRemoved);

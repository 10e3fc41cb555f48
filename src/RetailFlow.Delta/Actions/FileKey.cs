namespace RetailFlow.Delta;

/// <summary>What identifies a logical file in the log: its data file and its deletion vector (protocol section "Action Reconciliation").</summary>
/// <param name="Path">Decoded, canonical path of the data file.</param>
/// <param name="DeletionVectorId"><see cref="DeletionVectorDescriptor.UniqueId"/>, or null.</param>
public readonly record struct FileKey(string Path, string? DeletionVectorId);

/// <summary>Where the deletion vector of a file is kept (protocol section "Deletion Vector Descriptor Schema").</summary>
/// <param name="StorageType"><c>u</c> relative with UUID, <c>p</c> absolute path, <c>i</c> inline.</param>
/// <param name="PathOrInlineDv">Meaning depends on <paramref name="StorageType"/>.</param>
/// <param name="Offset">Start within the file in bytes; null for inline vectors.</param>
/// <param name="SizeInBytes">Length of the serialized vector.</param>
/// <param name="Cardinality">Number of rows that it removes.</param>
/// <param name="MaxRowIndex">Largest row index in it, if recorded.</param>
public sealed record DeletionVectorDescriptor(
    string StorageType,
    string PathOrInlineDv,
    int? Offset,
    int SizeInBytes,
    long Cardinality,
    long? MaxRowIndex = null)
{
    /// <summary>Identifies the vector among all of the table.</summary>
    public string UniqueId => Offset is { } offset
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{StorageType}{PathOrInlineDv}@{offset}")
        : StorageType + PathOrInlineDv;
}

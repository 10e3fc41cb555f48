using System.Globalization;

namespace RetailFlow.Tables;

/// <summary>How rows are laid out over files.</summary>
internal sealed record WriteLayout
{
    /// <summary>Rows as they come, in files of the table's size.</summary>
    public static WriteLayout AsTheyCome { get; } = new();

    /// <summary>
    /// A file is closed when it passes this many bytes; null for the size that the table's properties ask for. Has no effect on
    /// partitioned tables.
    /// </summary>
    public long? FileBytes { get; init; }

    /// <summary>Rows of a row group, or null for the engine's default.</summary>
    public int? RowGroupRows { get; init; }

    /// <summary>Expressions over the rows' columns to sort by, or null.</summary>
    public string? SortBy { get; init; }

    internal string OrderBy => SortBy is null ? "" : $" ORDER BY {SortBy}";

    internal string RowGroup => RowGroupRows is { } rows ? $", ROW_GROUP_SIZE {rows.ToString(CultureInfo.InvariantCulture)}" : "";

    /// <summary>
    /// Rows that were in files of these bytes. What is much too large is divided; else the room above the target keeps the last rows
    /// from becoming a file of their own.
    /// </summary>
    /// <param name="bytes">Bytes of those files.</param>
    /// <param name="targetBytes">Size in bytes that files shall have.</param>
    public static WriteLayout Rewriting(long bytes, long targetBytes)
    {
        var files = (bytes + (targetBytes / 2)) / targetBytes;
        return new WriteLayout { FileBytes = files < 2 ? 2 * targetBytes : bytes / files };
    }
}

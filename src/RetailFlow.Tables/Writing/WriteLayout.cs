using System.Globalization;

namespace RetailFlow.Tables;

/// <summary>How rows are laid out over files.</summary>
internal sealed record WriteLayout
{
    /// <summary>Files are closed when they pass this size.</summary>
    public const long TargetFileBytes = 128L << 20;

    /// <summary>Rows as they come, in files of the usual size.</summary>
    public static WriteLayout AsTheyCome { get; } = new();

    /// <summary>A file is closed when it passes this many bytes. Has no effect on partitioned tables.</summary>
    public long FileBytes { get; init; } = TargetFileBytes;

    /// <summary>Rows of a row group, or null for the engine's default.</summary>
    public int? RowGroupRows { get; init; }

    /// <summary>Expressions over the rows' columns to sort by, or null.</summary>
    public string? SortBy { get; init; }

    internal string OrderBy => SortBy is null ? "" : $" ORDER BY {SortBy}";

    internal string RowGroup => RowGroupRows is { } rows ? $", ROW_GROUP_SIZE {rows.ToString(CultureInfo.InvariantCulture)}" : "";
}

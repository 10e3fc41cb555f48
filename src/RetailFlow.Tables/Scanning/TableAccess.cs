using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>What reading a table needs besides its snapshot.</summary>
/// <param name="Engine">The engine that reads.</param>
/// <param name="Store">The store that holds the table.</param>
/// <param name="Path">Path of the table in the store; empty for the store's root.</param>
internal sealed record TableAccess(TableEngine Engine, IObjectStore Store, string Path);

/// <summary>What a scan gives.</summary>
internal sealed record ScanOptions
{
    /// <summary>All columns and all live rows.</summary>
    public static ScanOptions Everything { get; } = new();

    /// <summary>Names of the columns wanted, in this order; null for all in the order of the schema.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>
    /// Adds two columns behind the others, <see cref="TableScan.FileColumn"/> (INTEGER: the file's place in the list given) and
    /// <see cref="TableScan.RowColumn"/> (BIGINT: the row's physical position in its file, from 0).
    /// </summary>
    public bool Positions { get; init; }

    /// <summary>Gives the rows that deletion vectors remove, too.</summary>
    public bool DeletedRowsToo { get; init; }

    /// <summary>
    /// Gives the rows that deletion vectors remove, too, and leaves it to the caller to ask <see cref="TableScan.Live"/>: cheaper where few rows of
    /// the relation are looked at in the end. Needs <see cref="Positions"/>.
    /// </summary>
    public bool DeletedRowsLater { get; init; }

    /// <summary>A condition in SQL over the table's columns, or null. It is trusted text.</summary>
    public string? Where { get; init; }
}

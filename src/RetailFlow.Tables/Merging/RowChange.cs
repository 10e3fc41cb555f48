namespace RetailFlow.Tables;

/// <summary>What a statement decided, as relations of one connection, before anything is written.</summary>
/// <param name="Scan">The files in which rows change, with positions.</param>
/// <param name="Gone">Rows that leave: <c>_file</c>, <c>_row</c>, <c>_updated</c> (true when a new version of the row comes). No row twice.</param>
/// <param name="Read">Rows on which the outcome depends, a superset of those that leave: <c>_file</c>, <c>_row</c>; a row may be there twice.</param>
/// <param name="Updated">New versions of rows: the table's columns, <c>_file</c> and <c>_row</c> of the old version; null for none.</param>
/// <param name="Inserted">New rows: the table's columns; null for none.</param>
internal sealed record RowChange(TableScan Scan, string Gone, string Read, string? Updated, string? Inserted)
{
    /// <summary>Rows that are added.</summary>
    public long InsertedRows { get; init; }

    /// <summary>Rows that get other values.</summary>
    public long UpdatedRows { get; init; }

    /// <summary>Rows that are taken away.</summary>
    public long DeletedRows { get; init; }

    /// <summary>True when nothing changes.</summary>
    public bool IsEmpty => InsertedRows + UpdatedRows + DeletedRows == 0;
}

namespace RetailFlow.Delta;

/// <summary>
/// One change of a table's columns or properties. The set is closed; <see cref="SchemaEvolution"/> applies it. Paths go through
/// lists and maps by the names <c>element</c>, <c>key</c> and <c>value</c>.
/// </summary>
public abstract record SchemaChange
{
    private SchemaChange()
    {
    }

    /// <summary>A new column, or field of a nested one; null for the rows that there are.</summary>
    /// <param name="Column">Its path; all but the last name exist.</param>
    /// <param name="Type">Its type.</param>
    /// <param name="Comment">Description for people, or null.</param>
    /// <param name="After">The sibling that it follows; empty to be the first, null to be the last.</param>
    public sealed record AddColumn(ColumnPath Column, DataType Type, string? Comment = null, string? After = null) : SchemaChange;

    /// <summary>A wider type of a column, element, key or value; needs <c>delta.enableTypeWidening</c>.</summary>
    public sealed record WidenType(ColumnPath Column, DataType Type) : SchemaChange;

    /// <summary>Another name; needs column mapping.</summary>
    public sealed record RenameColumn(ColumnPath Column, string Name) : SchemaChange;

    /// <summary>The column goes; needs column mapping.</summary>
    public sealed record DropColumn(ColumnPath Column) : SchemaChange;

    /// <summary>The column may be null.</summary>
    public sealed record DropNotNull(ColumnPath Column) : SchemaChange;

    /// <summary>Another description; null takes it away.</summary>
    public sealed record SetComment(ColumnPath Column, string? Comment) : SchemaChange;

    /// <summary>The SQL expression for rows that have no value of the column; null takes it away.</summary>
    public sealed record SetDefault(ColumnPath Column, string? Expression) : SchemaChange;

    /// <summary>Properties to set; <c>delta.feature.X = supported</c> asks for a feature.</summary>
    public sealed record SetProperties(IReadOnlyDictionary<string, string> Properties) : SchemaChange;

    /// <summary>Properties to take away.</summary>
    public sealed record UnsetProperties(IReadOnlyList<string> Keys) : SchemaChange;

    /// <summary>A CHECK constraint. The caller must have found every row of the table to satisfy it.</summary>
    public sealed record AddConstraint(string Name, string Expression) : SchemaChange;

    /// <summary>The CHECK constraint goes.</summary>
    public sealed record DropConstraint(string Name) : SchemaChange;
}

using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>A column of a Parquet file, or what is inside one, as the engine sees it.</summary>
/// <param name="Name">Name in the file; empty for the element of a list and for the key and value of a map.</param>
/// <param name="Id">Its field id, if the file gives one.</param>
/// <param name="Type">The engine's type for it.</param>
/// <param name="Children">Fields of a struct; the element of a list; key and value of a map.</param>
internal sealed record FileField(string Name, long? Id, DuckDbType Type, IReadOnlyList<FileField> Children)
{
    /// <summary>Whether this field or one inside it has a field id.</summary>
    public bool HasIds => Id is not null || Children.Any(c => c.HasIds);
}

/// <summary>The columns of a Parquet file.</summary>
/// <param name="Columns">In the order of the file.</param>
internal sealed record FileSchema(IReadOnlyList<FileField> Columns)
{
    /// <summary>Whether any field has a field id.</summary>
    public bool HasIds { get; } = Columns.Any(c => c.HasIds);
}

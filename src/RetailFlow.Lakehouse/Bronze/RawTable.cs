using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// The records of one RAW file as text, in the engine: <c>_row</c>, <c>_raw</c> and a VARCHAR column for each column of the file.
/// It disappears with its user.
/// </summary>
internal sealed class RawTable : IDisposable
{
    private readonly DuckDbConnection _connection;

    public RawTable(DuckDbConnection connection, string name, LandedFile file, IReadOnlyList<string> columns)
    {
        _connection = connection;
        Name = name;
        File = file;
        Columns = columns;
    }

    /// <summary>Name of the engine's table.</summary>
    public string Name { get; }

    /// <summary>The file.</summary>
    public LandedFile File { get; }

    /// <summary>The file's columns.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>True if <c>_raw</c> is a JSON object that may have members beside the columns.</summary>
    public bool IsJson { get; init; }

    /// <summary>Sets every record of the file aside for one reason.</summary>
    public void SetAside(QuarantineSink sink, string rule, string detail)
    {
        using var result = _connection.Query($"select _row, _raw from {Name} order by _row");
        while (result.NextChunk(out var chunk))
        {
            for (var i = 0; i < chunk.RowCount; i++)
            {
                sink.Add(File, chunk.Column<long>(0)[i], rule, "", detail, chunk.IsNull(1, i) ? [] : chunk.GetUtf8(1, i));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Execute($"drop table if exists {Name}");

    /// <summary>Creates the engine's table for a file with these columns.</summary>
    public static RawTable Create(DuckDbConnection connection, TableEngine engine, LandedFile file, IReadOnlyList<string> columns)
    {
        var name = engine.UniqueName("raw_text");
        connection.Execute($"create table {name} (_row bigint, _raw varchar{string.Concat(columns.Select(c => $", {SqlText.Name(c)} varchar"))})");
        return new RawTable(connection, name, file, columns);
    }
}

using System.Text.Unicode;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// Writes the columns of one chunk. Columns and rows count from 0. A row is valid unless <see cref="SetNull"/> is called for it;
/// what a chunk held before is undefined, so every value of a row that is not NULL must be written.
/// </summary>
public sealed unsafe class DuckDbChunkWriter
{
    private readonly VectorWriter[] columns;

    internal DuckDbChunkWriter(IEnumerable<DuckDbType> types)
    {
        columns = [.. types.Select(type => new VectorWriter(type))];
        Capacity = checked((int)NativeMethods.VectorSize());
    }

    /// <summary>Rows that a chunk can hold.</summary>
    public int Capacity { get; }

    /// <summary>How many columns there are.</summary>
    public int ColumnCount => columns.Length;

    /// <summary>
    /// The raw values of a column, <see cref="Capacity"/> of them: long for BIGINT, TIMESTAMP, TIMESTAMPTZ and DECIMAL of 10 to 18
    /// digits, int for INTEGER, DATE and DECIMAL of 5 to 9 digits, short for DECIMAL of up to 4, Int128 for HUGEINT and larger
    /// DECIMALs, byte or bool for BOOLEAN.
    /// </summary>
    /// <exception cref="ArgumentException">The size of <typeparamref name="T"/> is not that of the column's values, or the column holds texts or nested values.</exception>
    public Span<T> Column<T>(int column)
        where T : unmanaged
    {
        VectorWriter writer = columns[column];
        if (!writer.IsRaw)
        {
            throw new ArgumentException($"A column of {writer.Type} cannot be written as raw values.", nameof(column));
        }

        VectorLayout.Check<T>(writer.Type);
        return new Span<T>(writer.Data, Capacity);
    }

    /// <summary>Writes a VARCHAR; the bytes are copied.</summary>
    /// <exception cref="ArgumentException">The bytes are not valid UTF-8, or the column is not VARCHAR.</exception>
    public void SetUtf8(int column, int row, ReadOnlySpan<byte> value)
    {
        VectorWriter writer = columns[column];
        if (writer.Type.Kind != DuckDbTypeKind.Varchar)
        {
            throw new ArgumentException($"Column {column} is {writer.Type}, not VARCHAR.", nameof(column));
        }

        if (!Utf8.IsValid(value))
        {
            throw new ArgumentException($"The value of column {column} is not valid UTF-8.", nameof(value));
        }

        CheckRow(row);
        writer.WriteBytes(row, value);
    }

    /// <summary>Writes a VARCHAR whose bytes the caller knows to be UTF-8; they are copied and not looked at again.</summary>
    /// <exception cref="ArgumentException">The column is not VARCHAR.</exception>
    public void SetKnownUtf8(int column, int row, ReadOnlySpan<byte> value)
    {
        VectorWriter writer = columns[column];
        if (writer.Type.Kind != DuckDbTypeKind.Varchar)
        {
            throw new ArgumentException($"Column {column} is {writer.Type}, not VARCHAR.", nameof(column));
        }

        CheckRow(row);
        writer.WriteBytes(row, value);
    }

    /// <summary>Writes a BLOB; the bytes are copied.</summary>
    /// <exception cref="ArgumentException">The column is not BLOB.</exception>
    public void SetBlob(int column, int row, ReadOnlySpan<byte> value)
    {
        VectorWriter writer = columns[column];
        if (writer.Type.Kind != DuckDbTypeKind.Blob)
        {
            throw new ArgumentException($"Column {column} is {writer.Type}, not BLOB.", nameof(column));
        }

        CheckRow(row);
        writer.WriteBytes(row, value);
    }

    /// <summary>Makes a value NULL.</summary>
    public void SetNull(int column, int row)
    {
        CheckRow(row);
        columns[column].WriteNull(row);
    }

    /// <summary>
    /// Writes any value that <see cref="DuckDbChunk.GetValue"/> gives for a column of this type, except UNION, BIT and BIGNUM;
    /// integers and decimals of another type are taken when they fit without loss. Slower than the typed ways.
    /// </summary>
    /// <exception cref="InvalidCastException">A value of a type that the column does not take.</exception>
    /// <exception cref="OverflowException">A number that does not fit.</exception>
    public void SetValue(int column, int row, object? value)
    {
        CheckRow(row);
        columns[column].WriteValue(row, value);
    }

    internal void Attach(nint chunk)
    {
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i].Attach(NativeMethods.DataChunkGetVector(chunk, unchecked((ulong)i)));
        }
    }

    internal void Detach()
    {
        foreach (VectorWriter column in columns)
        {
            column.Attach(0);
        }
    }

    private void CheckRow(int row)
    {
        if ((uint)row >= (uint)Capacity)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, "The chunk has no such row.");
        }
    }
}

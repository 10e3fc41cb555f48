using System.Runtime.CompilerServices;
using System.Text;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Up to 2048 rows of a result, by column. Columns and rows count from 0. Spans are valid as long as the chunk.</summary>
public sealed unsafe class DuckDbChunk
{
    private readonly VectorReader[] readers;

    internal DuckDbChunk(IReadOnlyList<DuckDbColumnDefinition> columns) =>
        readers = [.. columns.Select(column => new VectorReader(column.Type))];

    /// <summary>Rows in this chunk.</summary>
    public int RowCount { get; private set; }

    /// <summary>
    /// The raw values of a column, as <see cref="DuckDbTypeKind"/> describes them; what stands at the place of a NULL is undefined.
    /// </summary>
    /// <exception cref="ArgumentException">The size of <typeparamref name="T"/> is not that of the column's values.</exception>
    public ReadOnlySpan<T> Column<T>(int column)
        where T : unmanaged
    {
        VectorReader reader = readers[column];
        VectorLayout.Check<T>(reader.Type);
        return new ReadOnlySpan<T>(reader.Data, RowCount);
    }

    /// <summary>Whether a value is NULL.</summary>
    public bool IsNull(int column, int row) => readers[column].IsNull(Checked(row));

    /// <summary>Whether a column holds any NULL in this chunk; false is certain, true is not.</summary>
    public bool MayHaveNulls(int column) => readers[column].MayHaveNulls;

    /// <summary>The UTF-8 bytes of a VARCHAR, or the bytes of a BLOB; empty for NULL.</summary>
    /// <exception cref="ArgumentException">The column holds neither.</exception>
    public ReadOnlySpan<byte> GetUtf8(int column, int row)
    {
        VectorReader reader = readers[column];
        if (reader.Type.Kind is not (DuckDbTypeKind.Varchar or DuckDbTypeKind.Blob))
        {
            throw new ArgumentException($"Column {column} is {reader.Type}, neither VARCHAR nor BLOB.", nameof(column));
        }

        return reader.IsNull(Checked(row)) ? default : NativeString.Read((NativeString*)reader.Data + row);
    }

    /// <summary>The text of a VARCHAR; null for NULL.</summary>
    /// <exception cref="ArgumentException">The column is not VARCHAR or BLOB.</exception>
    public string? GetString(int column, int row)
    {
        ReadOnlySpan<byte> text = GetUtf8(column, row);
        return text.IsEmpty && IsNull(column, row) ? null : Encoding.UTF8.GetString(text);
    }

    /// <summary>
    /// A value as an object: bool, the integers from <see cref="sbyte"/> to <see cref="UInt128"/>, float, double, decimal
    /// (<see cref="DuckDbDecimal"/> when it does not fit), string (also ENUM and BIT), byte[], DateOnly, TimeOnly,
    /// <see cref="DuckDbTimeTz"/>, DateTime (Unspecified), DateTimeOffset (UTC), <see cref="DuckDbInterval"/>, Guid,
    /// BigInteger (BIGNUM), List&lt;object?&gt; (LIST and ARRAY), <see cref="DuckDbStruct"/>,
    /// List&lt;KeyValuePair&lt;object, object?&gt;&gt; (MAP), the member's value (UNION); null for NULL. Infinite dates and
    /// timestamps become the largest or smallest value of their type.
    /// </summary>
    /// <exception cref="DuckDbException">A time outside what .NET can hold, or a type that has no value here.</exception>
    public object? GetValue(int column, int row) => readers[column].GetValue(Checked(row));

    internal void Attach(nint chunk, int rows)
    {
        for (int i = 0; i < readers.Length; i++)
        {
            readers[i].Attach(NativeMethods.DataChunkGetVector(chunk, (ulong)i));
        }

        RowCount = rows;
    }

    internal void Detach() => RowCount = 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Checked(int row)
    {
        if ((uint)row >= (uint)RowCount)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, "The chunk has no such row, or has been released.");
        }

        return row;
    }
}

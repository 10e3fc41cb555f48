using System.Runtime.CompilerServices;
using System.Text.Unicode;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// Writes the columns of one chunk. Columns and rows count from 0. A row is valid unless <see cref="SetNull"/> is called for it;
/// what a chunk held before is undefined, so every value of a row that is not NULL must be written.
/// </summary>
public sealed unsafe class DuckDbChunkWriter
{
    private readonly DuckDbType[] types;
    private readonly nint[] vectors;
    private readonly byte*[] data;
    private readonly ulong*[] validity;
    private nint chunk;

    internal DuckDbChunkWriter(IEnumerable<DuckDbType> types)
    {
        this.types = [.. types];
        vectors = new nint[this.types.Length];
        data = new byte*[this.types.Length];
        validity = new ulong*[this.types.Length];
        Capacity = checked((int)NativeMethods.VectorSize());
    }

    /// <summary>Rows that a chunk can hold.</summary>
    public int Capacity { get; }

    /// <summary>
    /// The raw values of a column, <see cref="Capacity"/> of them: long for BIGINT, TIMESTAMP, TIMESTAMPTZ and DECIMAL of 10 to 18
    /// digits, int for INTEGER, DATE and DECIMAL of 5 to 9 digits, short for DECIMAL of up to 4, Int128 for HUGEINT and larger
    /// DECIMALs, byte or bool for BOOLEAN.
    /// </summary>
    /// <exception cref="ArgumentException">The size of <typeparamref name="T"/> is not that of the column's values, or the column holds texts or nested values.</exception>
    public Span<T> Column<T>(int column)
        where T : unmanaged
    {
        DuckDbType type = types[column];
        if (type.Kind is DuckDbTypeKind.Varchar or DuckDbTypeKind.Blob or DuckDbTypeKind.Bit or DuckDbTypeKind.BigNum or DuckDbTypeKind.List or DuckDbTypeKind.Map)
        {
            throw new ArgumentException($"A column of {type} cannot be written as raw values.", nameof(column));
        }

        VectorLayout.Check<T>(type);
        return new Span<T>(Data(column), Capacity);
    }

    /// <summary>Writes a VARCHAR; the bytes are copied.</summary>
    /// <exception cref="ArgumentException">The bytes are not valid UTF-8, or the column is not VARCHAR.</exception>
    public void SetUtf8(int column, int row, ReadOnlySpan<byte> value)
    {
        if (!ReferenceEquals(types[column], DuckDbType.Varchar) && types[column].Kind != DuckDbTypeKind.Varchar)
        {
            throw new ArgumentException($"Column {column} is {types[column]}, not VARCHAR.", nameof(column));
        }

        if (!Utf8.IsValid(value))
        {
            throw new ArgumentException($"The value of column {column} is not valid UTF-8.", nameof(value));
        }

        SetBytes(column, row, value);
    }

    /// <summary>Writes a BLOB; the bytes are copied.</summary>
    /// <exception cref="ArgumentException">The column is not BLOB.</exception>
    public void SetBlob(int column, int row, ReadOnlySpan<byte> value)
    {
        if (types[column].Kind != DuckDbTypeKind.Blob)
        {
            throw new ArgumentException($"Column {column} is {types[column]}, not BLOB.", nameof(column));
        }

        SetBytes(column, row, value);
    }

    /// <summary>Makes a value NULL.</summary>
    public void SetNull(int column, int row)
    {
        CheckRow(row);
        if (validity[column] is null)
        {
            nint vector = Vector(column);
            NativeMethods.VectorEnsureValidityWritable(vector);
            validity[column] = NativeMethods.VectorGetValidity(vector);
        }

        validity[column][row >> 6] &= ~(1UL << (row & 63));
    }

    internal void Attach(nint newChunk)
    {
        chunk = newChunk;
        Array.Clear(vectors);
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = null;
            validity[i] = null;
        }
    }

    internal void Detach() => Attach(0);

    private void SetBytes(int column, int row, ReadOnlySpan<byte> value)
    {
        CheckRow(row);
        NativeString* target = (NativeString*)Data(column) + row;
        if (value.Length <= NativeString.InlineLength)
        {
            *(UInt128*)target = 0;
            target->Length = unchecked((uint)value.Length);
            value.CopyTo(new Span<byte>(target->Inlined, NativeString.InlineLength));
            return;
        }

        fixed (byte* first = value)
        {
            NativeMethods.VectorAssignString(vectors[column], unchecked((ulong)row), first, unchecked((ulong)value.Length));
        }
    }

    private byte* Data(int column)
    {
        byte* values = data[column];
        return values is not null ? values : data[column] = NativeMethods.VectorGetData(Vector(column));
    }

    private nint Vector(int column)
    {
        if (vectors[column] == 0)
        {
            if (chunk == 0)
            {
                throw new InvalidOperationException("The chunk has been handed over; a writer is only usable inside the call it was given to.");
            }

            vectors[column] = NativeMethods.DataChunkGetVector(chunk, unchecked((ulong)column));
        }

        return vectors[column];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckRow(int row)
    {
        if ((uint)row >= (uint)Capacity)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, "The chunk has no such row.");
        }
    }
}

using System.Runtime.InteropServices;

namespace RetailFlow.DuckDb.Native;

/// <summary><c>duckdb_state</c>.</summary>
internal enum NativeState
{
    Success = 0,
    Error = 1,
}

/// <summary><c>duckdb_result_type</c>: what a statement returns.</summary>
internal enum NativeReturnType
{
    Invalid = 0,
    ChangedRows = 1,
    Nothing = 2,
    QueryResult = 3,
}

/// <summary><c>duckdb_result</c>: five members that only old functions read, then the engine's own pointer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeResult
{
    public ulong DeprecatedColumnCount;
    public ulong DeprecatedRowCount;
    public ulong DeprecatedRowsChanged;
    public nint DeprecatedColumns;
    public nint DeprecatedErrorMessage;
    public nint InternalData;
}

/// <summary><c>duckdb_hugeint</c> and <c>duckdb_uhugeint</c>; <see cref="Int128"/> has another alignment in calls by value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeHugeInt
{
    public ulong Lower;
    public ulong Upper;

    public static NativeHugeInt From(Int128 value) =>
        unchecked(new NativeHugeInt { Lower = (ulong)value, Upper = (ulong)(value >> 64) });

    public static NativeHugeInt From(UInt128 value) =>
        unchecked(new NativeHugeInt { Lower = (ulong)value, Upper = (ulong)(value >> 64) });
}

/// <summary><c>duckdb_decimal</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeDecimal
{
    public byte Width;
    public byte Scale;
    public NativeHugeInt Value;
}

/// <summary><c>duckdb_interval</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeInterval
{
    public int Months;
    public int Days;
    public long Micros;
}

/// <summary><c>duckdb_list_entry</c>: the rows of the child vector that one list holds.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeListEntry
{
    public ulong Offset;
    public ulong Length;
}

/// <summary>
/// <c>duckdb_string_t</c>: a length, then up to 12 bytes in place, zero padded; longer values keep a prefix of 4 bytes and a pointer.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeString
{
    public const int InlineLength = 12;

    [FieldOffset(0)]
    public uint Length;

    [FieldOffset(4)]
    public fixed byte Inlined[InlineLength];

    [FieldOffset(4)]
    public uint Prefix;

    [FieldOffset(8)]
    public byte* Pointer;

    /// <summary>The bytes of the value at an address inside a vector.</summary>
    public static ReadOnlySpan<byte> Read(NativeString* value)
    {
        uint length = value->Length;
        byte* start = length <= InlineLength ? value->Inlined : value->Pointer;
        return new ReadOnlySpan<byte>(start, unchecked((int)length));
    }
}

using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Makes the engine's single values out of managed ones.</summary>
internal static unsafe class NativeValues
{
    /// <summary>
    /// The value of a parameter. A <see cref="DateTime"/> becomes a TIMESTAMP with the clock it shows, a <see cref="DateTimeOffset"/>
    /// a TIMESTAMP WITH TIME ZONE; both lose what is below a microsecond.
    /// </summary>
    /// <exception cref="NotSupportedException">A type that has no DuckDB type.</exception>
    public static ValueHandle Create(object? value) => new(value switch
    {
        null or DBNull => NativeMethods.CreateNull(),
        bool flag => NativeMethods.CreateBoolean(flag ? (byte)1 : (byte)0),
        sbyte number => NativeMethods.CreateInt8(number),
        byte number => NativeMethods.CreateUInt8(number),
        short number => NativeMethods.CreateInt16(number),
        ushort number => NativeMethods.CreateUInt16(number),
        int number => NativeMethods.CreateInt32(number),
        uint number => NativeMethods.CreateUInt32(number),
        long number => NativeMethods.CreateInt64(number),
        ulong number => NativeMethods.CreateUInt64(number),
        Int128 number => NativeMethods.CreateHugeInt(NativeHugeInt.From(number)),
        UInt128 number => NativeMethods.CreateUHugeInt(NativeHugeInt.From(number)),
        float number => NativeMethods.CreateFloat(number),
        double number => NativeMethods.CreateDouble(number),
        decimal number => CreateDecimal(DuckDbDecimal.FromDecimal(number)),
        DuckDbDecimal number => CreateDecimal(number),
        string text => CreateText(text),
        byte[] bytes => CreateBlob(bytes),
        DateOnly date => NativeMethods.CreateDate(TimeValues.Days(date)),
        TimeOnly time => NativeMethods.CreateTime(TimeValues.Micros(time)),
        DateTime time => NativeMethods.CreateTimestamp(TimeValues.Micros(time)),
        DateTimeOffset time => NativeMethods.CreateTimestampTz(TimeValues.Micros(time.UtcDateTime)),
        Guid guid => NativeMethods.CreateUuid(NativeHugeInt.From(UuidValues.ToUnsigned(guid))),
        DuckDbInterval interval => NativeMethods.CreateInterval(
            new NativeInterval { Months = interval.Months, Days = interval.Days, Micros = interval.Micros }),
        IReadOnlyList<string?> texts => CreateTextList(texts),
        _ => throw new NotSupportedException($"A value of type {value.GetType()} cannot be a parameter."),
    });

    private static nint CreateDecimal(DuckDbDecimal value)
    {
        int digits = BigInteger.Abs(value.Unscaled).ToString(CultureInfo.InvariantCulture).Length;
        int width = Math.Max(digits, value.Scale);
        if (width > 38)
        {
            throw new DuckDbException(DuckDbErrorKind.OutOfRange, $"{value} has more than the 38 digits that a DECIMAL can hold.");
        }

        return NativeMethods.CreateDecimal(new NativeDecimal { Width = (byte)width, Scale = (byte)value.Scale, Value = NativeHugeInt.From(value.Unscaled) });
    }

    private static nint CreateText(string text)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            int length = Encoding.UTF8.GetBytes(text, buffer);
            fixed (byte* first = buffer)
            {
                return NativeMethods.CreateVarchar(first, (ulong)length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static nint CreateBlob(byte[] bytes)
    {
        byte none;
        fixed (byte* first = bytes)
        {
            return NativeMethods.CreateBlob(first is null ? &none : first, (ulong)bytes.Length);
        }
    }

    private static nint CreateTextList(IReadOnlyList<string?> texts)
    {
        ValueHandle[] values = [.. texts.Select(text => Create(text))];
        try
        {
            using LogicalTypeHandle type = LogicalTypes.Create(DuckDbType.Varchar);

            // One spare element keeps the pointer of an empty list valid.
            nint[] pointers = [.. values.Select(value => value.DangerousGetHandle()), 0];
            fixed (nint* first = pointers)
            {
                return NativeMethods.CreateListValue(type, first, (ulong)values.Length);
            }
        }
        finally
        {
            foreach (ValueHandle value in values)
            {
                value.Dispose();
            }
        }
    }
}

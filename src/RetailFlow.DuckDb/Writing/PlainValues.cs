using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Writes managed values into vectors whose rows are the values themselves.</summary>
internal static unsafe class PlainValues
{
    private static readonly Int128[] PowersOfTen = [.. Powers().Take(39)];

    /// <summary>Writes one value.</summary>
    /// <exception cref="InvalidCastException">The type does not take such a value.</exception>
    /// <exception cref="OverflowException">A number that does not fit.</exception>
    public static void Write(byte* data, int row, DuckDbType type, object value)
    {
        switch (type.Kind)
        {
            case DuckDbTypeKind.Boolean when value is bool flag:
                data[row] = flag ? (byte)1 : (byte)0;
                break;
            case DuckDbTypeKind.TinyInt:
                ((sbyte*)data)[row] = checked((sbyte)Integer(value, type));
                break;
            case DuckDbTypeKind.SmallInt:
                ((short*)data)[row] = checked((short)Integer(value, type));
                break;
            case DuckDbTypeKind.Integer:
                ((int*)data)[row] = checked((int)Integer(value, type));
                break;
            case DuckDbTypeKind.BigInt:
                ((long*)data)[row] = checked((long)Integer(value, type));
                break;
            case DuckDbTypeKind.UTinyInt:
                data[row] = checked((byte)Integer(value, type));
                break;
            case DuckDbTypeKind.USmallInt:
                ((ushort*)data)[row] = checked((ushort)Integer(value, type));
                break;
            case DuckDbTypeKind.UInteger:
                ((uint*)data)[row] = checked((uint)Integer(value, type));
                break;
            case DuckDbTypeKind.UBigInt:
                ((ulong*)data)[row] = checked((ulong)Integer(value, type));
                break;
            case DuckDbTypeKind.HugeInt:
                ((NativeHugeInt*)data)[row] = NativeHugeInt.From(Integer(value, type));
                break;
            case DuckDbTypeKind.UHugeInt:
                ((NativeHugeInt*)data)[row] = NativeHugeInt.From(value is UInt128 huge ? huge : checked((UInt128)Integer(value, type)));
                break;
            case DuckDbTypeKind.Float when value is float number:
                ((float*)data)[row] = number;
                break;
            case DuckDbTypeKind.Double when value is double or float:
                ((double*)data)[row] = value is double exact ? exact : (float)value;
                break;
            case DuckDbTypeKind.Decimal:
                WriteDecimal(data, row, (DuckDbDecimalType)type, value);
                break;
            case DuckDbTypeKind.Uuid when value is Guid guid:
                ((NativeHugeInt*)data)[row] = NativeHugeInt.From(UuidValues.ToStored(guid));
                break;
            case DuckDbTypeKind.Interval when value is DuckDbInterval interval:
                ((NativeInterval*)data)[row] = new NativeInterval { Months = interval.Months, Days = interval.Days, Micros = interval.Micros };
                break;
            case DuckDbTypeKind.Date when value is DateOnly date:
                ((int*)data)[row] = TimeValues.Days(date);
                break;
            default:
                ((long*)data)[row] = Time(value, type);
                break;
        }
    }

    /// <summary>Writes the index of an ENUM's text.</summary>
    public static void WriteEnumIndex(byte* data, int row, DuckDbEnumType type, uint index)
    {
        switch (type.StorageSize)
        {
            case 1:
                data[row] = (byte)index;
                break;
            case 2:
                ((ushort*)data)[row] = (ushort)index;
                break;
            default:
                ((uint*)data)[row] = index;
                break;
        }
    }

    private static void WriteDecimal(byte* data, int row, DuckDbDecimalType type, object value)
    {
        DuckDbDecimal number = value switch
        {
            decimal small => DuckDbDecimal.FromDecimal(small),
            DuckDbDecimal large => large,
            _ => new DuckDbDecimal(Integer(value, type), 0),
        };
        Int128 unscaled = Rescale(number, type);
        switch (type.StorageSize)
        {
            case 2:
                ((short*)data)[row] = (short)unscaled;
                break;
            case 4:
                ((int*)data)[row] = (int)unscaled;
                break;
            case 8:
                ((long*)data)[row] = (long)unscaled;
                break;
            default:
                ((NativeHugeInt*)data)[row] = NativeHugeInt.From(unscaled);
                break;
        }
    }

    private static Int128 Rescale(DuckDbDecimal number, DuckDbDecimalType type)
    {
        Int128 unscaled = number.Unscaled;
        int scale = number.Scale;
        while (scale > type.Scale && unscaled % 10 == 0)
        {
            unscaled /= 10;
            scale--;
        }

        if (scale > type.Scale)
        {
            throw new OverflowException($"{number} has more digits after the point than {type}.");
        }

        // Comparing before multiplying keeps the product inside 128 bits.
        Int128 factor = PowersOfTen[type.Scale - scale];
        Int128 limit = (PowersOfTen[type.Precision] - 1) / factor;
        return unscaled >= -limit && unscaled <= limit ? unscaled * factor : throw new OverflowException($"{number} does not fit {type}.");
    }

    private static Int128 Integer(object value, DuckDbType type) => value switch
    {
        sbyte number => number,
        byte number => number,
        short number => number,
        ushort number => number,
        int number => number,
        uint number => number,
        long number => number,
        ulong number => number,
        Int128 number => number,
        UInt128 number => checked((Int128)number),
        _ => throw Mismatch(value, type),
    };

    private static long Time(object value, DuckDbType type) => (type.Kind, value) switch
    {
        (DuckDbTypeKind.Time, TimeOnly time) => TimeValues.Micros(time),
        (DuckDbTypeKind.TimeNanoseconds, TimeOnly time) => time.Ticks * TimeSpan.NanosecondsPerTick,
        (DuckDbTypeKind.Timestamp, DateTime time) => TimeValues.Micros(time),
        (DuckDbTypeKind.TimestampTz, DateTimeOffset time) => TimeValues.Micros(time.UtcDateTime),
        (DuckDbTypeKind.TimestampSeconds, DateTime time) => TimeValues.Units(time, TimeSpan.TicksPerSecond),
        (DuckDbTypeKind.TimestampMilliseconds, DateTime time) => TimeValues.Units(time, TimeSpan.TicksPerMillisecond),
        (DuckDbTypeKind.TimestampNanoseconds, DateTime time) => TimeValues.Units(time, 1) * TimeSpan.NanosecondsPerTick,
        _ => throw Mismatch(value, type),
    };

    private static InvalidCastException Mismatch(object value, DuckDbType type) =>
        new($"A value of type {value.GetType()} cannot be written to a column of {type}.");

    private static IEnumerable<Int128> Powers()
    {
        Int128 power = 1;
        for (int i = 0; ; i++)
        {
            yield return power;
            power = i < 38 ? power * 10 : power;
        }
    }
}

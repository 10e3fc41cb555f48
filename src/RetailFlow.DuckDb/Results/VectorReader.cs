using System.Numerics;
using System.Text;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Reads one vector and the vectors inside it.</summary>
internal sealed unsafe class VectorReader
{
    private readonly VectorReader[] children;
    private ulong* validity;

    public VectorReader(DuckDbType type)
    {
        Type = type;
        children = type switch
        {
            DuckDbListType list => [new VectorReader(list.Element)],
            DuckDbArrayType array => [new VectorReader(array.Element)],
            DuckDbMapType map => [new VectorReader(map.Key), new VectorReader(map.Value)],
            DuckDbStructType record => [.. record.Fields.Select(field => new VectorReader(field.Type))],
            DuckDbUnionType union => [new VectorReader(DuckDbType.UTinyInt), .. union.Members.Select(member => new VectorReader(member.Type))],
            _ => [],
        };
    }

    public DuckDbType Type { get; }

    public byte* Data { get; private set; }

    public bool MayHaveNulls => validity is not null;

    public void Attach(nint vector)
    {
        Data = NativeMethods.VectorGetData(vector);
        validity = NativeMethods.VectorGetValidity(vector);
        switch (Type.Kind)
        {
            case DuckDbTypeKind.List:
                children[0].Attach(NativeMethods.ListVectorGetChild(vector));
                break;
            case DuckDbTypeKind.Array:
                children[0].Attach(NativeMethods.ArrayVectorGetChild(vector));
                break;
            case DuckDbTypeKind.Map:
                // A map is a list whose element is a struct of key and value.
                nint entry = NativeMethods.ListVectorGetChild(vector);
                children[0].Attach(NativeMethods.StructVectorGetChild(entry, 0));
                children[1].Attach(NativeMethods.StructVectorGetChild(entry, 1));
                break;
            case DuckDbTypeKind.Struct or DuckDbTypeKind.Union:
                for (int i = 0; i < children.Length; i++)
                {
                    children[i].Attach(NativeMethods.StructVectorGetChild(vector, (ulong)i));
                }

                break;
        }
    }

    public bool IsNull(int row) => validity is not null && ((validity[row >> 6] >> (row & 63)) & 1) == 0;

    public object? GetValue(int row)
    {
        if (IsNull(row))
        {
            return null;
        }

        return Type switch
        {
            DuckDbDecimalType number => GetDecimal(row, number),
            DuckDbEnumType enumeration => enumeration.Values[GetEnumIndex(row, enumeration)],
            DuckDbStructType record => new DuckDbStruct(record.Fields, [.. children.Select(child => child.GetValue(row))]),
            DuckDbUnionType => children[children[0].At<byte>(row) + 1].GetValue(row),
            DuckDbListType => GetList(At<NativeListEntry>(row)),
            DuckDbArrayType array => GetList(new NativeListEntry { Offset = (ulong)row * (ulong)array.Length, Length = (ulong)array.Length }),
            DuckDbMapType => GetMap(At<NativeListEntry>(row)),
            _ => GetPlain(row),
        };
    }

    private object? GetPlain(int row)
    {
        switch (Type.Kind)
        {
            case DuckDbTypeKind.Boolean: return At<byte>(row) != 0;
            case DuckDbTypeKind.TinyInt: return At<sbyte>(row);
            case DuckDbTypeKind.SmallInt: return At<short>(row);
            case DuckDbTypeKind.Integer: return At<int>(row);
            case DuckDbTypeKind.BigInt: return At<long>(row);
            case DuckDbTypeKind.HugeInt: return GetInt128(row);
            case DuckDbTypeKind.UTinyInt: return At<byte>(row);
            case DuckDbTypeKind.USmallInt: return At<ushort>(row);
            case DuckDbTypeKind.UInteger: return At<uint>(row);
            case DuckDbTypeKind.UBigInt: return At<ulong>(row);
            case DuckDbTypeKind.UHugeInt: return unchecked((UInt128)GetInt128(row));
            case DuckDbTypeKind.Float: return At<float>(row);
            case DuckDbTypeKind.Double: return At<double>(row);
            case DuckDbTypeKind.Varchar: return Encoding.UTF8.GetString(Bytes(row));
            case DuckDbTypeKind.Blob: return Bytes(row).ToArray();
            case DuckDbTypeKind.Bit: return BitText(Bytes(row));
            case DuckDbTypeKind.BigNum: return BigNumber(Bytes(row));
            case DuckDbTypeKind.Date: return TimeValues.ToDate(At<int>(row));
            case DuckDbTypeKind.Time: return TimeValues.ToTime(At<long>(row), TimeSpan.MicrosecondsPerSecond);
            case DuckDbTypeKind.TimeNanoseconds: return TimeValues.ToTime(At<long>(row), 1_000_000_000);
            case DuckDbTypeKind.TimeTz: return TimeWithZone(At<ulong>(row));
            case DuckDbTypeKind.Timestamp: return TimeValues.ToDateTime(At<long>(row), TimeSpan.MicrosecondsPerSecond);
            case DuckDbTypeKind.TimestampSeconds: return TimeValues.ToDateTime(At<long>(row), 1);
            case DuckDbTypeKind.TimestampMilliseconds: return TimeValues.ToDateTime(At<long>(row), 1000);
            case DuckDbTypeKind.TimestampNanoseconds: return TimeValues.ToDateTime(At<long>(row), 1_000_000_000);
            case DuckDbTypeKind.TimestampTz: return TimeValues.ToDateTimeOffset(At<long>(row));
            case DuckDbTypeKind.Interval:
                NativeInterval interval = At<NativeInterval>(row);
                return new DuckDbInterval(interval.Months, interval.Days, interval.Micros);
            case DuckDbTypeKind.Uuid: return UuidValues.FromStored(GetInt128(row));
            case DuckDbTypeKind.Null: return null;
            default:
                throw new DuckDbException(DuckDbErrorKind.NotImplemented, $"Values of type {Type} cannot be read; cast the column to another type.");
        }
    }

    private T At<T>(int row)
        where T : unmanaged => ((T*)Data)[row];

    private ReadOnlySpan<byte> Bytes(int row) => NativeString.Read((NativeString*)Data + row);

    private Int128 GetInt128(int row)
    {
        NativeHugeInt value = At<NativeHugeInt>(row);
        return new Int128(value.Upper, value.Lower);
    }

    private object GetDecimal(int row, DuckDbDecimalType type)
    {
        Int128 unscaled = type.StorageSize switch
        {
            2 => At<short>(row),
            4 => At<int>(row),
            8 => At<long>(row),
            _ => GetInt128(row),
        };
        DuckDbDecimal value = new(unscaled, type.Scale);
        return value.TryToDecimal(out decimal small) ? small : value;
    }

    private int GetEnumIndex(int row, DuckDbEnumType type) => type.StorageSize switch
    {
        1 => At<byte>(row),
        2 => At<ushort>(row),
        _ => checked((int)At<uint>(row)),
    };

    private List<object?> GetList(NativeListEntry entry)
    {
        (int first, int length) = (checked((int)entry.Offset), checked((int)entry.Length));
        List<object?> values = new(length);
        for (int i = first; i < first + length; i++)
        {
            values.Add(children[0].GetValue(i));
        }

        return values;
    }

    private List<KeyValuePair<object, object?>> GetMap(NativeListEntry entry)
    {
        (int first, int length) = (checked((int)entry.Offset), checked((int)entry.Length));
        List<KeyValuePair<object, object?>> pairs = new(length);
        for (int i = first; i < first + length; i++)
        {
            pairs.Add(KeyValuePair.Create(children[0].GetValue(i)!, children[1].GetValue(i)));
        }

        return pairs;
    }

    // The upper 40 bits are microseconds, the lower 24 the offset counted down from its largest value, so that equal instants sort together.
    private static DuckDbTimeTz TimeWithZone(ulong bits)
    {
        const int LargestOffset = (16 * 60 * 60) - 1;
        long micros = (long)(bits >> 24);
        int offset = LargestOffset - (int)(bits & 0xFFFFFF);
        return new DuckDbTimeTz(TimeValues.ToTime(micros, TimeSpan.MicrosecondsPerSecond), TimeSpan.FromSeconds(offset));
    }

    // The first byte counts the unused bits at the start of the second.
    private static string BitText(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new((bytes.Length - 1) * 8);
        foreach (byte part in bytes[1..])
        {
            text.Append(Convert.ToString(part, 2).PadLeft(8, '0'));
        }

        return text.ToString(bytes[0], text.Length - bytes[0]);
    }

    // Three bytes of header, whose highest bit is set for positive numbers; then the magnitude, inverted when negative.
    private static BigInteger BigNumber(ReadOnlySpan<byte> bytes)
    {
        byte[] magnitude = bytes[3..].ToArray();
        if ((bytes[0] & 0x80) != 0)
        {
            return new BigInteger(magnitude, isUnsigned: true, isBigEndian: true);
        }

        for (int i = 0; i < magnitude.Length; i++)
        {
            magnitude[i] = unchecked((byte)~magnitude[i]);
        }

        return -new BigInteger(magnitude, isUnsigned: true, isBigEndian: true);
    }
}

using System.Runtime.InteropServices;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Turns types into the engine's logical types and back.</summary>
internal static unsafe class LogicalTypes
{
    private static readonly Dictionary<DuckDbTypeKind, DuckDbType> Plain = new DuckDbType[]
    {
        DuckDbType.Boolean, DuckDbType.TinyInt, DuckDbType.SmallInt, DuckDbType.Integer, DuckDbType.BigInt, DuckDbType.HugeInt,
        DuckDbType.UTinyInt, DuckDbType.USmallInt, DuckDbType.UInteger, DuckDbType.UBigInt, DuckDbType.UHugeInt,
        DuckDbType.Float, DuckDbType.Double, DuckDbType.Varchar, DuckDbType.Blob, DuckDbType.Bit,
        DuckDbType.Date, DuckDbType.Time, DuckDbType.TimeNanoseconds, DuckDbType.TimeTz, DuckDbType.Timestamp, DuckDbType.TimestampSeconds,
        DuckDbType.TimestampMilliseconds, DuckDbType.TimestampNanoseconds, DuckDbType.TimestampTz, DuckDbType.Interval, DuckDbType.Uuid,
        DuckDbType.BigNum, DuckDbType.Null, DuckDbType.Geometry, DuckDbType.Variant,
    }.ToDictionary(type => type.Kind);

    /// <summary>Reads a logical type and releases it.</summary>
    /// <exception cref="DuckDbException">A type that this binding does not know.</exception>
    public static DuckDbType Take(nint logicalType)
    {
        using LogicalTypeHandle type = new(logicalType);
        DuckDbTypeKind kind = (DuckDbTypeKind)NativeMethods.GetTypeId(type);
        return kind switch
        {
            DuckDbTypeKind.Decimal => DuckDbType.Decimal(NativeMethods.DecimalWidth(type), NativeMethods.DecimalScale(type)),
            DuckDbTypeKind.List => DuckDbType.List(Take(NativeMethods.ListTypeChildType(type))),
            DuckDbTypeKind.Array => DuckDbType.Array(Take(NativeMethods.ArrayTypeChildType(type)), checked((int)NativeMethods.ArrayTypeArraySize(type))),
            DuckDbTypeKind.Map => DuckDbType.Map(Take(NativeMethods.MapTypeKeyType(type)), Take(NativeMethods.MapTypeValueType(type))),
            DuckDbTypeKind.Struct => DuckDbType.Struct(Fields(
                NativeMethods.StructTypeChildCount(type),
                index => (NativeMethods.StructTypeChildName(type, index), NativeMethods.StructTypeChildType(type, index)))),
            DuckDbTypeKind.Union => DuckDbType.Union(Fields(
                NativeMethods.UnionTypeMemberCount(type),
                index => (NativeMethods.UnionTypeMemberName(type, index), NativeMethods.UnionTypeMemberType(type, index)))),
            DuckDbTypeKind.Enum => DuckDbType.Enum(EnumValues(type)),
            _ => Plain.TryGetValue(kind, out DuckDbType? plain)
                ? plain
                : throw new DuckDbException(DuckDbErrorKind.UnknownType, $"DuckDB returned a type this binding does not know (number {(int)kind})."),
        };
    }

    /// <summary>Makes the engine's form of a type.</summary>
    public static LogicalTypeHandle Create(DuckDbType type)
    {
        switch (type)
        {
            case DuckDbDecimalType number:
                return new LogicalTypeHandle(NativeMethods.CreateDecimalType((byte)number.Precision, (byte)number.Scale));
            case DuckDbListType list:
                {
                    using LogicalTypeHandle element = Create(list.Element);
                    return new LogicalTypeHandle(NativeMethods.CreateListType(element));
                }

            case DuckDbArrayType array:
                {
                    using LogicalTypeHandle element = Create(array.Element);
                    return new LogicalTypeHandle(NativeMethods.CreateArrayType(element, (ulong)array.Length));
                }

            case DuckDbMapType map:
                {
                    using LogicalTypeHandle key = Create(map.Key);
                    using LogicalTypeHandle value = Create(map.Value);
                    return new LogicalTypeHandle(NativeMethods.CreateMapType(key, value));
                }

            case DuckDbStructType record:
                return CreateNamed(record.Fields, isUnion: false);
            case DuckDbUnionType union:
                return CreateNamed(union.Members, isUnion: true);
            case DuckDbEnumType enumeration:
                using (NativeTexts texts = new(enumeration.Values))
                {
                    return new LogicalTypeHandle(NativeMethods.CreateEnumType(texts.Pointer, (ulong)enumeration.Values.Count));
                }

            default:
                return new LogicalTypeHandle(NativeMethods.CreateLogicalType((int)type.Kind));
        }
    }

    private static LogicalTypeHandle CreateNamed(IReadOnlyList<DuckDbColumnDefinition> fields, bool isUnion)
    {
        LogicalTypeHandle[] types = [.. fields.Select(field => Create(field.Type))];
        try
        {
            nint[] pointers = [.. types.Select(type => type.DangerousGetHandle())];
            using NativeTexts names = new([.. fields.Select(field => field.Name)]);
            fixed (nint* first = pointers)
            {
                ulong count = (ulong)fields.Count;
                return new LogicalTypeHandle(isUnion
                    ? NativeMethods.CreateUnionType(first, names.Pointer, count)
                    : NativeMethods.CreateStructType(first, names.Pointer, count));
            }
        }
        finally
        {
            foreach (LogicalTypeHandle type in types)
            {
                type.Dispose();
            }
        }
    }

    private static DuckDbColumnDefinition[] Fields(ulong count, Func<ulong, (nint Name, nint Type)> read)
    {
        DuckDbColumnDefinition[] fields = new DuckDbColumnDefinition[count];
        for (int i = 0; i < fields.Length; i++)
        {
            (nint name, nint type) = read((ulong)i);
            fields[i] = new DuckDbColumnDefinition(NativeMethods.TakeText(name) ?? "", Take(type));
        }

        return fields;
    }

    private static string[] EnumValues(LogicalTypeHandle type)
    {
        string[] values = new string[NativeMethods.EnumDictionarySize(type)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = NativeMethods.TakeText(NativeMethods.EnumDictionaryValue(type, (ulong)i)) ?? "";
        }

        return values;
    }

    /// <summary>C strings for the length of one call.</summary>
    private sealed class NativeTexts : IDisposable
    {
        private readonly nint[] texts;
        private GCHandle pin;

        public NativeTexts(IReadOnlyList<string> values)
        {
            texts = [.. values.Select(Marshal.StringToCoTaskMemUTF8)];
            pin = GCHandle.Alloc(texts, GCHandleType.Pinned);
        }

        public nint* Pointer => (nint*)pin.AddrOfPinnedObject();

        public void Dispose()
        {
            pin.Free();
            foreach (nint text in texts)
            {
                Marshal.FreeCoTaskMem(text);
            }
        }
    }
}

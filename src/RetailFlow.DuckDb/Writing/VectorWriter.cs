using System.Collections;
using System.Text;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Writes one vector and the vectors inside it.</summary>
internal sealed unsafe class VectorWriter
{
    private readonly VectorWriter[] children;
    private readonly Dictionary<string, uint>? enumIndexes;
    private nint vector;
    private byte* data;
    private ulong* validity;

    public VectorWriter(DuckDbType type)
    {
        Type = type;
        IsRaw = type.Kind is not (DuckDbTypeKind.Varchar or DuckDbTypeKind.Blob or DuckDbTypeKind.Bit or DuckDbTypeKind.BigNum
            or DuckDbTypeKind.List or DuckDbTypeKind.Map);
        children = type switch
        {
            DuckDbListType list => [new VectorWriter(list.Element)],
            DuckDbArrayType array => [new VectorWriter(array.Element)],
            DuckDbMapType map => [new VectorWriter(map.Key), new VectorWriter(map.Value)],
            DuckDbStructType record => [.. record.Fields.Select(field => new VectorWriter(field.Type))],
            _ => [],
        };
        if (type is DuckDbEnumType enumeration)
        {
            enumIndexes = [];
            for (int i = 0; i < enumeration.Values.Count; i++)
            {
                enumIndexes[enumeration.Values[i]] = (uint)i;
            }
        }
    }

    public DuckDbType Type { get; }

    /// <summary>Whether the rows of the vector are the values themselves.</summary>
    public bool IsRaw { get; }

    /// <summary>The first row.</summary>
    /// <exception cref="InvalidOperationException">The chunk is not the writer's any more.</exception>
    public byte* Data
    {
        get
        {
            if (data is null)
            {
                Locate();
            }

            return data;
        }
    }

    public void Attach(nint newVector)
    {
        vector = newVector;
        data = null;
        validity = null;
    }

    public void WriteBytes(int row, ReadOnlySpan<byte> value)
    {
        NativeString* target = (NativeString*)Data + row;
        if (value.Length <= NativeString.InlineLength)
        {
            *(UInt128*)target = 0;
            target->Length = unchecked((uint)value.Length);
            value.CopyTo(new Span<byte>(target->Inlined, NativeString.InlineLength));
            return;
        }

        fixed (byte* first = value)
        {
            NativeMethods.VectorAssignString(vector, unchecked((ulong)row), first, unchecked((ulong)value.Length));
        }
    }

    public void WriteNull(int row)
    {
        if (validity is null)
        {
            if (vector == 0)
            {
                throw Detached();
            }

            NativeMethods.VectorEnsureValidityWritable(vector);
            validity = NativeMethods.VectorGetValidity(vector);
        }

        validity[row >> 6] &= ~(1UL << (row & 63));

        // The engine expects the parts of a NULL to be NULL as well.
        if (Type.Kind == DuckDbTypeKind.Struct)
        {
            for (int i = 0; i < children.Length; i++)
            {
                Child(i).WriteNull(row);
            }
        }
        else if (Type is DuckDbArrayType array)
        {
            for (int i = 0; i < array.Length; i++)
            {
                Child(0).WriteNull((row * array.Length) + i);
            }
        }
    }

    public void WriteValue(int row, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                WriteNull(row);
                break;
            case string text when Type.Kind == DuckDbTypeKind.Varchar:
                WriteBytes(row, Encoding.UTF8.GetBytes(text));
                break;
            case string text when enumIndexes is not null:
                WriteEnum(row, text);
                break;
            case byte[] bytes when Type.Kind == DuckDbTypeKind.Blob:
                WriteBytes(row, bytes);
                break;
            case IReadOnlyDictionary<string, object?> fields when Type is DuckDbStructType record:
                for (int i = 0; i < children.Length; i++)
                {
                    Child(i).WriteValue(row, fields[record.Fields[i].Name]);
                }

                break;
            case IEnumerable<KeyValuePair<object, object?>> pairs when Type.Kind == DuckDbTypeKind.Map:
                WriteMap(row, [.. pairs]);
                break;
            case IEnumerable elements and not string when Type.Kind == DuckDbTypeKind.List:
                WriteList(row, [.. elements.Cast<object?>()]);
                break;
            case IEnumerable elements and not string when Type is DuckDbArrayType array:
                WriteArray(row, [.. elements.Cast<object?>()], array);
                break;
            default:
                PlainValues.Write(Data, row, Type, value);
                break;
        }
    }

    private void WriteEnum(int row, string text)
    {
        if (!enumIndexes!.TryGetValue(text, out uint index))
        {
            throw new InvalidCastException($"'{text}' is not a value of {Type}.");
        }

        PlainValues.WriteEnumIndex(Data, row, (DuckDbEnumType)Type, index);
    }

    private void WriteList(int row, object?[] elements)
    {
        int first = Extend(row, elements.Length);
        children[0].Attach(NativeMethods.ListVectorGetChild(vector));
        for (int i = 0; i < elements.Length; i++)
        {
            children[0].WriteValue(first + i, elements[i]);
        }
    }

    private void WriteMap(int row, KeyValuePair<object, object?>[] pairs)
    {
        int first = Extend(row, pairs.Length);
        nint entry = NativeMethods.ListVectorGetChild(vector);
        children[0].Attach(NativeMethods.StructVectorGetChild(entry, 0));
        children[1].Attach(NativeMethods.StructVectorGetChild(entry, 1));
        for (int i = 0; i < pairs.Length; i++)
        {
            children[0].WriteValue(first + i, pairs[i].Key);
            children[1].WriteValue(first + i, pairs[i].Value);
        }
    }

    private void WriteArray(int row, object?[] elements, DuckDbArrayType array)
    {
        if (elements.Length != array.Length)
        {
            throw new InvalidCastException($"{elements.Length} elements are not a value of {Type}.");
        }

        for (int i = 0; i < elements.Length; i++)
        {
            Child(0).WriteValue((row * array.Length) + i, elements[i]);
        }
    }

    /// <summary>Makes room for a list at the end of the child vector, which may move, and points the row at it.</summary>
    private int Extend(int row, int length)
    {
        NativeListEntry* entry = (NativeListEntry*)Data + row;
        ulong first = NativeMethods.ListVectorGetSize(vector);
        ulong size = first + (ulong)length;
        if (NativeMethods.ListVectorReserve(vector, size) != NativeState.Success || NativeMethods.ListVectorSetSize(vector, size) != NativeState.Success)
        {
            throw new DuckDbException(DuckDbErrorKind.OutOfMemory, $"DuckDB has no room for a list of {length} elements.");
        }

        *entry = new NativeListEntry { Offset = first, Length = (ulong)length };
        return checked((int)first);
    }

    private VectorWriter Child(int index)
    {
        VectorWriter child = children[index];
        if (child.vector == 0 || data is null)
        {
            Locate();
            for (int i = 0; i < children.Length; i++)
            {
                children[i].Attach(Type.Kind == DuckDbTypeKind.Array
                    ? NativeMethods.ArrayVectorGetChild(vector)
                    : NativeMethods.StructVectorGetChild(vector, (ulong)i));
            }
        }

        return child;
    }

    private void Locate()
    {
        if (vector == 0)
        {
            throw Detached();
        }

        data = NativeMethods.VectorGetData(vector);
    }

    private static InvalidOperationException Detached() => new("The chunk has been handed over; write to it only before that.");
}

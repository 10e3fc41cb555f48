namespace RetailFlow.Stock.Records;

/// <summary>The members of a record that stock.md does not name: copied aside without their white space, and searched for names that repeat.</summary>
internal sealed class UnknownFields
{
    private readonly List<(int Start, int Length)> names = [];

    public void Begin() => names.Clear();

    /// <summary>Takes the value that is next in <paramref name="scanner"/> and keeps the member in the draft.</summary>
    public void Add(ReadOnlySpan<byte> key, JsonString name, StockRecordDraft draft, ref JsonScanner scanner, ReadOnlySpan<byte> json)
    {
        scanner.Peek();
        int start = scanner.Position;
        if (!scanner.SkipValue())
        {
            return;
        }

        int at = name.Escaped ? draft.Bytes.Count - key.Length : name.Start;
        names.Add((at, key.Length));
        draft.BeginRescued();
        draft.Derived.Append((byte)'"');
        draft.Derived.Append(json.Slice(name.Start, name.Length));
        draft.Derived.Append("\":"u8);
        AppendWithoutWhiteSpace(json[start..scanner.Position], draft.Derived);
        draft.EndRescued();
    }

    /// <summary>A name that stands twice, or null.</summary>
    public (int Start, int Length)? FindDuplicate(ByteBuffer bytes)
    {
        if (names.Count < 2)
        {
            return null;
        }

        Sort(bytes);
        for (int i = 1; i < names.Count; i++)
        {
            if (bytes.Slice(names[i].Start, names[i].Length).SequenceEqual(bytes.Slice(names[i - 1].Start, names[i - 1].Length)))
            {
                return names[i];
            }
        }

        return null;
    }

    // Apart, so that its closure is only made where there is something to sort.
    private void Sort(ByteBuffer bytes) => names.Sort((left, right) =>
        bytes.Slice(left.Start, left.Length).SequenceCompareTo(bytes.Slice(right.Start, right.Length)));

    private static void AppendWithoutWhiteSpace(ReadOnlySpan<byte> value, ByteBuffer target)
    {
        bool quoted = false;
        int kept = 0;
        for (int i = 0; i < value.Length; i++)
        {
            byte b = value[i];
            if (quoted)
            {
                i += b == (byte)'\\' ? 1 : 0;
                quoted = b != (byte)'"';
            }
            else if (b is 0x20 or 0x0A or 0x0D or 0x09)
            {
                target.Append(value[kept..i]);
                kept = i + 1;
            }
            else
            {
                quoted = b == (byte)'"';
            }
        }

        target.Append(value[kept..]);
    }
}

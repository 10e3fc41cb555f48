using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>
/// Makes the statistics of a file from what its writer knows of the columns. Bounds stay true for every reader: long texts are
/// cut and the upper one raised, instants are rounded outwards to milliseconds, and what is not understood is left out.
/// </summary>
public static class StatisticsBuilder
{
    /// <summary>Number of leaf columns, in the schema's order, that get statistics unless the table says otherwise.</summary>
    public const int DefaultIndexedColumns = 32;

    private const int TextPrefixLength = 32;
    private const long MicrosecondsPerMillisecond = 1000;
    private const int AsciiTieBreaker = 0x7F;
    private static readonly Rune LastRune = new(0x10FFFF);

    /// <summary>Builds the statistics.</summary>
    /// <param name="numRecords">Number of rows in the file.</param>
    /// <param name="schema">Schema of the table.</param>
    /// <param name="partitionColumns">Partition columns; they have no statistics.</param>
    /// <param name="columns">What is known; columns that the schema does not have are ignored.</param>
    /// <param name="indexedColumns">How many leaf columns get statistics; negative for all.</param>
    public static FileStatistics Build(
        long numRecords,
        StructType schema,
        IReadOnlyList<string> partitionColumns,
        IEnumerable<ColumnStatistics> columns,
        int indexedColumns = DefaultIndexedColumns) =>
        Build(numRecords, schema, partitionColumns, columns, StatisticsColumns.FirstOf(indexedColumns));

    /// <summary>Builds the statistics.</summary>
    /// <param name="numRecords">Number of rows in the file.</param>
    /// <param name="schema">Schema of the table.</param>
    /// <param name="partitionColumns">Partition columns; they have no statistics.</param>
    /// <param name="columns">What is known; columns that the schema does not have are ignored.</param>
    /// <param name="wanted">Which leaf columns get statistics.</param>
    public static FileStatistics Build(
        long numRecords,
        StructType schema,
        IReadOnlyList<string> partitionColumns,
        IEnumerable<ColumnStatistics> columns,
        StatisticsColumns wanted)
    {
        var byPath = new Dictionary<ColumnPath, ColumnStatistics>();
        foreach (var column in columns)
        {
            byPath[column.Column] = column;
        }

        var leaves = new List<Leaf>();
        var position = 0;
        foreach (var field in schema.Fields)
        {
            if (!partitionColumns.Contains(field.Name, StringComparer.OrdinalIgnoreCase))
            {
                Collect(field, [], byPath, leaves, wanted, ref position);
            }
        }

        return new FileStatistics
        {
            NumRecords = numRecords,
            MinValues = Write(leaves, l => l.Known?.Min is { } min ? Lower(min, l.Type) : null),
            MaxValues = Write(leaves, l => l.Known is { Max: { } max, HasNaN: false } ? Upper(max, l.Type) : null),
            NullCount = Write(leaves, l => l.Known?.NullCount?.ToString(CultureInfo.InvariantCulture)),
        };
    }

    private static void Collect(
        StructField field, string[] parents, Dictionary<ColumnPath, ColumnStatistics> known, List<Leaf> leaves, StatisticsColumns wanted, ref int position)
    {
        string[] path = [.. parents, field.PhysicalName];
        if (field.Type is StructType nested)
        {
            foreach (var child in nested.Fields)
            {
                Collect(child, path, known, leaves, wanted, ref position);
            }
        }
        else if (wanted.Includes(path, position++))
        {
            leaves.Add(new(path, field.Type, known.GetValueOrDefault(ColumnPath.Of(path))));
        }
    }

    private static JsonElement Write(List<Leaf> leaves, Func<Leaf, string?> jsonOf)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, DeltaActionJson.WriterOptions))
        {
            writer.WriteStartObject();
            string[] open = [];
            foreach (var leaf in leaves)
            {
                if (jsonOf(leaf) is not { } json)
                {
                    continue;
                }

                var parents = leaf.Path[..^1];
                var shared = 0;
                while (shared < open.Length && shared < parents.Length && open[shared] == parents[shared])
                {
                    shared++;
                }

                for (var i = open.Length; i > shared; i--)
                {
                    writer.WriteEndObject();
                }

                foreach (var name in parents[shared..])
                {
                    writer.WriteStartObject(name);
                }

                open = parents;
                writer.WritePropertyName(leaf.Path[^1]);
                writer.WriteRawValue(json);
            }

            for (var i = open.Length; i >= 0; i--)
            {
                writer.WriteEndObject();
            }
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static string? Lower(string text, DataType type) => type switch
    {
        DecimalType => Number(text),
        PrimitiveType primitive => primitive.Name switch
        {
            "string" => Quote(Prefix(text) ?? text),
            "timestamp" => Instant(text, up: false) is { } time ? Quote(time + "Z") : null,
            "timestamp_ntz" => Instant(text, up: false) is { } time ? Quote(time) : null,
            _ => Simple(text, primitive),
        },
        ArrayType or MapType or StructType => null,
        _ => null,
    };

    private static string? Upper(string text, DataType type) => type switch
    {
        DecimalType => Number(text),
        PrimitiveType primitive => primitive.Name switch
        {
            "string" => UpperText(text) is { } bound ? Quote(bound) : null,
            "timestamp" => Instant(text, up: true) is { } time ? Quote(time + "Z") : null,
            "timestamp_ntz" => Instant(text, up: true) is { } time ? Quote(time) : null,
            _ => Simple(text, primitive),
        },
        ArrayType or MapType or StructType => null,
        _ => null,
    };

    private static string? Simple(string text, PrimitiveType type) => type.Name switch
    {
        "long" or "integer" or "short" or "byte" => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
            ? integer.ToString(CultureInfo.InvariantCulture)
            : null,
        "double" => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number.ToString("R", CultureInfo.InvariantCulture)
            : null,
        "float" => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && float.IsFinite(number)
            ? number.ToString("R", CultureInfo.InvariantCulture)
            : null,
        "date" => LiteralText.Date(Encoding.UTF8.GetBytes(text)) is not null ? Quote(text) : null,
        _ => null,
    };

    // As JSON: digits, at most one point between digits.
    private static string? Number(string text) =>
        LiteralText.Exact(Encoding.UTF8.GetBytes(text)) is { Kind: LiteralKind.Integer or LiteralKind.Decimal } value ? Plain(value) : null;

    private static string Plain(Literal value)
    {
        var digits = System.Numerics.BigInteger.Abs(value.Unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(value.Scale + 1, '0');
        var sign = value.Unscaled.Sign < 0 ? "-" : "";
        return value.Scale == 0 ? sign + digits : $"{sign}{digits[..^value.Scale]}.{digits[^value.Scale..]}";
    }

    private static string? Instant(string text, bool up)
    {
        if (!LiteralText.TryTimestamp(Encoding.UTF8.GetBytes(text), out var microseconds, out _))
        {
            return null;
        }

        var milliseconds = Math.DivRem(microseconds, MicrosecondsPerMillisecond, out var rest);
        milliseconds += rest > 0 && up ? 1 : rest < 0 && !up ? -1 : 0;
        return CommitFile.Millis(milliseconds)?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);
    }

    // The first characters of a long text; null if it is short enough as it is.
    private static string? Prefix(string text)
    {
        if (text.Length <= TextPrefixLength)
        {
            return null;
        }

        var end = 0;
        for (var i = 0; i < TextPrefixLength && end < text.Length; i++)
        {
            end += char.IsHighSurrogate(text[end]) && end + 1 < text.Length ? 2 : 1;
        }

        return end < text.Length ? text[..end] : null;
    }

    // Spark's rule: a prefix followed by a character above the one that was cut off. Where nothing is above that one, the
    // prefix grows, up to twice its length.
    private static string? UpperText(string text)
    {
        if (Prefix(text) is not { } prefix)
        {
            return text;
        }

        var end = prefix.Length;
        for (var grown = 0; grown <= TextPrefixLength; grown++)
        {
            if (end == text.Length)
            {
                return text;
            }

            if (!Rune.TryGetRuneAt(text, end, out var next))
            {
                return null;
            }

            if (next != LastRune)
            {
                return text[..end] + (next.Value < AsciiTieBreaker ? ((char)AsciiTieBreaker).ToString() : LastRune.ToString());
            }

            end += next.Utf16SequenceLength;
        }

        return null;
    }

    private static string Quote(string text) => FieldMetadata.Quote(text);

    private sealed record Leaf(string[] Path, DataType Type, ColumnStatistics? Known);
}

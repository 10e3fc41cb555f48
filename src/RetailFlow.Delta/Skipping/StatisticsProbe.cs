using System.Text;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>
/// Reads from the statistics of a file only what a predicate asks for, in one pass and without a document. Bounds are widened
/// by what writers may have cut off, so that they hold for every row.
/// </summary>
internal sealed class StatisticsProbe
{
    private readonly Node root = new();
    private readonly List<DataType> types = [];

    /// <summary>Asks for a column; the index at which <see cref="Read"/> puts it.</summary>
    /// <param name="physicalNames">Physical names, outermost first.</param>
    /// <param name="type">Type of the column; not nested.</param>
    public int Ask(IEnumerable<string> physicalNames, DataType type)
    {
        var node = root;
        foreach (var name in physicalNames)
        {
            var utf8 = Encoding.UTF8.GetBytes(name);
            var child = node.Children.Find(c => c.Name.AsSpan().SequenceEqual(utf8));
            if (child is null)
            {
                child = new Node { Name = utf8 };
                node.Children.Add(child);
            }

            node = child;
        }

        if (node.Column < 0)
        {
            node.Column = types.Count;
            types.Add(type);
        }

        return node.Column;
    }

    /// <summary>Bounds of the columns asked for; all unknown if there are no statistics or they are malformed.</summary>
    public void Read(ReadOnlySpan<byte> statistics, ColumnBounds[] columns)
    {
        Array.Fill(columns, ColumnBounds.Unknown, 0, types.Count);
        long? records = null;
        if (statistics.IsEmpty || types.Count == 0)
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(statistics);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var part = reader.ValueTextEquals("minValues"u8) ? Part.Low
                    : reader.ValueTextEquals("maxValues"u8) ? Part.High
                    : reader.ValueTextEquals("nullCount"u8) ? Part.Nulls
                    : reader.ValueTextEquals("numRecords"u8) ? Part.Records
                    : Part.Other;
                reader.Read();
                switch (part)
                {
                    case Part.Records:
                        records = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var n) ? n : null;
                        break;
                    case Part.Low or Part.High or Part.Nulls when reader.TokenType == JsonTokenType.StartObject:
                        ReadObject(ref reader, root, part, columns);
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
        }
        catch (JsonException)
        {
            Array.Fill(columns, ColumnBounds.Unknown, 0, types.Count);
            return;
        }

        for (var i = 0; i < types.Count; i++)
        {
            Conclude(ref columns[i], types[i], records);
        }
    }

    private static void Conclude(ref ColumnBounds column, DataType type, long? records)
    {
        column.MayBeNaN = type == PrimitiveType.Float || type == PrimitiveType.Double;
        column.HighIsPrefix = type == PrimitiveType.String && column.High is not null;

        // With wide bounds (tightBounds = false) the count is still right when it is none or all of the physical rows.
        column.MayBeNull = column.Nulls != 0 && records != 0;
        column.MayHaveValue = records != 0 && (column.Nulls is null || column.Nulls != records);
    }

    private void ReadObject(ref Utf8JsonReader reader, Node node, Part part, ColumnBounds[] columns)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var child = Find(ref reader, node);
            reader.Read();
            if (child is { Column: >= 0 } && reader.TokenType != JsonTokenType.StartObject)
            {
                ReadValue(ref reader, types[child.Column], part, ref columns[child.Column]);
                reader.Skip();
            }
            else if (child is { Children.Count: > 0 } && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadObject(ref reader, child, part, columns);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static Node? Find(ref Utf8JsonReader reader, Node node)
    {
        foreach (var child in node.Children)
        {
            if (reader.ValueTextEquals(child.Name))
            {
                return child;
            }
        }

        return null;
    }

    private static void ReadValue(ref Utf8JsonReader reader, DataType type, Part part, ref ColumnBounds column)
    {
        switch (part)
        {
            case Part.Nulls:
                column.Nulls = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var nulls) && nulls >= 0 ? nulls : null;
                break;
            case Part.Low:
                column.Low = StatisticsBound.Read(ref reader, type, high: false);
                break;
            case Part.High:
                column.High = StatisticsBound.Read(ref reader, type, high: true);
                break;
            case Part.Records or Part.Other:
                break;
        }
    }

    private enum Part
    {
        Other,
        Records,
        Low,
        High,
        Nulls,
    }

    private sealed class Node
    {
        public byte[] Name { get; init; } = [];

        public List<Node> Children { get; } = [];

        public int Column { get; set; } = -1;
    }
}

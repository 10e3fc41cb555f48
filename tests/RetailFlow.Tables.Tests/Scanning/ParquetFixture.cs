using System.Text;

namespace RetailFlow.Tables.Tests.Scanning;

/// <summary>A column of a Parquet file, or a group of columns, as its schema has it.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Physical type; null for a group.</param>
/// <param name="Repetition">0 required, 1 optional, 2 repeated.</param>
internal sealed record ParquetNode(string Name, int? Type, int Repetition = 1)
{
    public const int AsInt32 = 1, AsInt64 = 2, AsInt96 = 3, AsDouble = 5, Bytes = 6, Fixed = 7;
    public const int Utf8 = 0, Map = 1, MapKeyValue = 2, List = 3, AsDecimal = 5, Date = 6, TimestampMillis = 9, TimestampMicros = 10, UInt8 = 11, AsUInt32 = 13, AsUInt64 = 14, Int8 = 15;

    public int? Converted { get; init; }

    public int? Length { get; init; }

    public int? Scale { get; init; }

    public int? Precision { get; init; }

    public IReadOnlyList<ParquetNode> Children { get; init; } = [];

    public static ParquetNode Group(string name, int repetition, int? converted, params ParquetNode[] children) =>
        new(name, null, repetition) { Converted = converted, Children = children };
}

/// <summary>
/// Parquet files of shapes that the engine cannot write, byte by byte (parquet-format, "File Format"): one row group, plain values,
/// one uncompressed page per column.
/// </summary>
internal sealed class ParquetFixture
{
    private readonly List<ParquetNode> _columns = [];
    private readonly List<(int[] Definitions, int[] Repetitions, byte[] Values)> _pages = [];
    private readonly List<(string Key, string Value)> _properties = [];

    private string? _writer;

    /// <summary>The program that the file says it was written by.</summary>
    public ParquetFixture WrittenBy(string writer)
    {
        _writer = writer;
        return this;
    }

    public ParquetFixture Property(string key, string value)
    {
        _properties.Add((key, value));
        return this;
    }

    /// <summary>Adds a top-level column with the levels and values of its leaves, in order.</summary>
    public ParquetFixture Column(ParquetNode column, params (int[] Definitions, int[] Repetitions, byte[] Values)[] leaves)
    {
        _columns.Add(column);
        _pages.AddRange(leaves);
        return this;
    }

    /// <summary>Adds a required column of one value per row.</summary>
    public ParquetFixture Column(ParquetNode column, int rows, byte[] values) => Column(column with { Repetition = 0 }, (new int[rows], [], values));

    public static byte[] Int32s(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    public static byte[] Int64s(params long[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    public static byte[] Texts(params string[] values) => [.. values.Select(Encoding.UTF8.GetBytes).SelectMany(v => BitConverter.GetBytes(v.Length).Concat(v))];

    /// <summary>Julian day and nanoseconds of that day.</summary>
    public static byte[] Int96s(params (int Day, long Nanoseconds)[] values) => [.. values.SelectMany(v => BitConverter.GetBytes(v.Nanoseconds).Concat(BitConverter.GetBytes(v.Day)))];

    public byte[] Write(int rows)
    {
        var file = new List<byte>("PAR1"u8.ToArray());
        var leaves = _columns.SelectMany(c => Leaves(c, [], 0, 0)).ToList();
        var chunks = new List<byte[]>();
        foreach (var ((path, leaf, definition, repetition), (definitions, repetitions, values)) in leaves.Zip(_pages))
        {
            byte[] body = [.. Levels(repetitions, repetition), .. Levels(definitions, definition), .. values];
            var header = new Thrift().Int(1, 0).Int(2, body.Length).Int(3, body.Length)
                .Struct(5, new Thrift().Int(1, definitions.Length).Int(2, 0).Int(3, 3).Int(4, 3)).End();
            var metadata = new Thrift().Int(1, leaf.Type!.Value).List(2, 5, [Thrift.ZigZag(0)]).List(3, 8, [.. path.Select(Thrift.Text)]).Int(4, 0)
                .Long(5, definitions.Length).Long(6, header.Length + body.Length).Long(7, header.Length + body.Length).Long(9, file.Count);
            chunks.Add(new Thrift().Long(2, file.Count).Struct(3, metadata).End());
            file.AddRange(header);
            file.AddRange(body);
        }

        byte[][] schema = [new Thrift().Bytes(4, "schema").Int(5, _columns.Count).End(), .. _columns.SelectMany(Elements)];
        var group = new Thrift().List(1, 12, chunks).Long(2, file.Count).Long(3, rows).End();
        var footer = new Thrift().Int(1, 1).List(2, 12, schema).Long(3, rows).List(4, 12, [group])
            .List(5, 12, [.. _properties.Select(p => new Thrift().Bytes(1, p.Key).Bytes(2, p.Value).End())]);
        footer = _writer is null ? footer : footer.Bytes(6, _writer);
        var end = footer.End();
        return [.. file, .. end, .. BitConverter.GetBytes(end.Length), .. "PAR1"u8];
    }

    private static IEnumerable<(string[] Path, ParquetNode Leaf, int Definition, int Repetition)> Leaves(ParquetNode node, string[] above, int definition, int repetition)
    {
        string[] path = [.. above, node.Name];
        definition += node.Repetition == 0 ? 0 : 1;
        repetition += node.Repetition == 2 ? 1 : 0;
        return node.Type is null ? node.Children.SelectMany(c => Leaves(c, path, definition, repetition)) : [(path, node, definition, repetition)];
    }

    private static IEnumerable<byte[]> Elements(ParquetNode node)
    {
        var element = new Thrift();
        element = node.Type is { } type ? element.Int(1, type) : element;
        element = node.Length is { } length ? element.Int(2, length) : element;
        element = element.Int(3, node.Repetition).Bytes(4, node.Name);
        element = node.Type is null ? element.Int(5, node.Children.Count) : element;
        element = node.Converted is { } converted ? element.Int(6, converted) : element;
        element = node.Scale is { } scale ? element.Int(7, scale) : element;
        element = node.Precision is { } precision ? element.Int(8, precision) : element;
        return node.Children.SelectMany(Elements).Prepend(element.End());
    }

    // The hybrid encoding as runs of one value each, with its length before it.
    private static byte[] Levels(int[] levels, int highest)
    {
        if (highest == 0)
        {
            return [];
        }

        byte[] runs = [.. levels.SelectMany(level => new[] { (byte)2, (byte)level })];
        return [.. BitConverter.GetBytes(runs.Length), .. runs];
    }

    /// <summary>A struct in the compact protocol; fields in ascending order.</summary>
    private sealed class Thrift
    {
        private readonly List<byte> _bytes = [];
        private int _last;

        public static byte[] ZigZag(long value) => VarInt(unchecked((ulong)((value << 1) ^ (value >> 63))));

        public static byte[] Text(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            return [.. VarInt((ulong)bytes.Length), .. bytes];
        }

        public Thrift Int(int field, int value) => Field(field, 5, ZigZag(value));

        public Thrift Long(int field, long value) => Field(field, 6, ZigZag(value));

        public Thrift Bytes(int field, string text) => Field(field, 8, Text(text));

        public Thrift Struct(int field, Thrift value) => Field(field, 12, value.End());

        public Thrift List(int field, int type, IReadOnlyList<byte[]> values) => Field(
            field,
            9,
            [(byte)((Math.Min(values.Count, 15) << 4) | type), .. values.Count < 15 ? Array.Empty<byte>() : VarInt((ulong)values.Count), .. values.SelectMany(v => v)]);

        public byte[] End() => [.. _bytes, 0];

        private static byte[] VarInt(ulong value)
        {
            var bytes = new List<byte>();
            for (; value >= 0x80; value >>= 7)
            {
                bytes.Add((byte)((value & 0x7F) | 0x80));
            }

            bytes.Add((byte)value);
            return [.. bytes];
        }

        private Thrift Field(int field, int type, byte[] value)
        {
            _bytes.Add((byte)(((field - _last) << 4) | type));
            _bytes.AddRange(value);
            _last = field;
            return this;
        }
    }
}

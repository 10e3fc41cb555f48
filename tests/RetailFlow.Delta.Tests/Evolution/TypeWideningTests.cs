namespace RetailFlow.Delta.Tests;

public sealed class TypeWideningTests
{
    private static readonly string[] Types =
        ["byte", "short", "integer", "long", "float", "double", "date", "timestamp_ntz", "timestamp", "string", "boolean", "binary", "decimal(9,0)", "decimal(10,0)", "decimal(10,2)", "decimal(12,2)", "decimal(12,3)", "decimal(20,0)", "decimal(22,2)", "decimal(38,18)"];

    private static readonly Dictionary<string, string> Allowed = new(StringComparer.Ordinal)
    {
        ["byte"] = "short integer long double decimal(10,0) decimal(12,2) decimal(20,0) decimal(22,2) decimal(38,18)",
        ["short"] = "integer long double decimal(10,0) decimal(12,2) decimal(20,0) decimal(22,2) decimal(38,18)",
        ["integer"] = "long double decimal(10,0) decimal(12,2) decimal(20,0) decimal(22,2) decimal(38,18)",
        ["long"] = "decimal(20,0) decimal(22,2) decimal(38,18)",
        ["float"] = "double",
        ["date"] = "timestamp_ntz",
        ["decimal(9,0)"] = "decimal(10,0) decimal(12,2) decimal(12,3) decimal(20,0) decimal(22,2) decimal(38,18)",
        ["decimal(10,0)"] = "decimal(12,2) decimal(20,0) decimal(22,2) decimal(38,18)",
        ["decimal(10,2)"] = "decimal(12,2) decimal(12,3) decimal(22,2) decimal(38,18)",
        ["decimal(12,2)"] = "decimal(22,2) decimal(38,18)",
        ["decimal(12,3)"] = "decimal(38,18)",
        ["decimal(20,0)"] = "decimal(22,2) decimal(38,18)",
        ["decimal(22,2)"] = "decimal(38,18)",
    };

    [Fact]
    public void Every_pair_of_types_is_allowed_or_not_as_the_protocol_lists_it()
    {
        foreach (var from in Types)
        {
            var expected = Allowed.GetValueOrDefault(from, "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(expected, Types.Where(to => TypeWidening.IsAllowed(TypeOf(from), TypeOf(to))));
        }
    }

    [Fact]
    public void Changes_are_recorded_at_the_nearest_field_with_the_path_below_it()
    {
        var table = TestTable.MetadataOf(
            new StructType(
            [
                new StructField("a", PrimitiveType.Short),
                new StructField("m", new MapType(PrimitiveType.Float, new ArrayType(new DecimalType(6, 2), true), true)),
                new StructField("s", new ArrayType(new StructType([new StructField("x", PrimitiveType.Date)]), true)),
            ]),
            configuration: ("delta.enableTypeWidening", "true"));
        var protocol = ProtocolUpgrade.For(null, table);

        var next = Apply(table, protocol, new SchemaChange.WidenType("a", PrimitiveType.Integer));
        next = Apply(next, protocol, new SchemaChange.WidenType("a", PrimitiveType.Long));
        next = Apply(next, protocol, new SchemaChange.WidenType(ColumnPath.Of("m", "key"), PrimitiveType.Double));
        next = Apply(next, protocol, new SchemaChange.WidenType(ColumnPath.Of("m", "value", "element"), new DecimalType(10, 4)));
        next = Apply(next, protocol, new SchemaChange.WidenType(ColumnPath.Of("s", "element", "x"), PrimitiveType.TimestampNtz));

        Assert.Equal(
            """{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{"delta.typeChanges":[{"fromType":"short","toType":"integer"},{"fromType":"integer","toType":"long"}]}},{"name":"m","type":{"type":"map","keyType":"double","valueType":{"type":"array","elementType":"decimal(10,4)","containsNull":true},"valueContainsNull":true},"nullable":true,"metadata":{"delta.typeChanges":[{"fromType":"float","toType":"double","fieldPath":"key"},{"fromType":"decimal(6,2)","toType":"decimal(10,4)","fieldPath":"value.element"}]}},{"name":"s","type":{"type":"array","elementType":{"type":"struct","fields":[{"name":"x","type":"timestamp_ntz","nullable":true,"metadata":{"delta.typeChanges":[{"fromType":"date","toType":"timestamp_ntz"}]}}]},"containsNull":true},"nullable":true,"metadata":{}}]}""",
            next.SchemaString);
        Assert.Null(SchemaCompatibility.Break(table, next));
    }

    [Fact]
    public void Type_changes_only_where_allowed()
    {
        var off = TestTable.MetadataOf();
        Refused(off, new SchemaChange.WidenType("id", new DecimalType(20, 0)), "The type of 'id' cannot be changed: delta.enableTypeWidening is not set.");
        var on = TestTable.MetadataOf(configuration: ("delta.enableTypeWidening", "true"));
        Refused(on, new SchemaChange.WidenType("id", PrimitiveType.Integer), "The type of 'id' cannot go from long to integer.");
        Refused(on, new SchemaChange.WidenType("nowhere", PrimitiveType.Integer), "There is no column 'nowhere'.");
        Refused(on, new SchemaChange.WidenType(ColumnPath.Of("id", "element"), PrimitiveType.Integer), "There is no column 'id.element'.");
    }

    private static Metadata Apply(Metadata metadata, Protocol protocol, SchemaChange change) =>
        SchemaEvolution.Apply(metadata, protocol, change, () => throw new InvalidOperationException()).Metadata;

    private static void Refused(Metadata metadata, SchemaChange change, string message) =>
        Assert.Equal(message, Assert.Throws<DeltaException>(() => Apply(metadata, ProtocolUpgrade.For(null, metadata), change)).Message);

    private static DataType TypeOf(string name) =>
        StructType.Parse($$$"""{"type":"struct","fields":[{"name":"c","type":"{{{name}}}","nullable":true,"metadata":{}}]}""").Fields[0].Type;
}

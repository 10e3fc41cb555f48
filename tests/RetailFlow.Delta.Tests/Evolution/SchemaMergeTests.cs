namespace RetailFlow.Delta.Tests;

public sealed class SchemaMergeTests
{
    private static readonly StructType Table = new(
    [
        new StructField("id", PrimitiveType.Integer, false),
        new StructField("price", new DecimalType(10, 2)),
        new StructField("who", new StructType([new StructField("name", PrimitiveType.String)])),
        new StructField("list", new ArrayType(PrimitiveType.Short, true)),
    ]);

    [Fact]
    public void Rows_that_fit_change_nothing()
    {
        var narrower = new StructType([new StructField("ID", PrimitiveType.Byte), new StructField("price", PrimitiveType.Void), new StructField("list", new ArrayType(PrimitiveType.Byte, false))]);

        Assert.Empty(SchemaMerge.Changes(Table, Table, widen: false));
        Assert.Empty(SchemaMerge.Changes(Table, narrower, widen: false));
    }

    [Fact]
    public void Missing_columns_are_added_and_types_widened()
    {
        var incoming = new StructType(
        [
            new StructField("id", PrimitiveType.Long, false),
            new StructField("who", new StructType([new StructField("mail", PrimitiveType.String, false)])),
            new StructField("list", new ArrayType(PrimitiveType.Integer, true)),
            new StructField("more", new StructType([new StructField("x", PrimitiveType.Long, false)]), false),
        ]);
        var metadata = TestTable.MetadataOf(Table, configuration: ("delta.enableTypeWidening", "true"));

        var evolved = SchemaMerge.For(metadata, ProtocolUpgrade.For(null, metadata), incoming, () => Guid.Empty);

        Assert.Equal("struct<id:long,price:decimal(10,2),who:struct<name:string,mail:string>,list:array<integer>,more:struct<x:long>>", evolved.Metadata.Schema.ToString());
        Assert.True(evolved.Metadata.Schema.Find("more")!.Nullable);
        Assert.True(((StructType)evolved.Metadata.Schema.Find("more")!.Type).Fields[0].Nullable);
        Assert.Null(SchemaCompatibility.Break(metadata, evolved.Metadata));
        Assert.Equal("""[{"fromType":"short","toType":"integer","fieldPath":"element"}]""", evolved.Metadata.Schema.Find("list")!.Metadata.Json("delta.typeChanges"));
    }

    [Theory]
    [InlineData("id long", false, "The column 'id' is integer, and the rows have long (delta.enableTypeWidening would allow it).")]
    [InlineData("id string", true, "The column 'id' is integer, and the rows have string.")]
    [InlineData("id integer, price double", true, "The column 'price' is decimal(10,2), and the rows have double.")]
    [InlineData("id integer, who string", true, "The column 'who' is struct<name:string>, and the rows have string.")]
    [InlineData("price void", true, "The column 'id' is required, and the rows do not have it.")]
    public void Column_that_does_not_fit_is_named(string columns, bool widen, string message)
    {
        var incoming = new StructType([.. columns.Split(", ").Select(c => c.Split(' ')).Select(c => new StructField(c[0], PrimitiveType.Find(c[1])!))]);

        Assert.Equal(message, Assert.Throws<DeltaException>(() => SchemaMerge.Changes(Table, incoming, widen)).Message);
    }
}

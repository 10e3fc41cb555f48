namespace RetailFlow.Delta.Tests;

public sealed class SchemaJsonTests
{
    [Theory]
    [InlineData("""{"type":"struct","fields":[]}""")]
    [InlineData("""{"type":"struct","fields":[{"name":"a","type":"long","nullable":false,"metadata":{"comment":"c","delta.columnMapping.id":4,"x":{"y":[1]}}}]}""")]
    [InlineData("""{"type":"struct","fields":[{"name":"d","type":"decimal(38,18)","nullable":true,"metadata":{}},{"name":"m","type":{"type":"map","keyType":"string","valueType":{"type":"array","elementType":"double","containsNull":false},"valueContainsNull":true},"nullable":true,"metadata":{}},{"name":"s","type":{"type":"struct","fields":[{"name":"t","type":"timestamp_ntz","nullable":true,"metadata":{}}]},"nullable":true,"metadata":{}}]}""")]
    public void Schema_is_written_as_it_was_read(string json)
    {
        Assert.Equal(json, StructType.Parse(json).ToJson());
        Assert.Equal(StructType.Parse(json), StructType.Parse(json));
    }

    [Theory]
    [InlineData("", DeltaErrorKind.Corrupt)]
    [InlineData("\"long\"", DeltaErrorKind.Corrupt)]
    [InlineData("""{"type":"struct"}""", DeltaErrorKind.Corrupt)]
    [InlineData("""{"type":"struct","fields":[{"type":"long"}]}""", DeltaErrorKind.Corrupt)]
    [InlineData("""{"type":"struct","fields":[{"name":"a","type":5}]}""", DeltaErrorKind.Corrupt)]
    [InlineData("""{"type":"struct","fields":[{"name":"a","type":"geometry"}]}""", DeltaErrorKind.UnsupportedFeature)]
    [InlineData("""{"type":"struct","fields":[{"name":"a","type":"decimal(39,2)"}]}""", DeltaErrorKind.UnsupportedFeature)]
    [InlineData("""{"type":"struct","fields":[{"name":"a","type":"decimal(5,6)"}]}""", DeltaErrorKind.UnsupportedFeature)]
    public void Schema_that_is_none_is_refused(string json, DeltaErrorKind kind)
    {
        Assert.Equal(kind, Assert.Throws<DeltaException>(() => StructType.Parse(json)).Kind);
    }

    [Fact]
    public void Field_is_found_by_exact_name_before_another_case()
    {
        var schema = new StructType([new StructField("ID", PrimitiveType.Long), new StructField("id", PrimitiveType.String)]);

        Assert.Equal((PrimitiveType.String, PrimitiveType.Long, null), (schema.Find("id")!.Type, schema.Find("Id")!.Type, schema.Find("x")));
    }

    [Fact]
    public void Physical_name_is_that_of_the_column_mapping()
    {
        var field = new StructField("a", PrimitiveType.Long, true, FieldMetadata.Empty.With("delta.columnMapping.physicalName", "\"col-1\""));

        Assert.Equal("col-1", field.PhysicalName);
        Assert.NotEqual(new StructField("a", PrimitiveType.Long), field);
    }

    [Fact]
    public void Deeply_nested_schema_of_hostile_depth_is_refused_and_does_not_exhaust_the_stack()
    {
        var json = string.Concat(Enumerable.Repeat("""{"type":"array","containsNull":true,"elementType":""", 100_000));

        Assert.Equal(DeltaErrorKind.Corrupt, Assert.Throws<DeltaException>(() => StructType.Parse(json)).Kind);
    }
}

using RetailFlow.Delta;

namespace RetailFlow.Tables.Tests.Scanning;

public sealed class TableScanTests
{
    private const string Mapped = """{"minReaderVersion":2,"minWriterVersion":5}""";
    private const string ByName = """{"delta.columnMapping.mode":"name","delta.columnMapping.maxColumnId":"9"}""";
    private const string ById = """{"delta.columnMapping.mode":"id","delta.columnMapping.maxColumnId":"9"}""";
    private const string WithVectors = """{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}""";
    private const string Widened = """{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["typeWidening","timestampNtz"],"writerFeatures":["typeWidening","timestampNtz"]}""";

    [Fact]
    public async Task A_plain_table_is_one_call_without_any_expression()
    {
        using var table = new HandMadeTable(Field("a", "long") + "," + Field("b", "string"))
            .File("1.parquet", "select 1::bigint as a, 'x' as b").File("2.parquet", "select 2::bigint as a, 'y' as b");

        var relation = await table.RelationAsync();

        Assert.Equal($"(select \"a\", \"b\" from read_parquet(['{table.Folder}/1.parquet','{table.Folder}/2.parquet'], hive_partitioning = false))", relation);
        AssertRows("a BIGINT, b VARCHAR", ["1|x", "2|y"], await table.ReadAsync());
    }

    [Fact]
    public async Task Files_of_older_schemas_give_null_for_what_they_lack_at_every_level()
    {
        using var table = new HandMadeTable(
            Field("a", "long") + "," + Field("s", Struct(Field("x", "integer") + "," + Field("y", "string")))
            + "," + Field("l", Array(Struct(Field("p", "integer") + "," + Field("q", "integer"))))
            + "," + Field("m", Map("string", Struct(Field("u", "integer") + "," + Field("v", "integer")))))
            .File("1.parquet", "select 1::bigint as a, {'x': 1} as s, [{'p': 1}, null] as l, map {'k': {'u': 5}} as m, 'not of the table' as more")
            .File("2.parquet", "select 2::bigint as a, {'y': 'b', 'x': 2} as s, [{'q': 2, 'p': 1}] as l, map {'k': {'v': 6, 'u': 5}} as m")
            .File("3.parquet", "select 3::bigint as a, null::struct(x integer) as s, null::struct(p integer)[] as l, null::map(varchar, struct(u integer)) as m")
            .File("4.parquet", "select 4::bigint as a");

        var (types, rows) = await table.ReadAsync("a, s::varchar as s, l::varchar as l, m::varchar as m");

        Assert.Equal("a BIGINT, s VARCHAR, l VARCHAR, m VARCHAR", types);
        Assert.Equal(
            [
                "1|{'x': 1, 'y': NULL}|[{'p': 1, 'q': NULL}, NULL]|{k={'u': 5, 'v': NULL}}",
                "2|{'x': 2, 'y': b}|[{'p': 1, 'q': 2}]|{k={'u': 5, 'v': 6}}",
                "3|null|null|null",
                "4|null|null|null",
            ],
            rows);
    }

    [Fact]
    public async Task Columns_are_found_by_physical_names_at_every_level()
    {
        using var table = new HandMadeTable(
            Field("a", "long", 1, "p1") + "," + Field("s", Struct(Field("x", "integer", 3, "p3") + "," + Field("new", "integer", 4, "p4")), 2, "p2"), Mapped, ByName)
            .File("1.parquet", "select 1::bigint as p1, {'p3': 7, 'x': 99} as p2, 99::bigint as a");

        AssertRows("a BIGINT, x INTEGER, n INTEGER", ["1|7|null"], await table.ReadAsync("a, s.x as x, s.\"new\" as n"));
    }

    [Fact]
    public async Task Columns_are_found_by_field_ids_whatever_their_names()
    {
        using var table = new HandMadeTable(
            Field("a", "long", 1, "p1") + "," + Field("s", Struct(Field("x", "integer", 3, "p3") + "," + Field("y", "integer", 4, "p4")), 2, "p2")
            + "," + Field("l", Array(Struct(Field("z", "integer", 6, "p6"))), 5, "p5"), Mapped, ById)
            .File("1.parquet", "select 1::bigint as other, {'y': 3, 'x': 4} as more, [{'w': 8}] as third", options: ", field_ids {other: 1, more: {__duckdb_field_id: 2, x: 4, y: 3}, third: {__duckdb_field_id: 5, element: {w: 6}}}");

        AssertRows("a BIGINT, x INTEGER, y INTEGER, z INTEGER", ["1|3|4|8"], await table.ReadAsync("a, s.x as x, s.y as y, l[1].z as z"));
    }

    [Fact]
    public async Task A_file_without_field_ids_is_refused_where_columns_go_by_them()
    {
        using var table = new HandMadeTable(Field("a", "long", 1, "p1"), Mapped, ById).File("1.parquet", "select 1::bigint as p1");

        var error = await table.RefusedAsync();

        Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
        Assert.Contains("1.parquet' has no field ids", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Physical_names_mean_nothing_without_column_mapping()
    {
        using var table = new HandMadeTable(Field("a", "long", 1, "p1")).File("1.parquet", "select 1::bigint as a, 2::bigint as p1");

        AssertRows("a BIGINT", ["1"], await table.ReadAsync());
    }

    [Fact]
    public async Task Names_with_special_characters_and_names_of_the_engine_are_columns_like_others()
    {
        using var table = new HandMadeTable(string.Join(',', new[] { "a.b", "`tick` \\\"q\\\"", "file_row_number", "filename", "file_index", "Größe", "_file" }.Select(n => Field(n, "integer"))))
            .File("sub dir/x%41 [1]*?é'#.parquet", "select 1 as \"a.b\", 2 as \"`tick` \"\"q\"\"\", 3 as file_row_number, 4 as filename, 5 as file_index, 6 as \"Größe\", 7 as \"_file\"");

        Assert.Equal(["1|2|3|4|5|6|7"], (await table.ReadAsync()).Rows);
        var opened = table.Open();
        var snapshot = await opened.LoadAsync(cancellationToken: TestContext.Current.CancellationToken);
        using var connection = table.Session.Engine.Connect();
        using var scan = await TableScan.OpenAsync(opened.Access, connection, snapshot, [.. snapshot.Files], new ScanOptions { Positions = true, Columns = ["a.b"] }, default);
        Assert.Equal(("__file", "_row"), (scan.FileColumn, scan.RowColumn));
        Assert.Equal([1, 0, 0L], connection.Query($"select * from {scan.Relation}").ToList().Single());
    }

    [Theory]
    [InlineData("string", "a b/%", "a b/%")]
    [InlineData("string", "", "null")]
    [InlineData("integer", "-7", "-7")]
    [InlineData("byte", "1", "1")]
    [InlineData("boolean", "true", "True")]
    [InlineData("double", "-Infinity", "-Infinity")]
    [InlineData("float", "1.5E10", "1.5E+10")]
    [InlineData("decimal(20,18)", "0E-18", "0.000000000000000000")]
    [InlineData("decimal(10,2)", "-3.1", "-3.10")]
    [InlineData("date", "2021-09-08", "09/08/2021")]
    [InlineData("binary", "\\u0001\\u00e9", "01C3A9")]
    [InlineData("timestamp", "2021-09-08 11:12:13.123456", "2021-09-08T11:12:13.123456+00:00")]
    [InlineData("timestamp", "2021-09-08T11:12:13.5Z", "2021-09-08T11:12:13.500000+00:00")]
    [InlineData("timestamp", "1969-01-01 00:00:00", "1969-01-01T00:00:00.000000+00:00")]
    [InlineData("timestamp_ntz", "2021-09-08 11:12:13", "2021-09-08T11:12:13.000000")]
    public async Task Partition_values_of_every_type_come_from_the_log(string type, string text, string value)
    {
        using var table = new HandMadeTable(Field("p", type) + "," + Field("a", "integer"), partitions: "[\"p\"]")
            .File("1.parquet", "select 1 as a, 'other' as p", $$"""{"p":"{{text}}"}""")
            .File("2.parquet", "select 2 as a, 'other' as p", """{"p":null}""")
            .File("p=9/3.parquet", "select 3 as a, 'other' as p", $$"""{"p":"{{text}}"}""");

        Assert.Equal(["1|" + value, "2|null", "3|" + value], (await table.ReadAsync("a, p")).Rows);
    }

    [Theory]
    [InlineData("integer", "1.5")]
    [InlineData("boolean", "yes")]
    public async Task A_partition_value_that_is_none_is_corrupt(string type, string text)
    {
        using var table = new HandMadeTable(Field("p", type) + "," + Field("a", "integer"), partitions: "[\"p\"]").File("1.parquet", "select 1 as a", $$"""{"p":"{{text}}"}""");

        Assert.Equal(DeltaErrorKind.Corrupt, (await table.RefusedAsync()).Kind);
    }

    [Theory]
    [InlineData("long", "5::tinyint", "5")]
    [InlineData("double", "0.1::float", "0.10000000149011612")]
    [InlineData("double", "7::integer", "7")]
    [InlineData("decimal(12,2)", "7::integer", "7.00")]
    [InlineData("decimal(30,4)", "1.25::decimal(10,2)", "1.2500")]
    [InlineData("timestamp_ntz", "date '2020-02-29'", "2020-02-29T00:00:00.000000")]
    [InlineData("timestamp", "timestamp '2020-02-29 01:02:03.5'", "2020-02-29T01:02:03.500000+00:00")]
    [InlineData("string", "encode('ä')", "ä")]
    [InlineData("binary", "'ä\\x41'", "C3A45C783431")]
    [InlineData("void", "1", "null")]
    public async Task Values_of_narrower_types_are_widened(string type, string sql, string value)
    {
        using var table = new HandMadeTable(Field("a", type), Widened).File("1.parquet", $"select {sql} as a");

        Assert.Equal([value], (await table.ReadAsync()).Rows);
    }

    [Theory]
    [InlineData("integer", "1.5::double")]
    [InlineData("float", "1.5::double")]
    [InlineData("decimal(10,2)", "1.255::decimal(10,3)")]
    [InlineData("string", "5")]
    [InlineData("date", "timestamp '2020-01-01'")]
    [InlineData("long", "'5'")]
    [InlineData("boolean", "1")]
    [InlineData("array<integer>", "5")]
    public async Task A_file_of_a_type_that_does_not_fit_is_refused(string type, string sql)
    {
        using var table = new HandMadeTable(Field("a", type == "array<integer>" ? Array("\"integer\"") : type)).File("1.parquet", $"select {sql} as a");

        var error = await table.RefusedAsync();

        Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
        Assert.Contains("Column a", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_change_that_nobody_knows_is_refused_by_name()
    {
        using var table = new HandMadeTable(
            """{"name":"a","type":"string","nullable":true,"metadata":{"delta.typeChanges":[{"fromType":"integer","toType":"string"}]}}""", Widened)
            .File("1.parquet", "select 'x' as a");

        Assert.Contains("typeWidening", (await table.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variant_is_refused_by_name()
    {
        using var table = new HandMadeTable(Field("a", "variant")).File("1.parquet", "select 1 as a");

        Assert.Contains("variantType", (await table.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deletion_vectors_take_rows_by_their_physical_position_in_files_of_any_order()
    {
        var gone = new long[] { 0, 5, 70_000, 199_999 };
        using var table = new HandMadeTable(Field("f", "integer") + "," + Field("n", "long"), WithVectors);
        await Vector(table, "1.parquet", "select 1 as f, range as n from range(200000)", gone);
        table.File("2.parquet", "select 2 as f, range as n from range(10)");
        await Vector(table, "3.parquet", "select 3 as f, range as n from range(200000)", [.. Enumerable.Range(0, 100_000).Select(i => i * 2L)]);

        var (_, rows) = await table.ReadAsync("f, count(*) as c, sum(n)::bigint as s", "group by f");

        Assert.Equal(["1|199996|19999629996", "2|10|45", "3|100000|10000000000"], rows);
        Assert.Equal(["4"], (await table.ReadAsync("count(*) filter (where f = 1 and n between 1 and 4)")).Rows);
    }

    [Fact]
    public async Task Positions_name_the_file_and_row_also_of_deleted_rows()
    {
        using var table = new HandMadeTable(Field("n", "long"), WithVectors).File("1.parquet", "select range as n from range(3)");
        await Vector(table, "2.parquet", "select range + 10 as n from range(3)", [1]);
        table.File("3.parquet", "select (range + 20)::bigint as n, 1 as more from range(2)");
        var opened = table.Open();
        var snapshot = await opened.LoadAsync(cancellationToken: TestContext.Current.CancellationToken);
        var files = snapshot.Files.OrderByDescending(f => f.Path, StringComparer.Ordinal).ToList();
        using var connection = table.Session.Engine.Connect();

        string[] Rows(TableScan scan) => [.. connection.Query($"select * from {scan.Relation} order by all").Rows().Select(r => string.Join('|', r))];

        using var live = await TableScan.OpenAsync(opened.Access, connection, snapshot, files, new ScanOptions { Positions = true, Where = "n >= 1" }, default);
        Assert.Equal(["1|2|1", "2|2|2", "10|1|0", "12|1|2", "20|0|0", "21|0|1"], Rows(live));
        using var all = await TableScan.OpenAsync(opened.Access, connection, snapshot, files, new ScanOptions { Positions = true, DeletedRowsToo = true, Where = "n = 11" }, default);
        Assert.Equal(["11|1|1"], Rows(all));
    }

    [Fact]
    public async Task A_relation_fails_after_its_scan_is_closed_rather_than_giving_deleted_rows()
    {
        using var table = new HandMadeTable(Field("n", "long"), WithVectors);
        await Vector(table, "1.parquet", "select range as n from range(3)", [1]);
        var opened = table.Open();
        var snapshot = await opened.LoadAsync(cancellationToken: TestContext.Current.CancellationToken);
        using var connection = table.Session.Engine.Connect();
        var scan = await TableScan.OpenAsync(opened.Access, connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, default);
        scan.Dispose();

        var error = Assert.Throws<DuckDb.DuckDbException>(() => connection.Query($"select * from {scan.Relation}").ToList());

        Assert.Contains("after its scan was closed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_table_has_its_columns_and_no_rows()
    {
        using var table = new HandMadeTable(Field("a", "decimal(10,2)") + "," + Field("s", Struct(Field("x", "timestamp"))));

        Assert.Equal("a DECIMAL(10,2), s STRUCT(\"x\" TIMESTAMP WITH TIME ZONE)", (await table.ReadAsync()).Types);
        Assert.Empty((await table.ReadAsync()).Rows);
    }

    [Fact]
    public async Task Absolute_paths_within_the_store_are_found_and_others_are_refused()
    {
        using var table = new HandMadeTable(Field("a", "integer"));
        table.File("b c.parquet", "select 1 as a", path: $"file://{table.Folder}/b%20c.parquet");

        Assert.Equal(["1"], (await table.ReadAsync()).Rows);

        table.File("d.parquet", "select 1 as a", path: "s3://elsewhere/d.parquet");
        Assert.Equal(DeltaErrorKind.UnsupportedFeature, (await table.RefusedAsync()).Kind);
    }

    [Fact]
    public async Task A_missing_data_file_is_named()
    {
        using var table = new HandMadeTable(Field("a", "integer")).File("1.parquet", "select 1 as a").File("gone.parquet", "select 1 as a");
        File.Delete(table.Folder + "/gone.parquet");

        var error = await table.RefusedAsync();

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.Contains("'gone.parquet' of '' is missing", error.Message, StringComparison.Ordinal);
    }

    private static void AssertRows(string types, string[] rows, (string Types, string[] Rows) actual)
    {
        Assert.Equal(types, actual.Types);
        Assert.Equal(rows, actual.Rows);
    }

    private static async Task Vector(HandMadeTable table, string name, string select, long[] rows)
    {
        var files = new DeletionVectorFiles(table.Session.Store, "");
        var descriptor = (await files.WriteAsync([DeletionVector.Of(rows)], Guid.NewGuid()))[0];
        var offset = descriptor.Offset is { } at ? $",\"offset\":{at}" : "";
        table.File(name, select, more: $$""","deletionVector":{"storageType":"{{descriptor.StorageType}}","pathOrInlineDv":{{System.Text.Json.JsonSerializer.Serialize(descriptor.PathOrInlineDv)}}{{offset}},"sizeInBytes":{{descriptor.SizeInBytes}},"cardinality":{{descriptor.Cardinality}}}""");
    }

    private static string Field(string name, string type, int id, string physicalName) =>
        $$$"""{"name":"{{{name}}}","type":{{{Quoted(type)}}},"nullable":true,"metadata":{"delta.columnMapping.id":{{{id}}},"delta.columnMapping.physicalName":"{{{physicalName}}}"}}""";

    private static string Field(string name, string type) => $$$"""{"name":"{{{name}}}","type":{{{Quoted(type)}}},"nullable":true,"metadata":{}}""";

    private static string Struct(string fields) => $$"""{"type":"struct","fields":[{{fields}}]}""";

    private static string Array(string element) => $$"""{"type":"array","elementType":{{element}},"containsNull":true}""";

    private static string Map(string key, string value) => $$"""{"type":"map","keyType":"{{key}}","valueType":{{value}},"valueContainsNull":true}""";

    private static string Quoted(string type) => type.StartsWith('{') ? type : $"\"{type}\"";
}

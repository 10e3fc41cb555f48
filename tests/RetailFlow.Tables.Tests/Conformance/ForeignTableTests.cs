using static RetailFlow.Tables.Tests.Conformance.ForeignTable;

namespace RetailFlow.Tables.Tests.Conformance;

/// <summary>Tables whose names nobody has seen: the scoreboard must judge them by what is in them.</summary>
public sealed class ForeignTableTests
{
    private const string Feed = "\"delta.enableChangeDataFeed\":\"true\"";

    private static readonly string Id = Metadata(Field("id", "long"));
    private static readonly string IdWithFeed = Metadata(Field("id", "long"), configuration: Feed);

    [Fact]
    public async Task Every_table_of_a_folder_is_judged_by_itself_with_its_own_expectation()
    {
        using var table = new ForeignTable("table/delta/first")
            .Commit(0, Protocol, Id, Add("1.parquet")).Data("1.parquet", "select 1::bigint as id");
        Sibling(table, "table/delta/second", "select 2::bigint as id");
        Write(table, "table/expected/first/part.parquet", "select 1::bigint as id");
        Write(table, "table/expected/second/part.parquet", "select 3::bigint as id");

        var report = await table.ReportAsync();

        Assert.Equal([("delta/first", ConformanceVerdict.Right), ("delta/second", ConformanceVerdict.Wrong)], report.Tables.Select(t => (t.Name, t.Verdict)));
        Assert.Contains("content as expected", report.Tables[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_expectation_the_scoreboard_says_that_it_compared_nothing()
    {
        using var table = new ForeignTable().Commit(0, Protocol, Id, Add("1.parquet")).Data("1.parquet", "select 1::bigint as id");

        await table.AssertRightAsync("1 versions replayed, 1 read, no expected content to compare");
    }

    [Fact]
    public async Task A_log_without_its_data_files_is_replayed_and_no_more()
    {
        using var table = new ForeignTable().Commit(0, Protocol, Id, Add("a")).Commit(1, Remove("a"), Add("b"));

        await table.AssertRightAsync("2 versions replayed, no data files to read");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("{\"add\":{\"path\":\"x\"")]
    [InlineData("{\"add\":{\"path\":7}}")]
    public async Task A_commit_that_is_damaged_must_be_refused(string line)
    {
        using var table = new ForeignTable().Commit(0, Protocol, Id).Commit(1, line);

        await table.AssertAsync(ConformanceVerdict.RefusedAsItMustBe, "Version 1, line 1");
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_no_reason_to_refuse_while_the_commits_are_there()
    {
        using var table = new ForeignTable().Commit(0, Protocol, Id, Add("1.parquet")).Data("1.parquet", "select 1::bigint as id")
            .Text("00000000000000000000.checkpoint.parquet", "PAR1 and no more")
            .Expected("select 1::bigint as id");

        await table.AssertRightAsync("content as expected");
    }

    [Fact]
    public async Task A_checkpoint_without_metadata_must_be_refused()
    {
        using var table = new ForeignTable().Commit(0, Protocol, Id)
            .Checkpoint("00000000000000000000.checkpoint.parquet", "select {'minReaderVersion': 1, 'minWriterVersion': 2} as protocol, {'id': null::varchar} as metaData");

        await table.AssertAsync(ConformanceVerdict.RefusedAsItMustBe, "metaData");
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000000000000000000.crc")]
    public async Task A_log_without_commits_must_be_refused(string other)
    {
        using var table = new ForeignTable();
        if (other.Length > 0)
        {
            table.Text(other, "malformed");
        }

        await table.AssertAsync(ConformanceVerdict.RefusedAsItMustBe, "There is no Delta table");
    }

    [Fact]
    public async Task A_checksum_that_cannot_be_read_is_told_and_is_not_the_tables_fault()
    {
        using var table = new ForeignTable().Commit(0, Protocol, Id, Add("1.parquet")).Data("1.parquet", "select 1::bigint as id")
            .Text("00000000000000000000.crc", "malformed");

        await table.AssertRightAsync("1 checksums unreadable");
    }

    [Theory]
    [InlineData("variantType-preview", "variant")]
    [InlineData("catalogOwned-preview", "long")]
    [InlineData("geospatial", "geometry(OGC:CRS84)")]
    public async Task A_feature_that_is_not_supported_is_refused_by_its_name(string feature, string type)
    {
        using var table = new ForeignTable().Commit(0, Features(feature), Metadata(Field("id", type)));

        await table.AssertAsync(ConformanceVerdict.RefusedByName, feature);
    }

    [Theory]
    [InlineData("interval day to second")]
    [InlineData("string collate UTF8_LCASE")]
    [InlineData("varchar(10)")]
    public async Task A_type_that_is_not_supported_is_refused_by_its_name(string type)
    {
        using var table = new ForeignTable().Commit(0, Protocol, Metadata(Field("id", "long") + "," + Field("odd", type)));

        await table.AssertAsync(ConformanceVerdict.RefusedByName, type);
    }

    [Fact]
    public async Task A_version_before_the_newest_may_need_a_feature_that_is_not_supported()
    {
        using var table = new ForeignTable()
            .Commit(0, Features("variantType"), Metadata(Field("v", "variant")))
            .Commit(1, Protocol, Id, Add("1.parquet")).Data("1.parquet", "select 1::bigint as id");

        await table.AssertRightAsync("1 versions replayed", "1 refused by name");
    }

    [Fact]
    public async Task The_feed_is_not_checked_where_its_files_are_gone()
    {
        using var table = new ForeignTable()
            .Commit(0, Protocol, IdWithFeed)
            .Commit(1, Change("gone.parquet"))
            .Commit(2, Add("a.parquet"), Remove("never.parquet"))
            .Commit(3, Remove("a.parquet"), Add("b.parquet")).Data("b.parquet", "select 1::bigint as id");

        await table.AssertRightAsync("1 versions of the change data feed consistent", "3 without their files");
    }

    [Fact]
    public async Task A_change_that_says_that_it_is_none_is_no_part_of_the_feed()
    {
        using var table = new ForeignTable()
            .Commit(0, Protocol, IdWithFeed, Add("a.parquet")).Data("a.parquet", "select range as id from range(10)")
            .Commit(1, Remove("a.parquet", dataChange: false));

        await table.AssertRightAsync("2 versions of the change data feed consistent");
    }

    [Fact]
    public async Task The_feed_goes_on_over_a_new_column()
    {
        using var table = new ForeignTable()
            .Commit(0, Protocol, IdWithFeed, Add("a.parquet")).Data("a.parquet", "select 1::bigint as id")
            .Commit(1, Metadata(Field("id", "long") + "," + Field("more", "string"), configuration: Feed), Add("b.parquet")).Data("b.parquet", "select 2::bigint as id, 'x' as more")
            .Expected("select * from (values (1::bigint, null), (2, 'x')) as t(id, more)");

        await table.AssertRightAsync("2 versions of the change data feed consistent", "content as expected");
    }

    [Fact]
    public async Task The_feed_is_not_held_against_content_of_another_schema()
    {
        using var table = new ForeignTable()
            .Commit(0, Protocol, IdWithFeed, Add("a.parquet")).Data("a.parquet", "select 1::bigint as id")
            .Commit(1, Metadata(Field("id", "string"), configuration: Feed), Remove("a.parquet"), Add("b.parquet")).Data("b.parquet", "select 'x' as id")
            .Commit(2, Add("c.parquet")).Data("c.parquet", "select 'y' as id")
            .Expected("select * from (values ('x'), ('y')) as t(id)");

        await table.AssertRightAsync("2 versions of the change data feed consistent", "1 across a change of the schema", "content as expected");
    }

    [Fact]
    public async Task The_feed_may_be_off_in_between()
    {
        using var table = new ForeignTable()
            .Commit(0, Protocol, IdWithFeed, Add("a.parquet")).Data("a.parquet", "select 1::bigint as id")
            .Commit(1, Metadata(Field("id", "long"), configuration: "\"delta.enableChangeDataFeed\":\"false\""))
            .Commit(2, Add("b.parquet")).Data("b.parquet", "select 2::bigint as id")
            .Commit(3, IdWithFeed)
            .Commit(4, Add("c.parquet")).Data("c.parquet", "select 3::bigint as id");

        await table.AssertRightAsync("2 versions of the change data feed consistent");
    }

    [Fact]
    public async Task The_feed_is_not_checked_where_the_commits_are_gone()
    {
        using var table = new ForeignTable()
            .Data("a.parquet", "select 1::bigint as id")
            .Checkpoint("00000000000000000004.checkpoint.parquet", CheckpointOf(Feed, "select 'a.parquet' as path"))
            .Checkpoint("00000000000000000005.checkpoint.parquet", CheckpointOf(Feed, "select 'a.parquet' as path"));

        await table.AssertRightAsync("2 versions replayed, 2 read");
    }

    [Fact]
    public async Task Every_widening_of_a_type_reads_the_files_of_both_types()
    {
        (string From, string To, string Old, string New)[] columns =
        [
            ("byte", "long", "1::tinyint", "9000000000::bigint"), ("integer", "long", "2::integer", "9000000000::bigint"),
            ("float", "double", "1.5::float", "0.1::double"), ("byte", "double", "3::tinyint", "0.1::double"), ("short", "double", "4::smallint", "0.1::double"),
            ("integer", "double", "5::integer", "0.1::double"), ("decimal(10,2)", "decimal(20,2)", "6.25::decimal(10,2)", "123456789012.34::decimal(20,2)"),
            ("decimal(10,2)", "decimal(20,5)", "7.25::decimal(10,2)", "7.12345::decimal(20,5)"), ("byte", "decimal(11,1)", "8::tinyint", "8.5::decimal(11,1)"),
            ("short", "decimal(11,1)", "9::smallint", "9.5::decimal(11,1)"), ("integer", "decimal(11,1)", "10::integer", "10.5::decimal(11,1)"),
            ("long", "decimal(21,1)", "11::bigint", "11.5::decimal(21,1)"), ("date", "timestamp_ntz", "date '2024-02-29'", "timestamp '2024-02-29 01:02:03.456789'"),
        ];
        var fields = string.Join(',', columns.Select((c, i) => Field($"c{i}", c.To, $$"""{"delta.typeChanges":[{"fromType":"{{c.From}}","toType":"{{c.To}}"}]}""")));
        string Select(Func<(string From, string To, string Old, string New), string> value) => $"select {string.Join(", ", columns.Select((c, i) => $"{value(c)} as c{i}"))}";
        using var table = new ForeignTable()
            .Commit(0, Protocol, Metadata(string.Join(',', columns.Select((c, i) => Field($"c{i}", c.From)))), Add("old.parquet")).Data("old.parquet", Select(c => c.Old))
            .Commit(1, Features("typeWidening", "timestampNtz"), Metadata(fields), Add("new.parquet")).Data("new.parquet", Select(c => c.New))
            .Expected(Select(c => Sql(c)) + " union all " + Select(c => c.New));

        await table.AssertRightAsync("2 versions replayed, 2 read, content as expected");

        static string Sql((string From, string To, string Old, string New) c) => c.To switch
        {
            "long" => $"({c.Old})::bigint",
            "timestamp_ntz" => $"({c.Old})::timestamp",
            _ => $"({c.Old})::{c.To}",
        };
    }

    [Fact]
    public async Task A_log_that_begins_with_a_checkpoint_of_few_columns_among_stray_files_is_a_table()
    {
        using var table = new ForeignTable()
            .Data("a.parquet", "select 1::bigint as id").Data("b.parquet", "select 2::bigint as id")
            .Checkpoint("00000000000000000007.checkpoint.parquet", CheckpointOf(Feed, "select 'a.parquet' as path"))
            .Text("00000000000000000007.checkpoint.0000000001.0000000002.parquet", "half of a checkpoint")
            .Text("_last_checkpoint", """{"version":7,"size":3,"parts":2}""")
            .Text(".00000000000000000009.json.crc", "crc").Text("00000000000000000009.json.tmp", "unfinished").Text(".DS_Store", "x")
            .Text("_commits/00000000000000000009.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json", "not published").Text("_staged_commits/x", "x")
            .Commit(8, """{"futureAction":{"path":"x"}}""", """{"commitInfo":{"operationParameters":{"list":[1,{"a":null}],"flag":true},"timestamp":"odd"}}""", "", Add("b.parquet", more: ",\"futureField\":[1]"))
            .Expected("select unnest([1, 2])::bigint as id");

        await table.AssertRightAsync("2 versions replayed, 2 read, content as expected");
    }

    private static string CheckpointOf(string configuration, string paths)
    {
        var schema = """{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{}}]}""";
        var property = configuration.Replace("\"", "", StringComparison.Ordinal).Split(':');
        return $$"""
            select {'minReaderVersion': 1, 'minWriterVersion': 2} as protocol, {'id': null, 'schemaString': null, 'partitionColumns': null, 'configuration': null} as metaData, {'path': null, 'partitionValues': null, 'size': null, 'modificationTime': null} as "add"
            union all by name select {'id': 't', 'schemaString': '{{schema}}', 'partitionColumns': []::varchar[], 'configuration': map { '{{property[0]}}': '{{property[1]}}' } } as metaData
            union all by name select {'path': path, 'partitionValues': map {}::map(varchar, varchar), 'size': 1, 'modificationTime': 1} as "add" from ({{paths}})
            """;
    }

    private static void Sibling(ForeignTable table, string at, string select)
    {
        Write(table, at + "/1.parquet", select);
        var log = Path.Combine(Root(table), at, "_delta_log");
        Directory.CreateDirectory(log);
        File.WriteAllLines(Path.Combine(log, "00000000000000000000.json"), [Protocol, Id, Add("1.parquet")]);
    }

    private static void Write(ForeignTable table, string file, string select) => table.Data(Path.Combine(Root(table), file), select);

    private static string Root(ForeignTable table) => table.Folder[..^"/table/delta/first".Length];
}

using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Tables.Tests.Support;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Front;

public sealed class FilteredReadTests : FrontTests
{
    [Fact]
    public async Task Files_without_a_matching_row_are_not_opened()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id"), Text("p")]), PartitionColumns = ["p"] });
        for (var i = 0; i < 5; i++)
        {
            await table.AppendAsync(string.Create(CultureInfo.InvariantCulture, $"select {i * 10} + range as id, 'p{i % 2}' as p from range(10)"));
        }

        Assert.Equal((5, 50), await OpenedAsync(null));
        Assert.Equal((1, 1), await OpenedAsync("id = 23"));
        Assert.Equal((2, 6), await OpenedAsync("id between 17 and 22"));
        Assert.Equal((2, 20), await OpenedAsync("p = 'p1'"));
        Assert.Equal((1, 3), await OpenedAsync("p = 'p1' and id >= 37"));
        Assert.Equal((0, 0), await OpenedAsync("id > 1000"));

        async Task<(int Opened, int Rows)> OpenedAsync(string? where)
        {
            var remote = new RemoteView(Store);
            using var session = Open(remote, "remote");
            using var rows = await DeltaTable.Open(session, "t").ReadAsync(where: where);
            using var counted = await DeltaTable.Open(session, "t").QueryAsync("select count(*) from {table}", where: where);
            var found = rows.Rows().Count();
            Assert.Equal((long)found, counted.Rows().Single()[0]);
            Assert.Equal(0, remote.Opened % 2);
            return (remote.Opened / 2, found);
        }
    }

    [Fact]
    public async Task Condition_that_is_wrong_is_an_error_even_if_no_file_is_left_to_read()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });
        await table.AppendAsync("select 1 as id");

        await Assert.ThrowsAsync<DuckDbException>(async () => await table.ReadAsync(where: "id = 99 and nosuch = 1"));
        await Assert.ThrowsAsync<DuckDbException>(async () => await table.ReadAsync(where: "id ="));
        using var none = await table.ReadAsync(columns: ["id"], where: "id = 99");
        Assert.Equal(("id", 0), (none.Columns.Single().Name, none.Rows().Count()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Filtered_read_is_the_filter_of_the_full_read(int seed)
    {
        var random = new Random(seed);
        var table = await RandomTableAsync(random, partitioned: seed % 2 == 0);
        var full = await RowsAsync(table);
        Assert.NotEmpty(full);
        var files = (await table.LoadAsync()).FileCount;
        var skipped = 0;
        for (var i = 0; i < 60; i++)
        {
            var where = Condition(random, 2);
            using var filtered = await table.ReadAsync(where: where);
            var found = Texts(filtered);
            Assert.Equal(await RowsAsync(table, $"select * from {{table}} where {where}"), found);
            skipped += files - await KeptAsync(table, where);
        }

        Assert.True(skipped > 0, "No condition left a file out, so that nothing was shown.");
    }

    private async Task<int> KeptAsync(DeltaTable table, string where)
    {
        using var connection = Session.Engine.Connect();
        var snapshot = await table.LoadAsync();
        return FileSkipper.Select(snapshot, FilePredicateReader.Read(connection, snapshot.Schema, where, "")).Count();
    }

    /// <summary>Mapped columns, nulls, NaN, deleted rows, a column and a wider type that older files do not have.</summary>
    private async Task<DeltaTable> RandomTableAsync(Random random, bool partitioned)
    {
        var table = await CreateAsync(new TableDefinition
        {
            Schema = new([new("i", PrimitiveType.Integer), new("d", PrimitiveType.Double), Text("s"), new("t", PrimitiveType.Timestamp), Text("p")]),
            PartitionColumns = partitioned ? ["p"] : [],
            Profile = TableProfile.Modern,
            Properties = new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name", ["delta.enableTypeWidening"] = "true" },
        });
        for (var i = 0; i < 6; i++)
        {
            if (i == 3)
            {
                await table.DeleteAsync("i % 5 = 1");
                await table.AlterAsync(
                    [new SchemaChange.RenameColumn("s", "Text"), new SchemaChange.AddColumn("n", new DecimalType(10, 2)), new SchemaChange.WidenType(ColumnPath.Of("i"), PrimitiveType.Long)]);
            }

            var at = random.Next(-40, 40);
            var text = i < 3 ? "s" : "Text";
            var late = i < 3 ? "" : ", cast(range - 3 as decimal(10,2)) / 4 as n";
            await table.AppendAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"select case when range % 7 <> {random.Next(7)} then {at} + range end as i, case range % 5 when {random.Next(5)} then 'nan'::double when {random.Next(5)} then null else ({at} + range) / 2.0 end as d, "
                + $"case when range % 4 <> 2 then chr(cast(97 + (range + {random.Next(20)}) % 26 as integer)) || 'x' end as {text}, timestamptz '2026-01-01' + interval (({at} + range) * 3600) second as t, "
                + $"case {i % 3} when 0 then null when 1 then 'a' else 'b c' end as p{late} from range({random.Next(3, 12)})"));
        }

        return table;
    }

    private static string Condition(Random random, int depth) => depth > 0 && random.Next(3) > 0
        ? random.Next(3) switch
        {
            0 => $"({Condition(random, depth - 1)}) and ({Condition(random, depth - 1)})",
            1 => $"({Condition(random, depth - 1)}) or ({Condition(random, depth - 1)})",
            _ => $"not ({Condition(random, depth - 1)})",
        }
        : Comparison(random);

    private static string Comparison(Random random)
    {
        var (column, value) = random.Next(6) switch
        {
            0 => ("i", Number(random)),
            1 => ("d", random.Next(4) == 0 ? "'nan'::double" : Number(random) + ".5"),
            2 => ("TEXT", $"'{(char)random.Next('a', 'z')}'"),
            3 => ("t", $"timestamptz '2026-01-0{random.Next(1, 4)} 00:00:00+00'"),
            4 => ("p", random.Next(2) == 0 ? "'a'" : "'b c'"),
            _ => ("n", Number(random)),
        };
        return random.Next(5) switch
        {
            0 => $"{column} is {(random.Next(2) == 0 ? "" : "not ")}null",
            1 => $"{column} in ({value})",
            _ => $"{column} {new[] { "=", "<>", "<", "<=", ">", ">=" }[random.Next(6)]} {value}",
        };
    }

    private static string Number(Random random) => random.Next(-45, 55).ToString(CultureInfo.InvariantCulture);

    private static string[] Texts(DeltaRows rows) =>
        [.. rows.Rows().Select(row => string.Join('|', row.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture)))).Order(StringComparer.Ordinal)];
}

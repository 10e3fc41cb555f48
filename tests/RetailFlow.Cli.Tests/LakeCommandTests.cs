using System.Text.Json;
using Xunit;

namespace RetailFlow.Cli.Tests;

/// <summary>The commands on a real lake with the project that comes with the program.</summary>
public sealed class LakeCommandTests : IDisposable
{
    private const string Lines =
        """
        {"event_id":"1","type":"count","sku":"A","location":"L1","quantity":10,"event_time":"2026-01-01T00:00:00Z"}
        {"event_id":"2","type":"sale","sku":"A","location":"L1","quantity":"2.5","event_time":"2026-01-02T00:00:00Z"}
        {"event_id":"2","type":"sale","sku":"A","location":"L1","quantity":2.5,"event_time":"2026-01-02T00:00:00Z"}
        {"event_id":"3","type":"nonsense","sku":"A","location":"L1","quantity":1,"event_time":"2026-01-02T00:00:00Z"}
        {"event_id":"4","type":"sale","sku":"B","location":"L2","quantity":1,"event_time":"2026-01-02T00:00:00Z"}

        """;

    private readonly CliFixture _cli = new();

    [Fact]
    public async Task Records_that_are_landed_and_run_are_stock_that_reconciles()
    {
        await LandAsync();

        var landedAgain = await _cli.RunAsync("land", "inventory", "records.ndjson", "--source", "wms", "--batch", "b1", "--output", "json");
        Assert.True(landedAgain.Json[0].GetProperty("already_there").GetBoolean());

        var run = await _cli.RunAsync("run", "--output", "json");
        Assert.True(run.Exit == 0, run.Error);
        Assert.Contains(run.Json.EnumerateArray(), s => s.GetProperty("table").GetString() == "gold.stock_on_hand" && s.GetProperty("outcome").GetString() == "committed");

        var stock = await _cli.RunAsync("stock", "A");
        Assert.True(stock.Exit == 0, stock.Error);
        var row = Assert.Single(stock.Json.EnumerateArray());
        Assert.Equal("A", row.GetProperty("sku").GetString());
        Assert.Equal("L1", row.GetProperty("location").GetString());
        Assert.Equal("7.5", row.GetProperty("on_hand").GetRawText());
        Assert.Equal("7.5", row.GetProperty("available").GetRawText());
        Assert.Equal("0", row.GetProperty("held").GetRawText());

        var all = await _cli.RunAsync("stock", "--output", "json");
        Assert.Equal(2, all.Json.GetArrayLength());
        Assert.Equal("-1", all.Json.EnumerateArray().Single(r => r.GetProperty("sku").GetString() == "B").GetProperty("on_hand").GetRawText());
        Assert.Equal("0", all.Json.EnumerateArray().Single(r => r.GetProperty("sku").GetString() == "B").GetProperty("available").GetRawText());

        var earlier = await _cli.RunAsync("stock", "A", "--as-of", "2026-01-01T12:00:00Z");
        Assert.Equal("10", Assert.Single(earlier.Json.EnumerateArray()).GetProperty("on_hand").GetRawText());

        var reconcile = await _cli.RunAsync("reconcile", "--output", "json");
        Assert.True(reconcile.Exit == 0, reconcile.Output + reconcile.Error);
        Assert.NotEqual(0, reconcile.Json.GetArrayLength());
    }

    [Fact]
    public async Task An_explanation_names_the_governing_count_and_the_records_after_it()
    {
        await LandAsync();
        await _cli.RunAsync("run");

        var result = await _cli.RunAsync("stock", "A", "--location", "L1", "--explain");

        Assert.True(result.Exit == 0, result.Error);
        Assert.Equal("1", result.Json.GetProperty("governing_count").GetProperty("event_id").GetString());
        var after = Assert.Single(result.Json.GetProperty("records_after").EnumerateArray());
        Assert.Equal("2", after.GetProperty("event_id").GetString());
        Assert.Equal("-2.5", after.GetProperty("effect").GetRawText());
    }

    [Fact]
    public async Task Tables_descriptions_history_and_queries_are_single_json_documents()
    {
        await LandAsync();
        await _cli.RunAsync("run");

        var tables = await _cli.RunAsync("tables", "--output", "json");
        Assert.Contains(tables.Json.EnumerateArray(), t => t.GetProperty("name").GetString() == "silver.inventory_events" && t.GetProperty("rows").GetInt64() == 3);

        var description = await _cli.RunAsync("describe", "silver.inventory_events", "--output", "json");
        Assert.Contains(description.Json.GetProperty("columns").EnumerateArray(), c => c.GetProperty("name").GetString() == "event_id");

        var history = await _cli.RunAsync("history", "silver.inventory_events", "--limit", "1", "--output", "json");
        Assert.Equal(1, history.Json.GetArrayLength());

        var query = await _cli.RunAsync("sql", "SELECT sum(quantity) AS units, count(*) AS n FROM silver.inventory_events", "--output", "json");
        Assert.Equal("13.50000", query.Json[0].GetProperty("units").GetRawText());
        Assert.Equal(3, query.Json[0].GetProperty("n").GetInt64());

        var fromInput = await _cli.RunAsync("SELECT 1 AS one", ["sql", "-", "--output", "json"]);
        Assert.Equal("""[{"one":1}]""" + "\n", fromInput.Output);
    }

    [Fact]
    public async Task What_was_set_aside_is_listed_and_shown_with_its_bytes()
    {
        await LandAsync();
        await _cli.RunAsync("run");

        var list = await _cli.RunAsync("quarantine", "list", "--output", "json");
        var summary = Assert.Single(list.Json.EnumerateArray());
        Assert.Equal("unknown_type", summary.GetProperty("rule").GetString());
        Assert.Equal(1, summary.GetProperty("records").GetInt64());

        var show = await _cli.RunAsync("quarantine", "show", "inventory", "--rule", "unknown_type", "--output", "json");
        Assert.Contains("nonsense", Assert.Single(show.Json.EnumerateArray()).GetProperty("raw").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delta_table_is_read_exported_and_its_log_shown_by_path()
    {
        await LandAsync();
        await _cli.RunAsync("run");
        var table = Path.Combine("lake", "gold", "stock_on_hand");

        var rows = await _cli.RunAsync("delta", "read", table);
        Assert.True(rows.Exit == 0, rows.Error);
        Assert.Equal(2, rows.Output.TrimEnd('\n').Split('\n').Length);

        var export = await _cli.RunAsync("delta", "export", table, "--to", "stock.parquet", "--output", "json");
        Assert.Equal(2, export.Json[0].GetProperty("rows").GetInt64());
        Assert.Equal("PAR1"u8.ToArray(), File.ReadAllBytes(Path.Combine(_cli.Folder, "stock.parquet"))[..4]);

        var log = await _cli.RunAsync("delta", "log", table);
        Assert.True(log.Json.TryGetProperty("protocol", out _));
    }

    [Fact]
    public async Task Changes_of_a_table_are_printed_written_and_refused_where_there_are_none()
    {
        await LandAsync();
        await _cli.RunAsync("run");
        var table = Path.Combine("lake", "silver", "inventory_events");

        var rows = await _cli.RunAsync("delta", "changes", table, "--from", "0");
        Assert.True(rows.Exit == 0, rows.Error);
        var changes = rows.Output.TrimEnd('\n').Split('\n').Select(line => System.Text.Json.JsonElement.Parse(line)).ToList();
        var silver = (await _cli.RunAsync("sql", "SELECT event_id FROM silver.inventory_events ORDER BY 1", "--output", "json")).Json;
        Assert.Equal(
            silver.EnumerateArray().Select(row => (row.GetProperty("event_id").GetString(), "insert", 1L)),
            changes.Select(row => (row.GetProperty("event_id").GetString(), row.GetProperty("_change_type").GetString()!, row.GetProperty("_commit_version").GetInt64())).Order());
        Assert.NotEmpty(changes);

        var written = await _cli.RunAsync("delta", "changes", table, "--from", "1", "--to", "1", "--to-file", "changes.parquet", "--output", "json");
        Assert.Equal(changes.Count, written.Json[0].GetProperty("rows").GetInt64());
        Assert.Equal("PAR1"u8.ToArray(), File.ReadAllBytes(Path.Combine(_cli.Folder, "changes.parquet"))[..4]);

        Assert.Equal(2, (await _cli.RunAsync("delta", "changes", table)).Exit);
        Assert.Equal(2, (await _cli.RunAsync("delta", "changes", table, "--from", "1", "--to", "0")).Exit);
        var late = await _cli.RunAsync("delta", "changes", table, "--from", "99");
        Assert.Equal((3, 1), (late.Exit, late.Error.TrimEnd('\n').Split('\n').Length));
        var off = await _cli.RunAsync("delta", "changes", Path.Combine("lake", "gold", "stock_on_hand"), "--from", "0");
        Assert.Equal(3, off.Exit);
        Assert.Contains("delta.enableChangeDataFeed", off.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scoreboard_names_each_table_with_its_verdict_and_fails_on_a_wrong_one()
    {
        await LandAsync();
        await _cli.RunAsync("run");
        var tables = Path.Combine("lake", "gold");

        var right = await _cli.RunAsync("delta", "conformance", tables, "--output", "csv");
        Assert.True(right.Exit == 0, right.Error);
        Assert.Equal(
            ["name,verdict", "fact_reservations,right", "oversell_incidents,right", "stock_on_hand,right"],
            right.Output.TrimEnd('\n').Split('\n').Select(line => string.Join(',', line.Split(',')[..2])));

        foreach (var file in Directory.GetFiles(Path.Combine(_cli.Folder, tables, "stock_on_hand"), "*.parquet"))
        {
            await File.WriteAllBytesAsync(file, File.ReadAllBytes(file)[..^9]);
        }

        var wrong = await _cli.RunAsync("delta", "conformance", tables, "--output", "csv");
        Assert.Equal(1, wrong.Exit);
        Assert.Contains("stock_on_hand,WRONG,", wrong.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", wrong.Output + wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clone_has_the_rows_of_its_source_and_a_name_that_is_taken_or_none_is_refused()
    {
        await LandAsync();
        await _cli.RunAsync("run");

        var cloned = await _cli.RunAsync("clone", "gold.stock_on_hand", "gold.trial", "--output", "csv");
        Assert.True(cloned.Exit == 0, cloned.Error);
        Assert.Equal("table,version,source,source_version,files\ngold.trial,0,gold.stock_on_hand,1,1\n", cloned.Output);
        const string rows = "SELECT count(*) AS n FROM (SELECT * FROM gold.trial EXCEPT ALL SELECT * FROM gold.stock_on_hand) x, (SELECT count(*) AS all_rows FROM gold.trial) y WHERE all_rows = 2";
        Assert.Equal(0, (await _cli.RunAsync("sql", rows, "--output", "json")).Json[0].GetProperty("n").GetInt32());

        Assert.Equal((4, "error: "), Told(await _cli.RunAsync("clone", "gold.stock_on_hand", "gold.trial")));
        Assert.Equal((3, "error: "), Told(await _cli.RunAsync("clone", "gold.nothing", "gold.other")));
        Assert.Equal((3, "error: "), Told(await _cli.RunAsync("clone", "gold.stock_on_hand", "gold.a/b")));
        Assert.Equal((3, "error: "), Told(await _cli.RunAsync("clone", "gold.stock_on_hand", "other")));
        Assert.Equal((3, "error: "), Told(await _cli.RunAsync("clone", "gold.stock_on_hand", "gold.other", "--version", "99")));

        static (int Exit, string Start) Told(CommandResult result) => (result.Exit, Assert.Single(result.Error.TrimEnd('\n').Split('\n'))[..7]);
    }

    [Fact]
    public async Task Table_is_converted_to_modern_once_and_never_back()
    {
        await LandAsync();
        await JsonAsync("run");
        var table = Path.Combine("lake", "gold", "stock_on_hand");
        Assert.Equal(1, (await _cli.RunAsync("delta", "log", table)).Json.GetProperty("protocol").GetProperty("minReaderVersion").GetInt32());

        var converted = await JsonAsync("delta", "profile", table, "modern");
        Assert.True(converted.Exit == 0, converted.Error);
        Assert.False(converted.Json[0].GetProperty("nothing_to_do").GetBoolean());
        var log = (await _cli.RunAsync("delta", "log", table)).Json;
        Assert.Equal(3, log.GetProperty("protocol").GetProperty("minReaderVersion").GetInt32());
        Assert.Equal("modern", log.GetProperty("metaData").GetProperty("configuration").GetProperty("retailflow.profile").GetString());

        Assert.True((await JsonAsync("delta", "profile", table, "modern")).Json[0].GetProperty("nothing_to_do").GetBoolean());
        var back = await JsonAsync("delta", "profile", table, "interop");
        Assert.NotEqual(0, back.Exit);
        Assert.Contains("deletionVectors: Synapse serverless", back.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await JsonAsync("delta", "profile", table, "old")).Exit);
        Assert.Equal(2, (await JsonAsync("stock")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Restored_table_is_as_it_was_and_vacuum_takes_only_what_is_forced()
    {
        await LandAsync();
        await JsonAsync("run");
        var version = (await JsonAsync("history", "gold.stock_on_hand")).Json[0].GetProperty("version").GetInt64();
        await File.WriteAllTextAsync(
            Path.Combine(_cli.Folder, "more.ndjson"),
            """{"event_id":"9","type":"sale","sku":"A","location":"L1","quantity":1,"event_time":"2026-01-03T00:00:00Z"}""");
        await JsonAsync("land", "inventory", "more.ndjson", "--source", "wms", "--batch", "b2");
        await JsonAsync("run");
        const string onHand = "SELECT on_hand FROM gold.stock_on_hand WHERE sku = 'A'";
        Assert.Equal("6.50000", (await JsonAsync("sql", onHand)).Json[0].GetProperty("on_hand").GetRawText());

        var restored = await JsonAsync("restore", "gold.stock_on_hand", "--version", version.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(restored.Exit == 0, restored.Error);
        Assert.Equal((version + 2, 1), (restored.Json[0].GetProperty("version").GetInt64(), restored.Json[0].GetProperty("files_restored").GetInt32()));
        Assert.Equal("7.50000", (await JsonAsync("sql", onHand)).Json[0].GetProperty("on_hand").GetRawText());
        var history = await JsonAsync("history", "gold.stock_on_hand", "--limit", "1");
        Assert.Contains("numRestoredFiles", history.Output, StringComparison.Ordinal);
        Assert.Equal(3, (await JsonAsync("restore", "gold.stock_on_hand", "--version", "999")).Exit);

        Assert.Equal(3, (await JsonAsync("vacuum", "gold.stock_on_hand", "--retain", "1")).Exit);
        Assert.Equal(0, (await JsonAsync("vacuum", "gold.stock_on_hand")).Json[0].GetProperty("files").GetInt32());
        var dry = await JsonAsync("vacuum", "gold.stock_on_hand", "--retain", "0", "--force", "--dry-run");
        var done = await JsonAsync("vacuum", "gold.stock_on_hand", "--retain", "0", "--force");
        Assert.True(done.Exit == 0, done.Error);
        Assert.Equal((1, true, 1, false), (Files(dry), IsDry(dry), Files(done), IsDry(done)));
        Assert.Equal("7.50000", (await JsonAsync("sql", onHand)).Json[0].GetProperty("on_hand").GetRawText());
        Assert.Equal(3, (await JsonAsync("restore", "gold.stock_on_hand", "--version", (version + 1).ToString(System.Globalization.CultureInfo.InvariantCulture))).Exit);
        static int Files(CommandResult result) => result.Json[0].GetProperty("files").GetInt32();
        static bool IsDry(CommandResult result) => result.Json[0].GetProperty("dry_run").GetBoolean();
    }

    [Theory]
    [InlineData("sql|SELECT * FROM gold.nothing")]
    [InlineData("sql|SELEKT 1")]
    [InlineData("sql|DROP TABLE gold.stock_on_hand")]
    [InlineData("describe|gold.nothing")]
    [InlineData("history|gold.nothing")]
    [InlineData("land|nothing|records.ndjson")]
    [InlineData("land|inventory|absent.ndjson")]
    [InlineData("stock|NEVER-SEEN")]
    [InlineData("run|--select|gold.nothing")]
    [InlineData("optimize|gold.nothing")]
    [InlineData("vacuum|gold.nothing")]
    [InlineData("restore|gold.nothing|--version|0")]
    [InlineData("delta|read|nowhere")]
    [InlineData("delta|log|nowhere")]
    [InlineData("delta|changes|nowhere|--from|0")]
    [InlineData("delta|conformance|nowhere")]
    public async Task What_does_not_exist_is_invalid_input_said_in_one_line(string line)
    {
        await LandAsync();

        var result = await _cli.RunAsync(line.Split('|'));

        Assert.Equal(3, result.Exit);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_with_other_content_under_a_name_that_is_taken_is_a_conflict()
    {
        await LandAsync();
        await File.WriteAllTextAsync(Path.Combine(_cli.Folder, "records.ndjson"), Lines + Lines);

        var result = await _cli.RunAsync("land", "inventory", "records.ndjson", "--source", "wms", "--batch", "b1");

        Assert.Equal(4, result.Exit);
    }

    [Fact]
    public async Task The_lake_can_be_named_by_the_environment()
    {
        _cli.Variables["RETAILFLOW_LAKE"] = "elsewhere";
        await LandAsync();

        Assert.True(Directory.Exists(Path.Combine(_cli.Folder, "elsewhere", "raw", "inventory")));
        Assert.False(Directory.Exists(Path.Combine(_cli.Folder, "lake")));
    }

    [Fact]
    public async Task A_generated_retailer_comes_with_its_true_totals()
    {
        var result = await _cli.RunAsync("generate", "retailer", "--days", "1", "--scale", "0.05", "--skus", "20", "--locations", "3", "--output", "json");

        Assert.True(result.Exit == 0, result.Error);
        using var expected = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_cli.Folder, "retailer", "expected.json")));
        Assert.Equal(expected.RootElement.GetProperty("received").GetInt64(), result.Json[0].GetProperty("received").GetInt64());
    }

    public void Dispose() => _cli.Dispose();

    private Task<CommandResult> JsonAsync(params string[] line) => _cli.RunAsync([.. line, "--output", "json"]);

    private async Task LandAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_cli.Folder, "records.ndjson"), Lines);
        var landed = await _cli.RunAsync("land", "inventory", "records.ndjson", "--source", "wms", "--batch", "b1", "--output", "json");
        Assert.True(landed.Exit == 0, landed.Error);
        Assert.False(landed.Json[0].GetProperty("already_there").GetBoolean());
    }
}

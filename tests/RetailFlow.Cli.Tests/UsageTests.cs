using Xunit;

namespace RetailFlow.Cli.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly CliFixture _cli = new();

    public static TheoryData<string> WrongUses => new(
        "",
        "nonsense",
        "--nonsense tables",
        "tables --output xml",
        "tables surplus",
        "land",
        "ingest one two",
        "ingest --patience soon",
        "land inventory",
        "sql",
        "describe",
        "history silver.inventory_events --limit 0",
        "history silver.inventory_events --limit many",
        "stock SKU-1 --as-of yesterday",
        "stock --explain",
        "stock SKU-1 --explain",
        "quarantine",
        "quarantine show",
        "quarantine replay",
        "optimize",
        "optimize silver.inventory_events --zorder sku,,location",
        "vacuum",
        "vacuum silver.inventory_events --retain -1",
        "vacuum silver.inventory_events --retain long",
        "vacuum silver.inventory_events --retain 1e300",
        "restore silver.inventory_events",
        "restore silver.inventory_events --version -1",
        "clone silver.inventory_events",
        "clone silver.inventory_events silver.copy --version -1",
        "delta",
        "delta read",
        "delta read table --version -1",
        "delta read table --version 1 --timestamp 2026-01-01",
        "delta export table",
        "generate",
        "generate out --days 0",
        "generate out --days 100000",
        "generate out --scale -1",
        "generate out --scale NaN",
        "up --interval 0");

    [Theory]
    [MemberData(nameof(WrongUses))]
    public async Task Wrong_usage_is_one_line_on_the_error_stream_and_exit_code_2(string line)
    {
        var result = await _cli.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, result.Exit);
        Assert.Empty(result.Output);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("up --help")]
    [InlineData("land --help")]
    [InlineData("run --help")]
    [InlineData("stock --help")]
    [InlineData("sql --help")]
    [InlineData("tables --help")]
    [InlineData("describe --help")]
    [InlineData("history --help")]
    [InlineData("quarantine --help")]
    [InlineData("quarantine list --help")]
    [InlineData("quarantine show --help")]
    [InlineData("quarantine replay --help")]
    [InlineData("reconcile --help")]
    [InlineData("optimize --help")]
    [InlineData("vacuum --help")]
    [InlineData("restore --help")]
    [InlineData("clone --help")]
    [InlineData("generate --help")]
    [InlineData("delta --help")]
    [InlineData("delta read --help")]
    [InlineData("delta export --help")]
    [InlineData("delta log --help")]
    [InlineData("delta profile --help")]
    [InlineData("bench --help")]
    public async Task Every_command_has_help_with_an_example_that_names_it(string line)
    {
        var result = await _cli.RunAsync(line.Split(' '));

        Assert.Equal(0, result.Exit);
        Assert.Empty(result.Error);
        var example = result.Output[result.Output.IndexOf("Example:", StringComparison.Ordinal)..];
        Assert.Contains("retailflow " + line.Replace(" --help", string.Empty, StringComparison.Ordinal).Replace("--help", string.Empty, StringComparison.Ordinal), example, StringComparison.Ordinal);
        Assert.Contains("--lake", result.Output, StringComparison.Ordinal);
        Assert.Contains("--output", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_that_is_named_but_absent_is_invalid_configuration()
    {
        var result = await _cli.RunAsync("tables", "--project", "nowhere");

        Assert.Equal(3, result.Exit);
        Assert.Contains("nowhere", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_query_that_begins_with_an_at_sign_is_no_response_file()
    {
        var result = await _cli.RunAsync("sql", "@nothing");

        Assert.Equal(3, result.Exit);
        Assert.DoesNotContain("Response file", result.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_command_that_is_cancelled_says_so_and_exits_as_shells_number_it()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        var result = await _cli.RunAsync(string.Empty, ["generate", "out"], cancellationToken: cancelled.Token);

        Assert.Equal(130, result.Exit);
        Assert.Equal("cancelled\n", result.Error.ReplaceLineEndings("\n"));
    }

    public void Dispose() => _cli.Dispose();
}

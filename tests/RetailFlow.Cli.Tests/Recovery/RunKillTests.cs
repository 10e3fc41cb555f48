using System.Diagnostics;
using System.Globalization;
using RetailFlow.Testing.Stock;
using Xunit;

namespace RetailFlow.Cli.Tests.Recovery;

/// <summary>
/// kill -9 of <c>run</c> at random moments: the next run completes what the killed one began, and nothing is counted twice.
/// RETAILFLOW_KILLS sets how often, RETAILFLOW_SEED repeats a run.
/// </summary>
public sealed class RunKillTests : IDisposable
{
    private readonly CliFixture _cli = new();

    [Fact]
    public async Task A_killed_run_is_completed_by_the_next_one()
    {
        var kills = Setting("RETAILFLOW_KILLS", 5);
        var seed = Setting("RETAILFLOW_SEED", 20260131);
        var random = new Random(seed);
        var stream = new RandomStockRecords(seed);
        var model = new NaiveStockModel();
        var killed = 0;
        for (var round = 0; round < kills; round++)
        {
            var batch = stream.Take(random.Next(50, 400));
            foreach (var record in batch)
            {
                model.Receive(record);
            }

            var file = Path.Combine(_cli.Folder, $"batch-{round.ToString("D5", CultureInfo.InvariantCulture)}.ndjson");
            await File.WriteAllLinesAsync(file, batch.Select(r => r.ToJson(random)));
            Assert.Equal(0, (await RunAsync(null, "land", "inventory", file)).Exit);
            var (exit, _) = await RunAsync(TimeSpan.FromMilliseconds(random.Next(100, 800)), "run");
            killed += exit == 0 ? 0 : 1;
        }

        Assert.Equal(0, (await RunAsync(null, "run")).Exit);
        var counts = await RunAsync(null, "sql", "select (select count(*) from bronze.inventory), (select count(*) from silver.inventory_events), (select sum(on_hand) from gold.stock_on_hand)", "--output", "csv");
        Assert.Equal(
            FormattableString.Invariant($"{model.Received},{model.Accepted.Count},{model.Rows().Sum(r => r.OnHand):0.#####}"),
            Plain(counts.Output.Trim().Split('\n')[^1].Trim()));
        var reconcile = await RunAsync(null, "reconcile");
        Assert.True(reconcile.Exit == 0, $"seed {seed}: {reconcile.Output}");
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{killed} of {kills} runs were killed, seed {seed}: {model.Received} records, {model.Accepted.Count} accepted"));
    }

    public void Dispose() => _cli.Dispose();

    /// <summary>A number as text without trailing zeros, for comparing amounts as they are printed.</summary>
    private static string Plain(string line) =>
        string.Join(',', line.Split(',').Select(n => decimal.Parse(n, CultureInfo.InvariantCulture).ToString("0.#####", CultureInfo.InvariantCulture)));

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    private async Task<(int Exit, string Output)> RunAsync(TimeSpan? killAfter, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "retailflow")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Concat(["--lake", Path.Combine(_cli.Folder, "lake"), "--project", Path.Combine(Repository.Root, "lakehouse")]))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (killAfter is { } moment)
        {
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(moment));
            process.Kill();
        }

        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}

using System.Text.Json;

namespace RetailFlow.Bench.Stock;

/// <summary>
/// Holds into ledgers of one process, each with SKUs and a journal of its own, as partitions of one retailer are. The process is one of its own, with the
/// server collector of .NET, as an application has it that takes commands by the array (docs/operations.md).
/// </summary>
/// <param name="Folders">A folder for each journal.</param>
/// <param name="Skus">SKUs of all of them.</param>
/// <param name="Callers">Callers of each.</param>
/// <param name="UnderWay">Appends under way from each caller.</param>
/// <param name="Commands">Commands of an append.</param>
/// <param name="Hot">Whether all hold the same SKU.</param>
/// <param name="Time">How long.</param>
internal sealed record LedgerJob(IReadOnlyList<string> Folders, int Skus, int Callers, int UnderWay, int Commands, bool Hot, TimeSpan Time)
{
    private const string Job = "ledger:";

    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(3);

    /// <summary>Whether a child's job is one of these.</summary>
    public static bool IsJob(string job) => job.StartsWith(Job, StringComparison.Ordinal);

    /// <summary>Measures in a process of its own.</summary>
    /// <exception cref="BenchException">It failed; its error was shown.</exception>
    public async Task<LedgerOutcome> MeasureAsync(CancellationToken cancellationToken)
    {
        var start = ChildProcess.ThisProgram("bench", "--child", Job + JsonSerializer.Serialize(this));
        start.Environment["DOTNET_gcServer"] = "1";
        return JsonSerializer.Deserialize<LedgerOutcome>(await ChildProcess.LastLineAsync(start, "the ledger", cancellationToken))!;
    }

    /// <summary>Measures in this process and prints the outcome.</summary>
    public static async Task RunAsync(string job, TextWriter output, CancellationToken cancellationToken)
    {
        var measured = JsonSerializer.Deserialize<LedgerJob>(job[Job.Length..]) ?? throw new BenchException("The child was given no job.");
        output.WriteLine(JsonSerializer.Serialize(await measured.RunAsync(cancellationToken)));
    }

    private async Task<LedgerOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var loads = Folders.Select(folder => new LedgerLoad(folder, Skus / Folders.Count)).ToArray();
        try
        {
            await HoldAsync(s_warmUp);
            var before = loads.Sum(load => load.Sequence);
            var runs = await HoldAsync(Time);
            var sequence = loads.Sum(load => load.Sequence);
            return new LedgerOutcome(
                runs.Sum(run => run.PerSecond),
                runs.Max(run => run.P99),
                loads.Sum(load => load.Bytes) / (double)sequence,
                sequence > before && Array.TrueForAll(loads, load => load.Books.Held == load.Sequence && load.Books.Reservations == load.Sequence));
        }
        finally
        {
            foreach (var load in loads)
            {
                await load.DisposeAsync();
            }
        }

        Task<(double PerSecond, double P99)[]> HoldAsync(TimeSpan time) =>
            Task.WhenAll(loads.Select(load => load.HoldAsync(Callers, UnderWay, Commands, time, Hot, cancellationToken)));
    }
}

/// <summary>What ledgers took.</summary>
/// <param name="PerSecond">Holds a second of all of them.</param>
/// <param name="P99">Milliseconds of the 99th percentile of an append.</param>
/// <param name="BytesPerHold">Bytes of the journal for each hold.</param>
/// <param name="Agree">Whether what is held is what was granted.</param>
internal sealed record LedgerOutcome(double PerSecond, double P99, double BytesPerHold, bool Agree);

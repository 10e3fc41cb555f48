using System.Diagnostics;
using System.Globalization;
using RetailFlow.Bench.Ingest;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Bench.Stock;

/// <summary>Durable reservations a second beside PostgreSQL, recovery from the journal, and memory of keys.</summary>
internal sealed class StockSuite(BenchOptions options, string folder, BenchReport report)
{
    private const string Postgres = "PostgreSQL";
    private const int Skus = 10_000;

    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(8);

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Note($"reservations of one line of 1, plenty of stock; {Skus:#,0} SKUs or one hot one; every answer is durable (one sync for all that wait)");
        report.Note("retailflow: in this process, 32 callers with one request under way each, and 64 with 64 each; PostgreSQL: pgbench, 32 clients on the loopback, prepared statements");
        var agree = true;
        await using (var server = await PostgresServer.StartAsync(folder, cancellationToken))
        {
            report.Note($"PostgreSQL {server.Version}: {string.Join(' ', PostgresServer.Settings)}");
            foreach (var (name, hot) in ((string, bool)[])[("uniform", false), ("one hot SKU", true)])
            {
                var (perSecond, mean) = await PostgresReservations.MeasureAsync(server, folder, hot ? 1 : Skus, s_time, cancellationToken);
                if (!options.BaselineOnly)
                {
                    agree &= await HoldsAsync(name, hot, perSecond, mean, cancellationToken);
                    await HttpHoldsAsync(name, hot, perSecond, mean, cancellationToken);
                }
            }
        }

        if (!options.BaselineOnly)
        {
            await HttpReadsAsync(cancellationToken);
            Memory();
        }

        return agree;
    }

    private async Task<bool> HoldsAsync(string name, bool hot, double baseline, double baselineMean, CancellationToken cancellationToken)
    {
        var agree = true;
        foreach (var (callers, underWay) in ((int, int)[])[(32, 1), (64, 64)])
        {
            var lake = Directory.CreateDirectory(Path.Combine(folder, $"ledger-{hot}-{underWay}")).FullName;
            await using (var load = new LedgerLoad(lake, Skus))
            {
                await load.HoldAsync(callers, underWay, TimeSpan.FromSeconds(1), hot, cancellationToken);
                var before = load.Sequence;
                var (perSecond, p99, _) = await load.HoldAsync(callers, underWay, s_time, hot, cancellationToken);
                report.Add(new BenchFigure($"{name}, {callers * underWay} requests under way", "holds/s", perSecond, Postgres, baseline));
                report.Add(new BenchFigure("  99th percentile beside the mean", "ms", p99, Postgres, baselineMean));
                report.Add(new BenchFigure("  journal per hold", "bytes", load.Bytes / (double)load.Sequence, Postgres, null));
                agree &= load.Books.Held == load.Sequence && load.Books.Reservations == load.Sequence && load.Sequence > before;
            }

            if (underWay > 1)
            {
                await RecoveryAsync(lake, cancellationToken);
            }

            Directory.Delete(lake, recursive: true);
        }

        report.Note(agree ? $"{name}: what is held is what was granted" : $"{name}: WRONG, what is held is not what was granted");
        return agree;
    }

    private async Task HttpHoldsAsync(string name, bool hot, double baseline, double baselineMean, CancellationToken cancellationToken)
    {
        await using var node = await StartAsync(cancellationToken);
        var http = new HttpStock(node.Port, Skus);
        await http.FillAsync(cancellationToken);
        await http.HoldAsync(32, "warm", hot, TimeSpan.FromSeconds(2), cancellationToken);
        var (perSecond, p99) = await http.HoldAsync(32, "run", hot, s_time, cancellationToken);
        report.Add(new BenchFigure($"{name}, HTTP, 32 connections, pipeline running", "holds/s", perSecond, Postgres, baseline));
        report.Add(new BenchFigure("  99th percentile beside the mean", "ms", p99, Postgres, baselineMean));
    }

    private async Task HttpReadsAsync(CancellationToken cancellationToken)
    {
        await using var node = await StartAsync(cancellationToken);
        var http = new HttpStock(node.Port, Skus);
        await http.FillAsync(cancellationToken);
        await http.ReadAsync(32, TimeSpan.FromSeconds(1), cancellationToken);
        await http.LiveAsync(32, TimeSpan.FromSeconds(1), cancellationToken);
        var (plain, plainP99) = await http.LiveAsync(32, s_time, cancellationToken);
        var (perSecond, p99) = await http.ReadAsync(32, s_time, cancellationToken);
        report.Add(new BenchFigure("reads of a SKU over HTTP, 32 connections", "reads/s", perSecond, "/health/live", plain));
        report.Add(new BenchFigure("  99th percentile", "ms", p99, "/health/live", plainP99));
    }

    private async Task<NodeProcess> StartAsync(CancellationToken cancellationToken)
    {
        var lake = Path.Combine(folder, "lake");
        if (Directory.Exists(lake))
        {
            Directory.Delete(lake, recursive: true);
        }

        return await NodeProcess.StartAsync(lake, Path.GetFullPath(options.ProjectPath), cancellationToken);
    }

    /// <summary>Reads a journal as a node does that begins without a lake, beside reading and verifying it alone.</summary>
    private async Task RecoveryAsync(string lake, CancellationToken cancellationToken)
    {
        await using var journal = StockJournal.Open(lake, new StockJournalOptions(), out var recovery);
        var began = Stopwatch.GetTimestamp();
        long bytes = 0;
        foreach (var range in journal.RangesAfter(0))
        {
            using var reader = journal.Read(range);
            while (reader.MoveNext())
            {
                bytes += reader.Current.Noted.Length;
            }
        }

        var bare = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var ledger = new StockLedger(new UniformPolicy(StockTerms.Plain));
        began = Stopwatch.GetTimestamp();
        await new JournalReplay(ledger, new LedgerFollower(ledger)).RunAsync(journal, 0, cancellationToken);
        ledger.Publish();
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var perMillion = 1_000_000d / recovery.LastSequence;
        report.Add(new BenchFigure("  recovery of 1,000,000 entries", "s", seconds * perMillion, "read and verify", bare * perMillion));
        GC.KeepAlive(bytes);
    }

    private void Memory()
    {
        const int keys = 1_000_000;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var ledger = new StockLedger(new UniformPolicy(StockTerms.Plain));
        for (var i = 0; i < keys; i++)
        {
            ledger.Load(string.Create(CultureInfo.InvariantCulture, $"SKU-{i / 10:D7}"), $"store-{i % 10:D4}", new OnHandState(Quantity.Of(i), i, OnHandState.None, null), 0);
        }

        ledger.Publish();
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        report.Add(new BenchFigure("memory of a key (10 locations a SKU)", "bytes", bytes / (double)keys, Postgres, null));
        GC.KeepAlive(ledger);
    }
}

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
    public const string Postgres = "PostgreSQL";
    private const int Skus = 10_000;

    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(8);

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Note($"reservations of one line of 1, plenty of stock; {Skus:#,0} SKUs or one hot one; every answer is durable (one sync for all that wait)");
        report.Note("retailflow: in this process, 32 callers with one request under way each, 64 with 64 each, and arrays of 1,000 commands in one append; PostgreSQL: pgbench, 32 clients on the loopback, prepared statements");
        report.Note("over HTTP: in turns with PostgreSQL and Redis, after 40 s of the same; the node stands still while another has its turn");
        report.Note("the load generators share the machine with what they load");
        var agree = true;
        var doors = new StockDoors(options, folder, report);
        await using var redis = await RedisServer.StartAsync(folder, cancellationToken);
        report.Note($"Redis {redis.Version}: {string.Join(", ", RedisServer.Settings)}; redis-benchmark with as many connections, a Lua script for a reservation");
        await RedisReservations.FillAsync(redis, Skus, StockDoors.Answer, cancellationToken);
        await using (var server = await PostgresServer.StartAsync(folder, cancellationToken))
        {
            report.Note($"PostgreSQL {server.Version}: {string.Join(' ', PostgresServer.Settings)}");
            foreach (var (name, hot) in ((string, bool)[])[("uniform", false), ("one hot SKU", true)])
            {
                var (perSecond, mean) = await new HttpRush(doors, server, redis, folder, Skus, report).MeasureAsync(name, hot, options.BaselineOnly, cancellationToken);
                if (!options.BaselineOnly)
                {
                    agree &= await HoldsAsync(name, hot, perSecond, mean, cancellationToken);
                }
            }
        }

        if (!options.BaselineOnly)
        {
            await doors.ReadsAsync(redis, cancellationToken);
            await doors.RecordsAsync(redis, cancellationToken);
            agree &= await doors.GoldAsync(cancellationToken);
            Memory();
        }

        return agree;
    }

    private async Task<bool> HoldsAsync(string name, bool hot, double baseline, double baselineMean, CancellationToken cancellationToken)
    {
        var agree = true;
        foreach (var (callers, underWay, commands) in ((int, int, int)[])[(32, 1, 1), (64, 64, 1), (4, 1, 1_000)])
        {
            var lake = Directory.CreateDirectory(Path.Combine(folder, $"ledger-{hot}-{underWay}")).FullName;
            await using (var load = new LedgerLoad(lake, Skus))
            {
                await load.HoldAsync(callers, underWay, commands, TimeSpan.FromSeconds(1), hot, cancellationToken);
                var before = load.Sequence;
                var (perSecond, p99) = await load.HoldAsync(callers, underWay, commands, s_time, hot, cancellationToken);
                var way = commands == 1 ? "" : FormattableString.Invariant($" of {commands:#,0} holds each");
                report.Add(new BenchFigure($"{name}, {callers * underWay} requests{way} under way", "holds/s", perSecond, Postgres, baseline));
                report.Add(new BenchFigure("  99th percentile beside the mean", "ms", p99, Postgres, baselineMean));
                report.Add(new BenchFigure("  journal per hold", "bytes", load.Bytes / (double)load.Sequence, Postgres, null));
                agree &= load.Books.Held == load.Sequence && load.Books.Reservations == load.Sequence && load.Sequence > before;
            }

            if (commands > 1)
            {
                await RecoveryAsync(lake, cancellationToken);
            }

            Directory.Delete(lake, recursive: true);
        }

        if (!hot)
        {
            agree &= await PartitionsAsync(baseline, cancellationToken);
        }

        report.Note(agree ? $"{name}: what is held is what was granted" : $"{name}: WRONG, what is held is not what was granted");
        return agree;
    }

    /// <summary>The same from two ledgers in one process, each with SKUs and a journal of its own, as partitions of one retailer are.</summary>
    private async Task<bool> PartitionsAsync(double baseline, CancellationToken cancellationToken)
    {
        const int partitions = 2;
        const int callers = 4;
        const int commands = 1_000;
        var lakes = Enumerable.Range(0, partitions).Select(n => Directory.CreateDirectory(Path.Combine(folder, $"partition-{n}")).FullName).ToArray();
        var loads = Array.ConvertAll(lakes, lake => new LedgerLoad(lake, Skus / partitions));
        await Task.WhenAll(loads.Select(load => load.HoldAsync(callers, 1, commands, TimeSpan.FromSeconds(1), false, cancellationToken)));
        var runs = await Task.WhenAll(loads.Select(load => load.HoldAsync(callers, 1, commands, s_time, false, cancellationToken)));
        var agree = Array.TrueForAll(loads, load => load.Books.Held == load.Sequence && load.Books.Reservations == load.Sequence);
        foreach (var (load, lake) in loads.Zip(lakes))
        {
            await load.DisposeAsync();
            Directory.Delete(lake, recursive: true);
        }

        report.Add(new BenchFigure(
            FormattableString.Invariant($"uniform, {partitions} partitions with {callers} requests of {commands:#,0} holds under way each"), "holds/s", runs.Sum(run => run.PerSecond), Postgres, baseline));
        report.Add(new BenchFigure("  99th percentile of a request", "ms", runs.Max(run => run.P99), Postgres, null));
        return agree;
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

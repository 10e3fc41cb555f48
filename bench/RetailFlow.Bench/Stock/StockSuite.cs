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
        report.Note("retailflow: in one process with the server collector, 32 callers with one request under way each, 64 with 64 each, and arrays of 1,000 commands in one append; PostgreSQL: pgbench, 32 clients on the loopback, prepared statements");
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
        foreach (var (partitions, callers, underWay, commands) in ((int, int, int, int)[])[(1, 32, 1, 1), (1, 64, 64, 1), (1, 4, 1, 1_000), (2, 4, 1, 1_000)])
        {
            if (hot && partitions > 1)
            {
                // One SKU has one owner.
                continue;
            }

            string[] lakes = [.. Enumerable.Range(0, partitions).Select(n => Directory.CreateDirectory(Path.Combine(folder, $"ledger-{n}")).FullName)];
            var (perSecond, p99, bytes, agrees) = await new LedgerJob(lakes, Skus, callers, underWay, commands, hot, s_time).MeasureAsync(cancellationToken);
            var owners = partitions == 1 ? "" : FormattableString.Invariant($" {partitions} partitions with");
            var way = commands == 1 ? "" : FormattableString.Invariant($" of {commands:#,0} holds each");
            report.Add(new BenchFigure($"{name},{owners} {callers * underWay} requests{way} under way", "holds/s", perSecond, Postgres, baseline));
            report.Add(new BenchFigure("  99th percentile beside the mean", "ms", p99, Postgres, baselineMean));
            report.Add(new BenchFigure("  journal per hold", "bytes", bytes, Postgres, null));
            agree &= agrees;
            if (commands > 1 && partitions == 1)
            {
                await RecoveryAsync(lakes[0], cancellationToken);
            }

            Array.ForEach(lakes, lake => Directory.Delete(lake, recursive: true));
        }

        report.Note(agree ? $"{name}: what is held is what was granted" : $"{name}: WRONG, what is held is not what was granted");
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

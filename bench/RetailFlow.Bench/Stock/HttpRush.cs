using System.Globalization;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>
/// Reservations over HTTP, PostgreSQL and Redis in turns. The speed of a machine that others use too drifts by a third within minutes: one measurement of
/// each, minutes apart, would compare the moments and not the programs. While another has its turn the node stands still, and finds later what it had to do.
/// </summary>
internal sealed class HttpRush(StockDoors doors, PostgresServer postgres, RedisServer redis, string folder, int skus, BenchReport report)
{
    private const int Rounds = 3;

    private static readonly TimeSpan s_baselineTime = TimeSpan.FromSeconds(6);

    // Runs of the pipeline are seconds apart in a rush: so long that several are in it.
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan s_timeAlone = TimeSpan.FromSeconds(8);

    /// <summary>PostgreSQL's reservations a second and its mean latency in milliseconds, over all rounds.</summary>
    public async Task<(double PerSecond, double MeanMilliseconds)> MeasureAsync(string name, bool hot, bool baselineOnly, CancellationToken cancellationToken)
    {
        List<(double PerSecond, double Mean)> baselines = [];
        if (baselineOnly)
        {
            baselines.Add(await PostgresAsync(hot, cancellationToken));
            report.Add(new BenchFigure(name, "holds/s", null, StockSuite.Postgres, baselines[0].PerSecond));
            return baselines[0];
        }

        await using (var node = await WarmAsync(hot, cancellationToken))
        {
            List<(double PerSecond, double P99)> own = [];
            List<(double PerSecond, double P99)> lua = [];
            for (var round = 0; round < Rounds; round++)
            {
                node.Pause();
                baselines.Add(await PostgresAsync(hot, cancellationToken));
                lua.Add(await RedisReservations.HoldAsync(redis, hot ? 1 : skus, cancellationToken));
                node.Resume();
                own.Add(await HoldAsync(node, hot, round, s_time, cancellationToken));
            }

            report.Add(new BenchFigure($"{name}, HTTP, {StockDoors.Connections} connections, pipeline running", "holds/s", own.Average(o => o.PerSecond), StockSuite.Postgres, baselines.Average(b => b.PerSecond)));
            report.Add(new BenchFigure("  99th percentile beside the mean", "ms", Median.Of(own.Select(o => o.P99)), StockSuite.Postgres, baselines.Average(b => b.Mean)));
            report.Add(new BenchFigure("  the same", "holds/s", own.Average(o => o.PerSecond), StockDoors.Redis, lua.Average(l => l.PerSecond)));
            report.Add(new BenchFigure("  99th percentile", "ms", Median.Of(own.Select(o => o.P99)), StockDoors.Redis, Median.Of(lua.Select(l => l.P99))));
            Tell(own, baselines);
        }

        await using (var node = await WarmAsync(hot, cancellationToken, "--interval", "3600000"))
        {
            List<(double PerSecond, double P99)> own = [];
            List<(double PerSecond, double Mean)> beside = [];
            for (var round = 0; round < Rounds; round++)
            {
                node.Pause();
                beside.Add(await PostgresAsync(hot, cancellationToken));
                node.Resume();
                own.Add(await HoldAsync(node, hot, round, s_timeAlone, cancellationToken));
            }

            report.Add(new BenchFigure("  the same without a run of the pipeline", "holds/s", own.Average(o => o.PerSecond), StockSuite.Postgres, beside.Average(b => b.PerSecond)));
            Tell(own, beside);
            baselines.AddRange(beside);
        }

        return (baselines.Average(b => b.PerSecond), baselines.Average(b => b.Mean));
    }

    /// <summary>A node that has done the same for so long that the code is compiled.</summary>
    private async Task<NodeProcess> WarmAsync(bool hot, CancellationToken cancellationToken, params string[] more)
    {
        var node = await doors.StartAsync(cancellationToken, more);
        try
        {
            var http = new HttpStock(node.Port, skus);
            await http.FillAsync(cancellationToken);
            await http.HoldAsync(StockDoors.Connections, "warm", hot, StockDoors.WarmUp, cancellationToken);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    private Task<(double PerSecond, double P99)> HoldAsync(NodeProcess node, bool hot, int round, TimeSpan time, CancellationToken cancellationToken) =>
        new HttpStock(node.Port, skus).HoldAsync(StockDoors.Connections, FormattableString.Invariant($"run{round}"), hot, time, cancellationToken);

    private Task<(double PerSecond, double MeanMilliseconds)> PostgresAsync(bool hot, CancellationToken cancellationToken) =>
        PostgresReservations.MeasureAsync(postgres, folder, hot ? 1 : skus, s_baselineTime, cancellationToken);

    private void Tell(List<(double PerSecond, double P99)> own, List<(double PerSecond, double Mean)> baselines) =>
        report.Note($"  in the rounds: {string.Join(", ", own.Zip(baselines, (o, b) => string.Create(CultureInfo.InvariantCulture, $"{o.PerSecond:#,0} beside {b.PerSecond:#,0} ({o.PerSecond / b.PerSecond:0.00})")))}");
}

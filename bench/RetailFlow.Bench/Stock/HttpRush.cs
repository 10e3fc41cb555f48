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

        var (own, beside, lua) = await TurnsAsync(hot, s_time, withRedis: true, cancellationToken);
        baselines.AddRange(beside);
        report.Add(new BenchFigure($"{name}, HTTP, {StockDoors.Connections} connections, pipeline running", "holds/s", own.Average(o => o.PerSecond), StockSuite.Postgres, beside.Average(b => b.PerSecond)));
        report.Add(new BenchFigure("  99th percentile beside the mean", "ms", Median.Of(own.Select(o => o.P99)), StockSuite.Postgres, beside.Average(b => b.Mean)));
        report.Add(new BenchFigure("  the same", "holds/s", own.Average(o => o.PerSecond), StockDoors.Redis, lua.Average(l => l.PerSecond)));
        report.Add(new BenchFigure("  99th percentile", "ms", Median.Of(own.Select(o => o.P99)), StockDoors.Redis, Median.Of(lua.Select(l => l.P99))));
        Tell(own, beside);

        (own, beside, _) = await TurnsAsync(hot, s_timeAlone, withRedis: false, cancellationToken, "--interval", "3600000");
        baselines.AddRange(beside);
        report.Add(new BenchFigure("  the same without a run of the pipeline", "holds/s", own.Average(o => o.PerSecond), StockSuite.Postgres, beside.Average(b => b.PerSecond)));
        Tell(own, beside);
        return (baselines.Average(b => b.PerSecond), baselines.Average(b => b.Mean));
    }

    /// <summary>A node and the others in turns, round by round.</summary>
    private async Task<(List<(double PerSecond, double P99)> Own, List<(double PerSecond, double Mean)> Postgres, List<(double PerSecond, double P99)> Redis)> TurnsAsync(
        bool hot, TimeSpan time, bool withRedis, CancellationToken cancellationToken, params string[] more)
    {
        await using var node = await WarmAsync(hot, cancellationToken, more);
        List<(double PerSecond, double P99)> own = [];
        List<(double PerSecond, double Mean)> beside = [];
        List<(double PerSecond, double P99)> lua = [];
        for (var round = 0; round < Rounds; round++)
        {
            node.Pause();
            beside.Add(await PostgresAsync(hot, cancellationToken));
            if (withRedis)
            {
                lua.Add(await RedisReservations.HoldAsync(redis, hot ? 1 : skus, cancellationToken));
            }

            node.Resume();
            own.Add(await HoldAsync(node, hot, round, time, cancellationToken));
        }

        return (own, beside, lua);
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

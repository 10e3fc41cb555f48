using System.Globalization;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>
/// Reservations over HTTP, PostgreSQL and Redis in turns. The speed of a machine that others use too drifts by a third within minutes: one measurement of
/// each, minutes apart, would compare the moments and not the programs. While another has its turn the node stands still, and finds later what it had to do.
/// </summary>
internal sealed class HttpRush(StockDoors doors, PostgresServer postgres, RedisServer redis, string folder, int skus, BenchReport report)
{
    // Each round begins with another of the two, so an even number of them.
    private const int Rounds = 4;

    // As in the rush of the acceptance tests. PostgreSQL makes the most of about 32: with 64 it was slower by a tenth, and by a sixth with one hot row.
    private const int ManyConnections = 64;

    private static readonly TimeSpan s_baselineTime = TimeSpan.FromSeconds(6);

    // Runs of the pipeline are seconds apart in a rush: so long that some are in it.
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(12);

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

        var turns = await TurnsAsync(hot, s_time, alone: false, cancellationToken);
        baselines.AddRange(turns.Postgres);
        Tell($"{name}, HTTP, {StockDoors.Connections} connections, pipeline running", turns.Own, turns.Postgres);
        report.Add(new BenchFigure("  the same", "holds/s", turns.Own.Average(o => o.PerSecond), StockDoors.Redis, turns.Redis.Average(l => l.PerSecond)));
        report.Add(new BenchFigure("  99th percentile", "ms", Median.Of(turns.Own.Select(o => o.P99)), StockDoors.Redis, Median.Of(turns.Redis.Select(l => l.P99))));
        Tell($"{name}, HTTP, {ManyConnections} connections, pipeline running", turns.OwnOfMany, turns.Postgres);

        turns = await TurnsAsync(hot, s_timeAlone, alone: true, cancellationToken, "--interval", "3600000");
        baselines.AddRange(turns.Postgres);
        Tell($"{name}, HTTP, {StockDoors.Connections} connections, without a run of the pipeline", turns.Own, turns.Postgres);
        return (baselines.Average(b => b.PerSecond), baselines.Average(b => b.Mean));
    }

    /// <summary>A node and the others in turns, round by round: PostgreSQL alone, or Redis and many connections too.</summary>
    private async Task<Turns> TurnsAsync(bool hot, TimeSpan time, bool alone, CancellationToken cancellationToken, params string[] more)
    {
        await using var node = await WarmAsync(hot, cancellationToken, more);
        Turns turns = new([], [], [], []);
        for (var round = 0; round < Rounds; round++)
        {
            node.Pause();
            turns.Postgres.Add(await PostgresAsync(hot, cancellationToken));
            if (!alone)
            {
                turns.Redis.Add(await RedisReservations.HoldAsync(redis, hot ? 1 : skus, cancellationToken));
            }

            // Whichever comes first has what waited meanwhile carried beside it.
            node.Resume();
            foreach (var connections in (int[])(alone ? [StockDoors.Connections] : round % 2 == 0 ? [StockDoors.Connections, ManyConnections] : [ManyConnections, StockDoors.Connections]))
            {
                (connections == ManyConnections ? turns.OwnOfMany : turns.Own).Add(await HoldAsync(node, connections, hot, round, time, cancellationToken));
            }
        }

        return turns;
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

    private Task<(double PerSecond, double P99)> HoldAsync(NodeProcess node, int connections, bool hot, int round, TimeSpan time, CancellationToken cancellationToken) =>
        new HttpStock(node.Port, skus).HoldAsync(connections, FormattableString.Invariant($"run{round}-{connections}"), hot, time, cancellationToken);

    private Task<(double PerSecond, double MeanMilliseconds)> PostgresAsync(bool hot, CancellationToken cancellationToken) =>
        PostgresReservations.MeasureAsync(postgres, folder, hot ? 1 : skus, s_baselineTime, cancellationToken);

    private void Tell(string name, List<(double PerSecond, double P99)> own, List<(double PerSecond, double Mean)> baselines)
    {
        report.Add(new BenchFigure(name, "holds/s", own.Average(o => o.PerSecond), StockSuite.Postgres, baselines.Average(b => b.PerSecond)));
        report.Add(new BenchFigure("  99th percentile beside the mean", "ms", Median.Of(own.Select(o => o.P99)), StockSuite.Postgres, baselines.Average(b => b.Mean)));
        report.Note($"  in the rounds: {string.Join(", ", own.Zip(baselines, (o, b) => string.Create(CultureInfo.InvariantCulture, $"{o.PerSecond:#,0} beside {b.PerSecond:#,0} ({o.PerSecond / b.PerSecond:0.00})")))}");
    }

    /// <summary>What each made in its turns.</summary>
    /// <param name="Own">The node with as many connections as the others.</param>
    /// <param name="OwnOfMany">The node with many.</param>
    /// <param name="Postgres">PostgreSQL.</param>
    /// <param name="Redis">Redis.</param>
    private sealed record Turns(
        List<(double PerSecond, double P99)> Own, List<(double PerSecond, double P99)> OwnOfMany, List<(double PerSecond, double Mean)> Postgres, List<(double PerSecond, double P99)> Redis);
}

using Microsoft.Extensions.Logging;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Live;
using RetailFlow.Node.Serving;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Refresh;

/// <summary>
/// Carries acknowledged records into Gold: every interval, sooner when many wait. A failed run is tried again after a pause that
/// doubles; acknowledging never waits for it.
/// </summary>
internal sealed class MicroBatchLoop(
    NodeState node, Lake lake, EventIntake intake, NodeTelemetry telemetry, OwnReconciliation reconciling, OwnCompaction compacting, ILogger<MicroBatchLoop> log)
{
    // How often it is looked whether many records wait.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    private readonly GoldReader _gold = new(lake);
    private readonly long _origin = node.Clock.GetTimestamp();
    private readonly RunSchedule _schedule = new(node.Options.RunInterval, TimeSpan.Zero);
    private long _landed;

    /// <summary>Runs until <paramref name="stop"/>; a run under way is finished first.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var woken = node.WokenAsync(stop);
        while (!stop.IsCancellationRequested)
        {
            var now = Now;
            var left = _schedule.Due(now, Waiting, intake.Live.Answered, woken.IsCompletedSuccessfully) - now;
            if (left > TimeSpan.Zero)
            {
                using var timer = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var due = Task.Delay(left < s_look ? left : s_look, node.Clock, timer.Token);
                await (woken.IsCompleted ? Task.WhenAny(due) : Task.WhenAny(due, woken));
                await timer.CancelAsync();
                continue;
            }

            if (woken.IsCompletedSuccessfully)
            {
                woken = node.WokenAsync(stop);
            }

            if (await TryRunAsync(CancellationToken.None))
            {
                await reconciling.BetweenRunsAsync(_schedule.WasBusy);
            }
        }
    }

    private long Waiting => intake.Sequence - (node.Gold.Current?.Sequence ?? 0);

    private TimeSpan Now => node.Clock.GetElapsedTime(_origin);

    /// <summary>One run; false if it failed, which is logged and remembered.</summary>
    public async Task<bool> TryRunAsync(CancellationToken cancellationToken)
    {
        var began = Now;
        _schedule.Begins(began, Waiting, intake.Live.Answered);
        try
        {
            await RunOnceAsync(cancellationToken);
        }
        catch (Exception failure)
        {
            Failed(failure, began, Now);
            return false;
        }

        var ended = Now;
        var elapsed = ended - began;
        _schedule.Ended(began, ended);
        telemetry.Ran(elapsed);
        var before = node.LastRun;
        if (before.Failures > 0)
        {
            NodeLog.RunsAgain(log, before.Failures);
        }

        node.LastRun = new RunStatus { Runs = before.Runs + 1, EndedAt = node.Clock.GetUtcNow(), Elapsed = elapsed };
        if (node.Gold.Current is { } current)
        {
            NodeLog.Carried(log, current.Sequence, current.Version, current.Count, elapsed);
        }

        return true;
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        using var activity = NodeTelemetry.Activities.StartActivity("pipeline.run");
        var upTo = await intake.RegisterAsync(lake, cancellationToken);
        var published = false;

        // Stock waits for no other model.
        var options = new RunOptions { Compact = false, StepEnded = step => step.Table == GoldReader.Table ? PublishAsync(step) : ValueTask.CompletedTask };
        var report = await lake.Pipeline.RunAsync(options, cancellationToken);
        compacting.AfterRun(report.Written);
        if (!published)
        {
            await PublishAsync(null);
        }

        activity?.SetTag("retailflow.sequence", upTo);

        async ValueTask PublishAsync(StepReport? step)
        {
            var change = await _gold.ReadAfterAsync(node.Gold.Current, step, upTo, cancellationToken);
            await RebaseAsync(change, cancellationToken);
            node.Gold.Publish(change.Snapshot);
            published = true;
        }
    }

    /// <summary>Bases the ledger on what Gold has now, and compares the two (I4).</summary>
    private async Task RebaseAsync(GoldChange change, CancellationToken cancellationToken)
    {
        var sequence = change.Snapshot.Sequence;
        var silver = await lake.History.SilverAsync(cancellationToken);
        var gold = await lake.History.GoldAsync(cancellationToken);

        // Another process may have brought Silver further than Gold.
        var version = silver.Sequence <= sequence ? silver.Version : gold.SilverVersion;
        var differences = await intake.Live.RebaseAsync(change.Changed, new LakeBase(version, sequence), cancellationToken);
        await intake.FollowAsync(version, version == silver.Version ? silver.Sequence : gold.Sequence, cancellationToken);
        var landed = await LandedAsync(cancellationToken);
        if (differences.Count > 0 && !await CameByFileAsync(_landed, landed, cancellationToken))
        {
            NodeLog.Differs(log, differences.Count, differences[0].Sku, differences[0].Location, differences[0].Ledger, differences[0].Gold, sequence);
            node.Comparison = node.Comparison.With(differences, sequence);
        }
        else
        {
            // What files brought past the ledger is new to it.
            node.Comparison = node.Comparison.With([], sequence);
        }

        _landed = landed;
    }

    /// <summary>How many landed files and journal ranges Bronze contains.</summary>
    private async Task<long> LandedAsync(CancellationToken cancellationToken)
    {
        try
        {
            var bronze = await lake.Catalog.DescribeAsync("bronze.inventory", cancellationToken);
            return bronze.Positions.GetValueOrDefault("landed", 0);
        }
        catch (LakeException missing) when (missing.Kind == LakeErrorKind.InvalidInput)
        {
            return 0;
        }
    }

    private async Task<bool> CameByFileAsync(long after, long upTo, CancellationToken cancellationToken)
    {
        using var result = await lake.Sql.QueryAsync(
            FormattableString.Invariant($"SELECT count(*) FROM system.landed_files WHERE kind <> 'journal' AND ordinal > {after} AND ordinal <= {upTo}"),
            cancellationToken);
        return (long)result.Rows().First()[0]! > 0;
    }

    private void Failed(Exception failure, TimeSpan began, TimeSpan ended)
    {
        var failures = node.LastRun.Failures + 1;
        var pause = TimeSpan.FromTicks((long)Math.Min(
            node.Options.LongestBackOff.Ticks,
            node.Options.RunInterval.Ticks * Math.Pow(2, Math.Min(failures, 30))));
        _schedule.Failed(began, ended, pause);
        node.LastRun = node.LastRun with
        {
            Failures = failures,
            Reason = failure.Message,
            EndedAt = node.Clock.GetUtcNow(),
            Elapsed = ended - began,
        };
        NodeLog.RunFailed(log, failures, pause, failure);
    }
}

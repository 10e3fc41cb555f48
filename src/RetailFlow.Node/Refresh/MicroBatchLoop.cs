using Microsoft.Extensions.Logging;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Serving;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Refresh;

/// <summary>
/// Carries acknowledged records into Gold: every interval, sooner when many wait. A failed run is tried again after a pause that
/// doubles; acknowledging never waits for it.
/// </summary>
internal sealed class MicroBatchLoop(NodeState node, Lake lake, EventIntake intake, NodeTelemetry telemetry, ILogger<MicroBatchLoop> log)
{
    private const string StockTable = "gold.stock_on_hand";
    private long _notBefore;

    /// <summary>Runs until <paramref name="stop"/>; a run under way is finished first.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(node.Options.RunInterval, node.Clock);
        var tick = timer.WaitForNextTickAsync(stop).AsTask();
        var woken = node.WokenAsync(stop);
        while (true)
        {
            await Task.WhenAny(tick, woken);
            if (stop.IsCancellationRequested)
            {
                return;
            }

            if (tick.IsCompleted)
            {
                tick = timer.WaitForNextTickAsync(stop).AsTask();
            }

            if (woken.IsCompleted)
            {
                woken = node.WokenAsync(stop);
            }

            if (node.Clock.GetTimestamp() >= _notBefore)
            {
                await TryRunAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>One run; false if it failed, which is logged and remembered.</summary>
    public async Task<bool> TryRunAsync(CancellationToken cancellationToken)
    {
        var began = node.Clock.GetTimestamp();
        try
        {
            await RunOnceAsync(cancellationToken);
        }
        catch (Exception failure)
        {
            Failed(failure, node.Clock.GetElapsedTime(began));
            return false;
        }

        var elapsed = node.Clock.GetElapsedTime(began);
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
        var report = await lake.Pipeline.RunAsync(new RunOptions(), cancellationToken);
        var step = report.Steps.FirstOrDefault(s => s.Table == StockTable);
        var current = node.Gold.Current;
        if (current is null || step is null || step.Outcome == StepOutcome.Committed || (step.Version is { } version && version != current.Version))
        {
            var sheet = await lake.Stock.GetAsync([], null, null, cancellationToken);
            node.Gold.Publish(new GoldSnapshot(sheet, Math.Max(upTo, sheet.Sequence)));
        }
        else
        {
            // The run succeeded without a commit: the rows contain every record registered before it.
            node.Gold.Publish(current.CarriedTo(Math.Max(upTo, current.Sequence), node.Clock.GetUtcNow()));
        }

        activity?.SetTag("retailflow.sequence", upTo);
    }

    private void Failed(Exception failure, TimeSpan elapsed)
    {
        var failures = node.LastRun.Failures + 1;
        var pause = TimeSpan.FromTicks((long)Math.Min(
            node.Options.LongestBackOff.Ticks,
            node.Options.RunInterval.Ticks * Math.Pow(2, Math.Min(failures, 30))));
        _notBefore = node.Clock.GetTimestamp() + (long)(pause.TotalSeconds * node.Clock.TimestampFrequency);
        node.LastRun = node.LastRun with
        {
            Failures = failures,
            Reason = failure.Message,
            EndedAt = node.Clock.GetUtcNow(),
            Elapsed = elapsed,
        };
        NodeLog.RunFailed(log, failures, pause, failure);
    }
}

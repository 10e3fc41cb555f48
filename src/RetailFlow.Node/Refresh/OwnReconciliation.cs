using Microsoft.Extensions.Logging;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Quality;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Refresh;

/// <summary>
/// Proves at intervals, while records come in, that the tables are what their records come to (I3, I4, I5). The tables are taken as they are
/// between two runs of the pipeline, which takes no time; the proof itself goes on beside the runs that follow.
/// </summary>
internal sealed class OwnReconciliation
{
    private const int MostDifferences = 20;

    // What the first runs carry is new to the tables, and a node that has just started has enough to do.
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(10);

    private readonly NodeState _node;
    private readonly Lake _lake;
    private readonly NodeTelemetry _telemetry;
    private readonly ILogger<OwnReconciliation> _log;
    private readonly CancellationToken _stop;
    private readonly TimeSpan _interval;
    private Task _running = Task.CompletedTask;
    private long _due;
    private bool _doubted;

    public OwnReconciliation(NodeState node, Lake lake, NodeTelemetry telemetry, ILogger<OwnReconciliation> log, CancellationToken stop)
    {
        (_node, _lake, _telemetry, _log, _stop) = (node, lake, telemetry, log, stop);
        _interval = node.Options.ReconcileInterval;
        if (_interval > TimeSpan.Zero)
        {
            Schedule(_interval < s_first ? _interval : s_first);
        }
    }

    /// <summary>To be called while no run is under way: begins one that is due, and does not wait for it.</summary>
    /// <param name="isBusy">Whether the node has enough to do without it: then it is put off, by an interval at most.</param>
    public async ValueTask BetweenRunsAsync(bool isBusy)
    {
        var began = _node.Clock.GetTimestamp();
        var overdue = _node.Clock.GetElapsedTime(Volatile.Read(ref _due), began);
        if (_interval == TimeSpan.Zero || !_running.IsCompleted || overdue < TimeSpan.Zero || (isBusy && overdue < _interval) || _stop.IsCancellationRequested)
        {
            return;
        }

        try
        {
            var basis = await _lake.Reconciliation.CaptureAsync(_stop);
            var at = _node.Clock.GetUtcNow();
            var sequence = _node.Gold.Current?.Sequence ?? 0;
            _node.Reconciliation = _node.Reconciliation with { Next = null };

            // On the threads of the run, which yield to answers.
            _running = Task.Factory.StartNew(
                () => ProveAsync(basis, at, sequence, began), CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Current).Unwrap();
        }
        catch (Exception failure)
        {
            NoResult(failure, began);
        }
    }

    /// <summary>Completes when none is under way.</summary>
    public Task EndedAsync() => _running;

    private async Task ProveAsync(ReconcileBasis basis, DateTimeOffset at, long sequence, long began)
    {
        try
        {
            var report = await _lake.Reconciliation.RunAsync(basis, _stop);
            if (!report.Holds && !_doubted && _node.Reconciliation.Holds != false)
            {
                // A command beside the node may have been between two commits. What is wrong is wrong the next time too.
                _doubted = true;
                Schedule(TimeSpan.Zero);
                return;
            }

            _doubted = false;
            Result(report, at, sequence, _node.Clock.GetElapsedTime(began));
        }
        catch (Exception failure)
        {
            NoResult(failure, began);
        }
    }

    private void Result(ReconcileReport report, DateTimeOffset at, long sequence, TimeSpan elapsed)
    {
        var failed = report.Checks.Where(check => !check.Holds).ToList();
        string[] differences =
        [
            .. failed.SelectMany(check => check.Differences.DefaultIfEmpty(check.Equation).Select(difference => $"{check.Invariant} {check.Subject}: {difference}"))
                .Take(MostDifferences),
        ];
        var before = _node.Reconciliation;
        var result = new ReconciliationStatus
        {
            Holds = report.Holds,
            At = at,
            Sequence = sequence,
            Checks = report.Checks.Count,
            Differences = differences,
            Elapsed = elapsed,
            Runs = before.Runs + 1,
        };
        _telemetry.Reconciled(report.Holds ? "ok" : "failed", elapsed);
        if (!report.Holds)
        {
            NodeLog.DoesNotReconcile(_log, sequence, failed.Count, string.Join("; ", differences.Take(3)));
        }
        else if (before.Holds == false)
        {
            NodeLog.ReconcilesAgain(_log, sequence);
        }

        // Whoever sees it in the status finds it in the log.
        _node.Reconciliation = result;
        Schedule(PauseAfter(elapsed));
    }

    private void NoResult(Exception failure, long began)
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        var elapsed = _node.Clock.GetElapsedTime(began);
        var pause = PauseAfter(elapsed);
        _node.Reconciliation = _node.Reconciliation with { Reason = failure.Message };
        _telemetry.Reconciled("error", elapsed);
        NodeLog.CannotReconcile(_log, pause, failure);
        Schedule(pause);
    }

    /// <summary>A tenth of the time at most goes into one that takes long, however large the lake has become.</summary>
    private TimeSpan PauseAfter(TimeSpan elapsed) => elapsed > s_long && elapsed * 9 > _interval ? elapsed * 9 : _interval;

    private void Schedule(TimeSpan pause)
    {
        _node.Reconciliation = _node.Reconciliation with { Next = _node.Clock.GetUtcNow() + pause };
        Volatile.Write(ref _due, _node.Clock.GetTimestamp() + (long)(pause.TotalSeconds * _node.Clock.TimestampFrequency));
    }
}

using Microsoft.Extensions.Logging;
using RetailFlow.Lakehouse;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Refresh;

/// <summary>
/// Gathers the small files that runs leave behind, beside the runs that follow: a run that did it itself would keep Gold waiting for as long as it takes.
/// Tables are taken one after the other, and while one is under way nothing else is begun.
/// </summary>
internal sealed class OwnCompaction(Lake lake, ILogger<OwnCompaction> log, CancellationToken stop)
{
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;

    /// <summary>To be called after each run: begins what is due, and does not wait for it. From one thread at a time.</summary>
    /// <param name="written">Tables that may have more files than before.</param>
    public void AfterRun(IEnumerable<string> written)
    {
        _waiting.UnionWith(written);
        if (!_running.IsCompleted || stop.IsCancellationRequested)
        {
            return;
        }

        string[] tables = [.. _waiting.Order(StringComparer.Ordinal)];
        _waiting.Clear();

        // On the threads of the run, which yield to answers.
        _running = Task.Factory.StartNew(() => CompactAsync(tables), CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Current).Unwrap();
    }

    /// <summary>Completes when none is under way.</summary>
    public Task EndedAsync() => _running;

    private async Task CompactAsync(string[] tables)
    {
        try
        {
            await lake.Maintenance.CompactAsync(tables, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The node stops; the files are found again.
        }
        catch (Exception failure)
        {
            NodeLog.CannotCompact(log, failure);
        }
    }
}

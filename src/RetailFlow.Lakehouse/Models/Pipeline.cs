using System.Diagnostics;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Bronze;
using RetailFlow.Lakehouse.Projects;

namespace RetailFlow.Lakehouse.Models;

/// <summary>Brings tables up to date, each after the tables that it reads. A step is exactly once: its position is in its commit.</summary>
public sealed class Pipeline : IDisposable
{
    private readonly Lake _lake;
    private readonly SemaphoreSlim _one = new(1, 1);

    internal Pipeline(Lake lake) => _lake = lake;

    /// <summary>Runs what <paramref name="options"/> selects.</summary>
    /// <exception cref="LakeException">A contract or model is wrong, or another process brings the same tables up to date.</exception>
    public async ValueTask<RunReport> RunAsync(RunOptions options, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var clock = Stopwatch.StartNew();
            var selected = ModelSelector.Select(_lake.Project, options.Select);
            if (options.Discover && !options.DryRun)
            {
                await _lake.Landing.DiscoverAsync(cancellationToken);
            }

            var steps = new List<StepReport>();
            foreach (var feed in _lake.Project.Feeds)
            {
                var name = $"bronze.{feed.Name}";
                await AddAsync(name, () => new BronzeStep(_lake, feed).RunAsync(options.FullRefresh, options.DryRun, cancellationToken));
            }

            foreach (var model in _lake.Project.Models.Where(m => !m.IsEphemeral))
            {
                await AddAsync(model.Name, () => RunModelAsync(model, options, cancellationToken));
            }

            if (options.Compact && !options.DryRun)
            {
                await _lake.Maintenance.CompactAsync(new RunReport(steps, clock.Elapsed).Written, cancellationToken);
            }

            return new RunReport(steps, clock.Elapsed);

            async ValueTask AddAsync(string table, Func<ValueTask<StepReport>> run)
            {
                steps.Add(await StepAsync(table, selected, run));
                if (options.StepEnded is { } ended)
                {
                    await ended(steps[^1]);
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async ValueTask<StepReport> StepAsync(string table, IReadOnlySet<string> selected, Func<ValueTask<StepReport>> run)
    {
        if (!selected.Contains(table))
        {
            return new StepReport(table, StepOutcome.Skipped);
        }

        _lake.Options.Progress?.Invoke(new LakeProgress(table, "running", null));
        try
        {
            return await run();
        }
        catch (DuckDbException e)
        {
            throw new LakeException(
                e.Kind == DuckDbErrorKind.OutOfMemory ? LakeErrorKind.Unavailable : LakeErrorKind.Configuration,
                $"{table}: {e.Message.Split('\n')[0]}",
                e);
        }
    }

    private ValueTask<StepReport> RunModelAsync(ModelDefinition model, RunOptions options, CancellationToken cancellationToken) =>
        model.Strategy switch
        {
            ModelStrategy.Accumulate => new AccumulateStep(_lake, model).RunAsync(options.FullRefresh, options.DryRun, cancellationToken),
            ModelStrategy.Keys or ModelStrategy.Full => new KeyedStep(_lake, model).RunAsync(options.FullRefresh, options.DryRun, cancellationToken),
            _ => throw new InvalidOperationException($"Strategy {model.Strategy}."),
        };
}

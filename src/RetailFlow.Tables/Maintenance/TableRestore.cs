using RetailFlow.Delta;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Brings a table back to an earlier version, as a new version.</summary>
internal static class TableRestore
{
    private const int LooksAtOnce = 16;

    /// <summary>Plans, looks for the files, commits; again from the start when another writer changed the table.</summary>
    public static async ValueTask<RestoreReport> RunAsync(IObjectStore store, DeltaLog log, TimeTravel at, CancellationToken cancellationToken)
    {
        var target = await log.LoadAsync(at, cancellationToken);
        var report = new RestoreReport(null, target.Version, 0, 0);
        var result = await log.CommitWithRetryAsync(
            async (current, token) =>
            {
                var plan = RestorePlan.For(current, target);
                report = report with { FilesRestored = plan.Add.Count, FilesRemoved = plan.Remove.Count };
                if (plan.IsEmpty)
                {
                    return null;
                }

                await RequireFilesAsync(store, log.TablePath, target.Version, plan.NeededFiles, token);
                return plan.ToTransaction();
            },
            cancellationToken: cancellationToken);
        return result is null ? report : report with { Version = result.Require($"'{log.TablePath}' was not restored").Version };
    }

    private static async ValueTask RequireFilesAsync(IObjectStore store, string table, long version, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        foreach (var some in files.Chunk(LooksAtOnce))
        {
            var found = await Task.WhenAll(some.Select(f => store.HeadAsync(StorePath.Of(store, table, f), cancellationToken).AsTask()));
            var missing = Array.FindIndex(found, f => f is null);
            if (missing >= 0)
            {
                throw new DeltaException(
                    DeltaErrorKind.InvalidInput,
                    $"'{table}' cannot be restored to version {version}: its file '{some[missing]}' is missing. A vacuum deletes files that left the table longer ago than the retention.");
            }
        }
    }
}

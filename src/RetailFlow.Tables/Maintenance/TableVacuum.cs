using RetailFlow.Delta;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Deletes the files that no version within the retention needs.</summary>
internal static class TableVacuum
{
    private const int DeletesAtOnce = 8;

    /// <summary>Plans and deletes. A failure leaves files that the next vacuum finds again.</summary>
    public static ValueTask<VacuumReport> RunAsync(
        IObjectStore store, DeltaLog log, TimeProvider clock, TimeSpan? retention, bool force, bool dryRun, CancellationToken cancellationToken) =>
        PlanAndDeleteAsync(store, log, clock, retention, force, dryRun, cancellationToken).OrUnavailable(log.TablePath, "was not vacuumed to the end");

    private static async ValueTask<VacuumReport> PlanAndDeleteAsync(
        IObjectStore store, DeltaLog log, TimeProvider clock, TimeSpan? retention, bool force, bool dryRun, CancellationToken cancellationToken)
    {
        // The listing comes first: what a commit takes in later is not in it, what one took in before is in the snapshot.
        var listing = new List<ObjectInfo>();
        await foreach (var found in store.ListAsync(log.TablePath.Length == 0 ? "" : log.TablePath + "/", cancellationToken: cancellationToken))
        {
            listing.Add(found);
        }

        var plan = VacuumPlan.For(await log.LoadAsync(cancellationToken), listing, clock.GetUtcNow(), retention, force);
        if (!dryRun)
        {
            await Parallel.ForEachAsync(
                plan.Delete,
                new ParallelOptions { MaxDegreeOfParallelism = DeletesAtOnce, CancellationToken = cancellationToken },
                async (file, token) => await store.DeleteAsync(file.Path, token));
        }

        return new VacuumReport([.. plan.Delete.Select(f => f.Path)], plan.Bytes, plan.DeletedBefore, dryRun);
    }
}

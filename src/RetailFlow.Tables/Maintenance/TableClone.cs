using RetailFlow.Delta;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Creates a table over the files of another.</summary>
internal static class TableClone
{
    /// <summary>Commits the first version of the clone, which names the source's files by absolute URIs of its store.</summary>
    /// <param name="sourceStore">The store of the source.</param>
    /// <param name="source">The version to clone.</param>
    /// <param name="targetStore">The store of the clone; it must reach the files.</param>
    /// <param name="target">The clone's log.</param>
    /// <param name="newGuid">Gives the clone's table id.</param>
    /// <param name="clock">Tells the time of its creation.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.Conflict"/> if the target exists; <see cref="DeltaErrorKind.UnsupportedFeature"/> if the files cannot be
    /// named from there.
    /// </exception>
    public static async ValueTask<Snapshot> RunAsync(
        IObjectStore sourceStore, Snapshot source, IObjectStore targetStore, DeltaLog target, Func<Guid> newGuid, TimeProvider clock, CancellationToken cancellationToken)
    {
        var uri = StorePath.UriOf(sourceStore, source.TablePath) ?? throw new DeltaException(
            DeltaErrorKind.UnsupportedFeature, $"'{source.TablePath}' cannot be cloned without a copy: its store has no address that a log could name.");
        var transaction = ShallowClonePlan.For(source, uri, newGuid(), clock.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (var file in transaction.Adds)
        {
            _ = StorePath.Of(targetStore, target.TablePath, file.DecodedPath);
            if (file.DeletionVector is { } vector && DeletionVectorFiles.PathOf(vector) is { } path)
            {
                _ = StorePath.Of(targetStore, target.TablePath, path);
            }
        }

        return (await target.CommitAsync(transaction, cancellationToken)).Require($"'{target.TablePath}' cannot be created").Snapshot;
    }
}

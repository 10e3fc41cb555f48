namespace RetailFlow.Delta;

/// <summary>Reads the deletion vectors of contested files, keeps the united ones, and writes them when it is time to commit.</summary>
internal sealed class RowReconciler(DeletionVectorFiles files)
{
    private readonly Dictionary<string, DeletionVector> united = new(StringComparer.Ordinal);
    private readonly HashSet<string> unwritten = new(StringComparer.Ordinal);

    /// <summary>Decides every contested file; the first conflict, or null.</summary>
    public async ValueTask<CommitResult.Conflicted?> ReconcileAsync(
        CommitChanges winner, IReadOnlyList<ContestedFile> contested, CancellationToken cancellationToken)
    {
        if (contested.Count == 0)
        {
            return null;
        }

        var descriptors = contested
            .SelectMany(c => (DeletionVectorDescriptor?[])[c.Before.DeletionVector, c.Winner.DeletionVector, united.ContainsKey(c.Path) ? null : c.Ours?.DeletionVector])
            .OfType<DeletionVectorDescriptor>();
        var vectors = await files.ReadAllAsync(descriptors, cancellationToken);
        foreach (var file in contested)
        {
            var ours = united.GetValueOrDefault(file.Path) ?? (file.Ours?.DeletionVector is { } mine ? vectors[mine.UniqueId] : null);
            var verdict = RowRebase.Decide(file, VectorOf(file.Before.DeletionVector), VectorOf(file.Winner.DeletionVector), ours);
            if (verdict.Broken is { } rule)
            {
                return ConflictChecker.OverRows(rule, winner, file);
            }

            if (verdict.United is { } both)
            {
                united[file.Path] = both;
                unwritten.Add(file.Path);
            }
        }

        return null;

        DeletionVector VectorOf(DeletionVectorDescriptor? descriptor) => descriptor is null ? DeletionVector.Empty : vectors[descriptor.UniqueId];
    }

    /// <summary>The transaction with the united vectors, which are durable on return.</summary>
    public async ValueTask<DeltaTransaction> WriteAsync(DeltaTransaction transaction, Guid fileId, CancellationToken cancellationToken)
    {
        if (unwritten.Count == 0)
        {
            return transaction;
        }

        string[] paths = [.. unwritten];
        var descriptors = await files.WriteAsync([.. paths.Select(p => united[p])], fileId, cancellationToken);
        unwritten.Clear();
        return transaction.With(paths.Zip(descriptors).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal));
    }
}

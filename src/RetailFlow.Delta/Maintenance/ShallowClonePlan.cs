namespace RetailFlow.Delta;

/// <summary>A new table over the files of another: nothing is copied, and the source must keep its files. Pure.</summary>
public static class ShallowClonePlan
{
    // They tell of the source's history, which the clone does not have.
    private static readonly string[] OfTheSource = ["delta.inCommitTimestampEnablementVersion", "delta.inCommitTimestampEnablementTimestamp"];

    /// <summary>The transaction that creates the clone.</summary>
    /// <param name="source">The version to clone.</param>
    /// <param name="sourceUri">Absolute URI of the source's folder as the log writes paths (percent-encoded), such as <c>file:///lake/silver/items</c>.</param>
    /// <param name="id">Identity of the new table.</param>
    /// <param name="createdTime">Milliseconds since 1970 UTC.</param>
    /// <exception cref="ArgumentException">The URI is not absolute.</exception>
    public static DeltaTransaction For(Snapshot source, string sourceUri, Guid id, long createdTime)
    {
        if (!DeltaPath.IsAbsolute(sourceUri))
        {
            throw new ArgumentException($"'{sourceUri}' is no absolute URI.", nameof(sourceUri));
        }

        var root = sourceUri.TrimEnd('/') + "/";
        var transaction = DeltaTransaction.Create(null, "CLONE");
        transaction.OperationParameters["source"] = sourceUri;
        transaction.OperationParameters["sourceVersion"] = source.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
        transaction.OperationParameters["isShallow"] = "true";
        transaction.SetMetric("sourceNumOfFiles", source.FileCount);
        transaction.SetProtocol(source.Protocol);
        transaction.SetMetadata(source.Metadata with
        {
            Id = id.ToString("D"),
            CreatedTime = createdTime,
            Configuration = source.Metadata.Configuration
                .Where(p => !OfTheSource.Contains(p.Key, StringComparer.Ordinal))
                .ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
        });

        // The source's writers have checked the rows.
        transaction.EnforcedConstraints();
        foreach (var domain in source.DomainMetadata.Values.Where(d => d.Domain != RowTracking.Domain))
        {
            transaction.CopyDomain(domain);
        }

        foreach (var file in source.Files)
        {
            transaction.Add(file with
            {
                Path = DeltaPath.IsAbsolute(file.DecodedPath) ? file.Path : root + file.Path,
                DeletionVector = Absolute(file.DeletionVector, root),
                DataChange = true,
            });
        }

        return transaction;
    }

    private static DeletionVectorDescriptor? Absolute(DeletionVectorDescriptor? vector, string root) =>
        vector is { StorageType: "u" }
            ? vector with { StorageType = "p", PathOrInlineDv = root + DeltaPath.Encode(DeletionVectorFiles.PathOf(vector)!) }
            : vector;
}

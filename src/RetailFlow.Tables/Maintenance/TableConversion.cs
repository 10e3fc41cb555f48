using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>Gives a table another profile by one commit of metadata and protocol; its files stay.</summary>
internal static class TableConversion
{
    /// <summary>Converts the newest version; planned again when another writer was faster.</summary>
    /// <param name="log">The table's log.</param>
    /// <param name="profile">The profile that it shall have.</param>
    /// <param name="newGuid">Makes names of hidden columns.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <returns>The version committed; null if the table was so already.</returns>
    /// <exception cref="DeltaException">The table cannot have that profile in place; the message says why and whom it would shut out.</exception>
    public static async ValueTask<long?> RunAsync(DeltaLog log, TableProfile profile, Func<Guid> newGuid, CancellationToken cancellationToken)
    {
        var result = await log.CommitWithRetryAsync(
            (snapshot, _) =>
            {
                var table = ProfileConversion.For(snapshot, profile, newGuid) switch
                {
                    ProfileConversion.InPlace inPlace => inPlace.Table,
                    ProfileConversion.Publish publish => throw new DeltaException(
                        DeltaErrorKind.UnsupportedFeature,
                        $"'{log.TablePath}' cannot become {profile.Name} in place, for features are never taken back: {string.Join(" ", publish.Reasons.Select(r => r.Message))} Write its rows into a new table."),
                    _ => throw new InvalidOperationException("There is no other conversion."),
                };
                return ValueTask.FromResult(Transaction(snapshot, table));
            },
            cancellationToken: cancellationToken);
        return result?.Require($"'{log.TablePath}' was not changed").Version;
    }

    private static DeltaTransaction? Transaction(Snapshot snapshot, EvolvedTable table)
    {
        var sameProtocol = IsSame(snapshot.Protocol, table.Protocol);
        var before = snapshot.Metadata.Configuration;
        var sameMetadata = before.Count == table.Metadata.Configuration.Count
            && table.Metadata.Configuration.All(p => before.TryGetValue(p.Key, out var value) && value == p.Value);
        if (sameProtocol && sameMetadata)
        {
            return null;
        }

        var transaction = DeltaTransaction.Create(snapshot, "SET TBLPROPERTIES");
        if (!sameProtocol)
        {
            transaction.SetProtocol(table.Protocol);
        }

        if (!sameMetadata)
        {
            transaction.SetMetadata(table.Metadata);
        }

        return transaction;
    }

    private static bool IsSame(Protocol before, Protocol after) =>
        (before.MinReaderVersion, before.MinWriterVersion) == (after.MinReaderVersion, after.MinWriterVersion)
        && IsSame(before.ReaderFeatures, after.ReaderFeatures)
        && IsSame(before.WriterFeatures, after.WriterFeatures);

    private static bool IsSame(IReadOnlySet<string>? before, IReadOnlySet<string>? after) =>
        before is null || after is null ? ReferenceEquals(before, after) : before.SetEquals(after);
}

using System.Buffers;

namespace RetailFlow.Delta;

/// <summary>Turns a transaction into the actions of a version. Pure: time and names come from outside.</summary>
internal static class CommitContent
{
    /// <summary>The commit as it follows the snapshot. Repeated for every version that is tried.</summary>
    /// <param name="transaction">What shall be written.</param>
    /// <param name="latest">The version before it; null to create the table.</param>
    /// <param name="now">The writer's clock.</param>
    /// <param name="txnId">Unique name of the attempt.</param>
    /// <param name="engineInfo">Name and version of the writer.</param>
    public static CommitChanges Prepare(DeltaTransaction transaction, Snapshot? latest, DateTimeOffset now, Guid txnId, string engineInfo)
    {
        var version = latest is null ? 0 : latest.Version + 1;
        var milliseconds = now.ToUnixTimeMilliseconds();
        var metadata = transaction.Metadata;
        long? inCommitTimestamp = null;
        if (metadata is null ? latest!.Properties.InCommitTimestamps : new TableProperties(metadata.Configuration).InCommitTimestamps)
        {
            var previous = latest?.LastCommit?.InCommitTimestamp ?? latest?.Timestamp.ToUnixTimeMilliseconds();
            inCommitTimestamp = previous is { } p ? Math.Max(milliseconds, p + 1) : milliseconds;
            if (metadata is not null && latest is { Properties.InCommitTimestamps: false })
            {
                metadata = WithEnablement(metadata, version, inCommitTimestamp.Value);
            }
        }

        var protocol = transaction.Protocol ?? latest!.Protocol;
        IReadOnlyList<AddFile> adds = transaction.Adds;
        DomainMetadata? mark = null;
        var tags = new Dictionary<string, string>(transaction.Tags, StringComparer.Ordinal);
        if (RowTracking.IsOn(protocol, metadata ?? latest!.Metadata))
        {
            (adds, mark) = RowTracking.Assign(transaction, latest, version);
            tags[RowTracking.PreservedTag] = transaction.PreservedRowIds ?? !RowTracking.RewritesRows(transaction) ? "true" : "false";
        }

        var actions = new List<DeltaAction>
        {
            new CommitInfo
            {
                InCommitTimestamp = inCommitTimestamp,
                Timestamp = milliseconds,
                Operation = transaction.Operation,
                OperationParameters = new Dictionary<string, string>(transaction.OperationParameters, StringComparer.Ordinal),
                OperationMetrics = new Dictionary<string, string>(transaction.OperationMetrics, StringComparer.Ordinal),
                ReadVersion = transaction.ReadSnapshot?.Version,
                IsolationLevel = transaction.EffectiveIsolationLevel.ToString(),
                IsBlindAppend = transaction.IsBlindAppend,
                EngineInfo = engineInfo,
                TxnId = txnId.ToString("D"),
                Tags = tags,
            },
        };
        if (transaction.Protocol is not null)
        {
            actions.Add(transaction.Protocol);
        }

        if (metadata is not null)
        {
            actions.Add(metadata);
        }

        actions.AddRange(transaction.DomainMetadata.Values);
        if (mark is not null)
        {
            actions.Add(mark);
        }

        actions.AddRange(transaction.Transactions.Select(t => new SetTransaction(t.Key, t.Value, milliseconds)));
        actions.AddRange(transaction.Removes.Select(r => RemoveFile.Of(r.File, milliseconds, r.DataChange)));
        actions.AddRange(adds);
        actions.AddRange(transaction.ChangeFiles);
        return new CommitChanges(version, actions, CommitFile.TimeOf(actions, fileTime: null));
    }

    /// <summary>The bytes of the commit file.</summary>
    public static ReadOnlyMemory<byte> Write(CommitChanges commit)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        DeltaActionJson.WriteLines(buffer, commit.Actions);
        return buffer.WrittenMemory;
    }

    private static Metadata WithEnablement(Metadata metadata, long version, long timestamp) => metadata with
    {
        Configuration = new Dictionary<string, string>(metadata.Configuration, StringComparer.Ordinal)
        {
            ["delta.inCommitTimestampEnablementVersion"] = version.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["delta.inCommitTimestampEnablementTimestamp"] = timestamp.ToString(System.Globalization.CultureInfo.InvariantCulture),
        },
    };
}

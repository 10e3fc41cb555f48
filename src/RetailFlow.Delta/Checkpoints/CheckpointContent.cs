using System.Buffers;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>What a checkpoint holds (protocol section "Checkpoints"): the reconciled state, without what has expired.</summary>
internal static class CheckpointContent
{
    /// <summary>The state without tombstones and application progress that are past their retention.</summary>
    public static LogState Unexpired(Snapshot snapshot, DateTimeOffset now)
    {
        var state = snapshot.State.WithoutTombstones((now - snapshot.Properties.DeletedFileRetention).ToUnixTimeMilliseconds());
        return snapshot.Properties.TransactionRetention is { } retention
            ? state.WithoutTransactions((now - retention).ToUnixTimeMilliseconds())
            : state;
    }

    /// <summary>The actions, one JSON object each.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Write(LogState state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var ends = new List<int>();
        using var writer = new Utf8JsonWriter(buffer, DeltaActionJson.WriterOptions);
        foreach (var action in Actions(state))
        {
            DeltaActionJson.Write(writer, action);
            writer.Flush();
            writer.Reset();
            ends.Add(buffer.WrittenCount);
        }

        // The buffer moves as it grows, so the lines are cut when it is complete.
        var lines = new List<ReadOnlyMemory<byte>>(ends.Count);
        var start = 0;
        foreach (var end in ends)
        {
            lines.Add(buffer.WrittenMemory[start..end]);
            start = end;
        }

        return lines;
    }

    private static IEnumerable<DeltaAction> Actions(LogState state)
    {
        yield return state.Protocol!;
        yield return state.Metadata!;
        foreach (var transaction in state.Transactions.Values)
        {
            yield return transaction;
        }

        foreach (var domain in state.Domains.Values)
        {
            yield return domain;
        }

        // In a checkpoint nothing is a change.
        foreach (var file in state.Files)
        {
            yield return file.DataChange ? file with { DataChange = false } : file;
        }

        foreach (var tombstone in state.Tombstones)
        {
            yield return tombstone.DataChange ? tombstone with { DataChange = false } : tombstone;
        }
    }
}

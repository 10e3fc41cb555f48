using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using RetailFlow.Storage;

namespace RetailFlow.Delta.Tests;

/// <summary>
/// Checkpoints as lines of JSON in place of Parquet. Rows come back as a columnar reader gives them: with every action column,
/// null but for one.
/// </summary>
internal sealed class JsonLinesCheckpoints : ICheckpointParquet
{
    private static readonly string[] Columns = ["txn", "add", "remove", "metaData", "protocol", "domainMetadata"];
    private int written;

    public int Written => written;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadActionsAsync(
        IObjectStore store, string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var content = await store.ReadAsync(path, cancellationToken) ?? throw new FileNotFoundException("No such checkpoint.", path);
        foreach (var line in Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var row = JsonNode.Parse(line)!.AsObject();
            foreach (var column in Columns)
            {
                row.TryAdd(column, null);
            }

            yield return Encoding.UTF8.GetBytes(row.ToJsonString());
        }
    }

    public async ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store, string path, IReadOnlyList<ReadOnlyMemory<byte>> actions, CancellationToken cancellationToken = default)
    {
        var content = new MemoryStream();
        foreach (var action in actions)
        {
            content.Write(action.Span);
            content.WriteByte((byte)'\n');
        }

        await store.PutIfAbsentAsync(path, content.ToArray(), cancellationToken);
        Interlocked.Increment(ref written);
        return new CheckpointFileInfo(content.Length);
    }
}

/// <summary>For logs that must be readable from their commits alone.</summary>
internal sealed class NoCheckpoints : ICheckpointParquet
{
    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadActionsAsync(IObjectStore store, string path, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException($"The checkpoint '{path}' was read.");

    public ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store, string path, IReadOnlyList<ReadOnlyMemory<byte>> actions, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException($"The checkpoint '{path}' was written.");
}

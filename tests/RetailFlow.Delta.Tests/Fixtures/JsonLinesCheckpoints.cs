using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using RetailFlow.Storage;

namespace RetailFlow.Delta.Tests;

/// <summary>
/// Checkpoints as lines of JSON in place of Parquet. Rows are parsed as a columnar reader gives them: with every action column,
/// null but for one.
/// </summary>
internal sealed class JsonLinesCheckpoints : ICheckpointParquet
{
    private const int BatchRows = 3;

    private static readonly string[] Columns = ["txn", "add", "remove", "metaData", "protocol", "domainMetadata", "checkpointMetadata", "sidecar"];
    private int written;

    public int Written => written;

    public async IAsyncEnumerable<IReadOnlyList<DeltaAction>> ReadActionsAsync(
        IObjectStore store, string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var content = await store.ReadAsync(path, cancellationToken) ?? throw new FileNotFoundException("No such checkpoint.", path);
        foreach (var lines in Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries).Chunk(BatchRows))
        {
            yield return [.. lines.Select(Parse).OfType<DeltaAction>()];
        }
    }

    public async ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store, string path, CheckpointFileKind kind, IEnumerable<DeltaAction> actions, CancellationToken cancellationToken = default)
    {
        var lines = actions.Select(a => DeltaActionJson.ToJson(a) + "\n").ToList();
        var content = Encoding.UTF8.GetBytes(string.Concat(lines));
        await store.PutIfAbsentAsync(path, content, cancellationToken);
        Interlocked.Increment(ref written);
        return new CheckpointFileInfo(content.Length, lines.Count);
    }

    private static DeltaAction? Parse(string line)
    {
        try
        {
            var row = JsonNode.Parse(line)!.AsObject();
            foreach (var column in Columns)
            {
                row.TryAdd(column, null);
            }

            return DeltaActionJson.Parse(Encoding.UTF8.GetBytes(row.ToJsonString()));
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new DeltaException(DeltaErrorKind.Corrupt, $"Not a line: {e.Message}", e);
        }
    }
}

/// <summary>For logs that must be readable from their commits alone.</summary>
internal sealed class NoCheckpoints : ICheckpointParquet
{
    public IAsyncEnumerable<IReadOnlyList<DeltaAction>> ReadActionsAsync(IObjectStore store, string path, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException($"The checkpoint '{path}' was read.");

    public ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store, string path, CheckpointFileKind kind, IEnumerable<DeltaAction> actions, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException($"The checkpoint '{path}' was written.");
}

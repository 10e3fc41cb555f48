using System.Text;
using RetailFlow.Connectors.Kafka;
using RetailFlow.Node.Kafka;
using RetailFlow.Stock.Journal;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>A log whose every poll does what the script says next; when the script is at its end, the consumption is stopped.</summary>
internal sealed class ScriptedLog : IMessageLog
{
    private readonly Queue<Func<LogSignal?>> _script = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>What was asked of the log, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>The broker's oldest offset and its end, of every partition.</summary>
    public (long First, long End) Held { get; set; }

    public CancellationToken Stop => _stop.Token;

    public IPartitionOwner Owner { get; private set; } = null!;

    public static MessagePartition Partition(int number) => new("pos", "stock", number);

    public void Then(Func<LogSignal?> step) => _script.Enqueue(step);

    public void ThenAssigns(params int[] partitions) => Then(() =>
    {
        Calls.Add($"from {string.Join(',', Owner.Assigned([.. partitions.Select(Partition)]))}");
        return null;
    });

    public void ThenSends(int partition, params long[] offsets)
    {
        foreach (var offset in offsets)
        {
            Then(() => Message(partition, offset, Encoding.UTF8.GetBytes(NodeFixture.Sale($"{partition}-{offset}"))));
        }
    }

    public static MessageCame Message(int partition, long offset, byte[]? value) =>
        new(new TopicMessage(new MessageOrigin(Partition(partition), offset), value is null ? default(ReadOnlyMemory<byte>?) : value, []));

    public void Join(IPartitionOwner owner) => Owner = owner;

    public LogSignal? Poll(TimeSpan longest)
    {
        if (_script.TryDequeue(out var step))
        {
            return step();
        }

        _stop.Cancel();
        return null;
    }

    public void Pause() => Note("pause");

    public void Resume() => Note("resume");

    public void ReadFrom(IEnumerable<KeyValuePair<MessagePartition, long>> offsets) =>
        Calls.Add($"read {string.Join(' ', offsets.OrderBy(o => o.Key.Partition).Select(o => $"{o.Key.Partition}@{o.Value}"))}");

    public void Report(IEnumerable<KeyValuePair<MessagePartition, long>> done) =>
        Calls.Add($"report {string.Join(' ', done.OrderBy(o => o.Key.Partition).Select(o => $"{o.Key.Partition}@{o.Value}"))}");

    public (long First, long End) Bounds(MessagePartition partition) => Held;

    public long? KnownEnd(MessagePartition partition) => Held.End;

    public void Close() => Calls.Add("close");

    public void Dispose() => _stop.Dispose();

    private void Note(string call)
    {
        if (Calls.LastOrDefault() != call)
        {
            Calls.Add(call);
        }
    }
}

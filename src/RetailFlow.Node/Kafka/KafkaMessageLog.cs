using System.Diagnostics;
using Confluent.Kafka;
using RetailFlow.Connectors.Kafka;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Kafka;

/// <summary>A member of a consumer group on librdkafka.</summary>
internal sealed class KafkaMessageLog : IMessageLog
{
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    private readonly KafkaFeed _feed;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly Dictionary<TopicPartition, MessagePartition> _names = [];
    private readonly Queue<LogSignal> _troubles = new();
    private IPartitionOwner? _owner;
    private string? _reason;

    // Whether partitions were assigned anew and nothing came of them yet.
    private bool _isSettling;

    /// <param name="feed">What is read.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="log">Takes lines that the client has to say.</param>
    public KafkaMessageLog(KafkaFeed feed, Func<string, string?> variable, Action<string> log)
    {
        LibRdKafka.Require();
        _feed = feed;
        _consumer = new ConsumerBuilder<byte[], byte[]>(KafkaSettings.Of(feed, variable))
            .SetErrorHandler((_, error) => Trouble(error))
            .SetLogHandler((_, line) => log($"{line.Facility}: {line.Message}"))
            .SetPartitionsAssignedHandler((_, partitions) => Assigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Revoked(partitions, lost: false))
            .SetPartitionsLostHandler((_, partitions) => Revoked(partitions, lost: true))
            .Build();
    }

    public void Join(IPartitionOwner owner)
    {
        _owner = owner;
        _consumer.Subscribe(_feed.Topics);
    }

    public LogSignal? Poll(TimeSpan longest)
    {
        // Errors come by the same way as messages do: what was told is told on, and then what comes.
        if (_troubles.TryDequeue(out var trouble))
        {
            return trouble;
        }

        try
        {
            var came = _consumer.Consume(longest);
            _isSettling &= came is null;
            return came switch
            {
                null => _troubles.TryDequeue(out trouble) ? trouble : null,
                { IsPartitionEOF: true } end => new EndReached(NameOf(end.TopicPartition)),
                var result => new MessageCame(Read(result)),
            };
        }
        catch (ConsumeException e) when (e.Error.Code == ErrorCode.Local_AutoOffsetReset && e.ConsumerRecord is { } at)
        {
            return new OffsetGone(NameOf(at.TopicPartition));
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            return new LogTrouble($"{e.Error.Code}: {e.Error.Reason}");
        }
    }

    public void Pause() => _consumer.Pause(_consumer.Assignment);

    public void Resume() => _consumer.Resume(_consumer.Assignment);

    // A partition whose offset was gone cannot be sought in: the client does not fetch it any more.
    public void ReadFrom(IEnumerable<KeyValuePair<MessagePartition, long>> offsets)
    {
        Settle();
        _consumer.Assign([.. offsets.Select(o => new TopicPartitionOffset(Of(o.Key), o.Value))]);
        _isSettling = true;
    }

    public void Report(IEnumerable<KeyValuePair<MessagePartition, long>> done)
    {
        foreach (var (partition, offset) in done)
        {
            _consumer.StoreOffset(new TopicPartitionOffset(Of(partition), offset));
        }
    }

    public (long First, long End) Bounds(MessagePartition partition)
    {
        var bounds = _consumer.QueryWatermarkOffsets(Of(partition), s_answer);
        return (bounds.Low.Value, bounds.High.Value);
    }

    public long? KnownEnd(MessagePartition partition) =>
        _consumer.GetWatermarkOffsets(Of(partition)) is { High: { IsSpecial: false } end } ? end.Value : null;

    public void Close()
    {
        Settle();
        _consumer.Close();
    }

    public void Dispose() => _consumer.Dispose();

    /// <summary>
    /// Waits until an assignment has taken effect, which shows when something comes of it: it is read again, or by another. Up to 2.15 the client asks twice
    /// to stop a partition that is taken away before it has stopped, and ends the process at the second answer (librdkafka's issue 5573).
    /// </summary>
    private void Settle()
    {
        for (var began = Stopwatch.GetTimestamp(); _isSettling && Stopwatch.GetElapsedTime(began) < s_settling;)
        {
            try
            {
                _isSettling = _consumer.Consume(s_look) is null;
            }
            catch (ConsumeException e) when (!e.Error.IsFatal)
            {
                // It may be of before. If it is not, it comes again.
            }
        }

        _isSettling = false;
    }

    private static TopicPartition Of(MessagePartition partition) => new(partition.Topic, partition.Partition);

    private TopicMessage Read(ConsumeResult<byte[], byte[]> result)
    {
        var message = result.Message;
        IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> headers = message.Headers is { Count: > 0 } some
            ? [.. some.Select(h => KeyValuePair.Create(h.Key, (ReadOnlyMemory<byte>)(h.GetValueBytes() ?? [])))]
            : [];
        return new TopicMessage(
            new MessageOrigin(NameOf(result.TopicPartition), result.Offset.Value),
            message.Value is { } value ? new ReadOnlyMemory<byte>(value) : default(ReadOnlyMemory<byte>?),
            headers,
            message.Timestamp.Type == TimestampType.NotAvailable ? null : RecordTime.ToMicros(new DateTimeOffset(message.Timestamp.UtcDateTime, TimeSpan.Zero)));
    }

    private IEnumerable<TopicPartitionOffset> Assigned(List<TopicPartition> partitions)
    {
        var offsets = _owner!.Assigned([.. partitions.Select(NameOf)]);
        return [.. partitions.Select((partition, i) => new TopicPartitionOffset(partition, offsets[i]))];
    }

    /// <summary>That all brokers are down says nothing of why: what was told before does.</summary>
    private void Trouble(Error error)
    {
        var isAll = error.Code == ErrorCode.Local_AllBrokersDown;
        _reason = isAll ? _reason : $"{error.Code}: {error.Reason}";
        _troubles.Enqueue(new LogTrouble(isAll && _reason is not null ? $"{error.Reason}; {_reason}" : $"{error.Code}: {error.Reason}"));
    }

    private void Revoked(List<TopicPartitionOffset> partitions, bool lost) => _owner!.Revoked([.. partitions.Select(p => NameOf(p.TopicPartition))], lost);

    private MessagePartition NameOf(TopicPartition partition)
    {
        if (!_names.TryGetValue(partition, out var name))
        {
            name = new MessagePartition(_feed.Name, partition.Topic, partition.Partition.Value);
            _names.Add(partition, name);
        }

        return name;
    }
}

using System.Text;
using RetailFlow.Connectors.Kafka;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Node.Ingest;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Kafka;

/// <summary>What a pump works on besides the messages.</summary>
/// <param name="Positions">How far the journal is.</param>
/// <param name="TakeAsync">Makes messages durable, and with them how far their partitions are.</param>
/// <param name="StartAsync">Makes durable where partitions begin.</param>
/// <param name="KeepAsync">Keeps a message that no entry can hold, and returns where.</param>
internal sealed record PumpTarget(
    MessagePositions Positions,
    Func<IReadOnlyList<MessageEntry>, ValueTask<IntakeAnswer>> TakeAsync,
    Func<IReadOnlyDictionary<MessagePartition, long>, ValueTask> StartAsync,
    Func<TopicMessage, ValueTask<string>> KeepAsync);

/// <summary>
/// Carries messages from a log into the journal: gathers what is there, appends it, and only then says so to the group. One batch is on its way at a time.
/// A partition that is taken away is given up when what is on its way of it is durable, and what was only gathered is dropped. Runs on one thread.
/// </summary>
internal sealed class MessagePump(KafkaFeed feed, PumpTarget target, TimeProvider clock, Action<FeedStatus> publish) : IPartitionOwner
{
    private const int BatchBytes = 4 << 20;
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(500);

    private readonly MessageCursors _cursors = new(target.Positions);
    private readonly Dictionary<MessagePartition, Progress> _progress = [];
    private List<(MessageEntry Entry, long? AtMicros)> _gathered = [];
    private List<(MessageEntry Entry, long? AtMicros)> _sent = [];
    private Task<IntakeAnswer>? _inFlight;
    private IMessageLog _log = null!;
    private long _gatheredBytes;
    private FeedStatus _status = new() { Name = feed.Name, Group = feed.Group };

    /// <summary>Called with every batch that became durable.</summary>
    public Action<IntakeAnswer, TimeSpan>? Durable { get; init; }

    /// <summary>Called when messages are gone that the journal waits for.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Consumes until it is stopped, and leaves the group.</summary>
    /// <exception cref="RetailFlow.Storage.LogPoisonedException">The journal has failed.</exception>
    public void Consume(IMessageLog log, CancellationToken stop)
    {
        _log = log;
        Publish(FeedState.Joining);
        log.Join(this);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                Gather(stop);
                if (_gathered.Count > 0)
                {
                    Append();
                }

                Publish(_cursors.Owned.Count > 0 ? FeedState.Consuming : FeedState.Joining);
            }
        }
        finally
        {
            _gathered.Clear();
            try
            {
                log.Close();
            }
            finally
            {
                Revoked([.. _cursors.Owned], lost: true);
            }
        }
    }

    /// <summary>Says that nothing more is taken, because the node stops.</summary>
    public void Stopped() => Publish(FeedState.Stopped);

    /// <summary>Says that something went wrong outside of polling.</summary>
    public void Trouble(FeedState state, string reason)
    {
        _status = _status with { LastError = reason, LastErrorAt = clock.GetUtcNow() };
        Publish(state);
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Assigned(IReadOnlyList<MessagePartition> partitions)
    {
        var fresh = partitions.Where(p => target.Positions.Next(p) is null).ToList();
        var starts = new Dictionary<MessagePartition, long>();
        if (feed.StartsAtEnd && fresh.Count > 0)
        {
            // Durable before the first message: what comes while the node is down is not skipped at the next start.
            foreach (var partition in fresh)
            {
                starts[partition] = _log.Bounds(partition).End;
            }

            target.StartAsync(starts).AsTask().GetAwaiter().GetResult();
            foreach (var (partition, offset) in starts)
            {
                target.Positions.Load(partition, offset);
            }
        }

        foreach (var partition in partitions)
        {
            _cursors.Assign(partition, 0);
            _progress[partition] = new Progress();
        }

        return [.. partitions.Select(FetchOffset)];
    }

    /// <inheritdoc/>
    public void Revoked(IReadOnlyList<MessagePartition> partitions, bool lost)
    {
        if (_inFlight is { } inFlight)
        {
            Task.WaitAny(inFlight);
            if (inFlight.IsCompletedSuccessfully && !lost)
            {
                ReportSent();
            }
        }

        foreach (var partition in partitions)
        {
            _cursors.Revoke(partition);
            _progress.Remove(partition);
        }

        _gathered.RemoveAll(g => partitions.Contains(g.Entry.Origin.Partition));
    }

    private void Gather(CancellationToken stop)
    {
        while (_gathered.Count < feed.MaxBatch && _gatheredBytes < BatchBytes && !stop.IsCancellationRequested)
        {
            if (_log.Poll(_gathered.Count == 0 ? s_poll : TimeSpan.Zero) is not { } signal)
            {
                return;
            }

            Handle(signal);
        }
    }

    private void Handle(LogSignal signal)
    {
        switch (signal)
        {
            case MessageCame came:
                Take(came.Message);
                break;
            case EndReached end when _progress.TryGetValue(end.Partition, out var progress):
                progress.AtEnd = true;
                break;
            case EndReached:
                break;
            case OffsetGone gone when _progress.ContainsKey(gone.Partition):
                MeetGap(gone.Partition);
                break;
            case OffsetGone:
                break;
            case LogTrouble trouble:
                Trouble(_status.State, trouble.Reason);
                break;
            default:
                throw new InvalidOperationException("There is no other signal.");
        }
    }

    private void Take(TopicMessage message)
    {
        if (!_cursors.TryTake(message.Origin))
        {
            return;
        }

        _progress[message.Origin.Partition].AtEnd = false;
        var entry = message.Value is { Length: > JournalBatch.MaxRecordBytes } tooLong ? KeepAside(message, tooLong.Length)
            : feed.Format == KafkaFormat.Stock ? MessageTranslator.Stock(message, feed.Source, feed.SourceHeader)
            : MessageTranslator.CloudEvent(message);
        _gathered.Add((entry, message.TimestampMicros));
        _gatheredBytes += entry.Bytes.Length;
    }

    /// <summary>No entry holds so much: the message becomes a file of RAW, and the entry names it.</summary>
    private MessageEntry KeepAside(TopicMessage message, int bytes)
    {
        var path = target.KeepAsync(message).AsTask().GetAwaiter().GetResult();
        var origin = message.Origin;
        return new MessageEntry(origin, Encoding.UTF8.GetBytes(path), null, new RecordViolation(
            RecordRule.RecordTooLarge,
            string.Empty,
            $"message has {bytes} bytes, more than {JournalBatch.MaxRecordBytes}; it is kept as {path} ({RecordRule.RecordTooLarge}; {origin.Partition} offset {origin.Offset})"));
    }

    private void Append()
    {
        (_sent, _gathered) = (_gathered, _sent);
        _gathered.Clear();
        _gatheredBytes = 0;
        var handed = clock.GetTimestamp();
        var inFlight = target.TakeAsync([.. _sent.Select(s => s.Entry)]).AsTask();
        _inFlight = inFlight;
        try
        {
            if (!IsDone(inFlight, s_slow))
            {
                WaitForTheJournal(inFlight);
            }

            // Whoever waits for the task gets the reason for which it failed.
            var answer = inFlight.GetAwaiter().GetResult();
            _status = _status with { Taken = _status.Taken + _sent.Count };
            Durable?.Invoke(answer, clock.GetElapsedTime(handed));
            ReportSent();
        }
        finally
        {
            _inFlight = null;
        }
    }

    /// <summary>Stays a member of the group meanwhile, and fetches nothing.</summary>
    private void WaitForTheJournal(Task inFlight)
    {
        do
        {
            _log.Pause();
            Publish(FeedState.Waiting);
            if (_log.Poll(s_poll) is { } signal)
            {
                Handle(signal);
            }
        }
        while (!IsDone(inFlight, TimeSpan.Zero));
        _log.Resume();
    }

    private static bool IsDone(Task task, TimeSpan longest) => Task.WaitAny([task], longest) == 0;

    private void ReportSent()
    {
        var done = new Dictionary<MessagePartition, long>();
        foreach (var (entry, atMicros) in _sent)
        {
            if (_progress.TryGetValue(entry.Origin.Partition, out var progress))
            {
                done[entry.Origin.Partition] = entry.Origin.Offset + 1;
                progress.LastMessageAt = atMicros is { } micros ? RecordTime.ToInstant(micros) : progress.LastMessageAt;
            }
        }

        if (done.Count > 0)
        {
            _log.Report(done);
        }
    }

    private void MeetGap(MessagePartition partition)
    {
        var position = _cursors.Next(partition);
        var (first, end) = _log.Bounds(partition);
        if (position == 0 && target.Positions.Next(partition) is null)
        {
            // Nothing of it was taken, and nobody asked for a beginning: the oldest message is where it begins.
            _log.ReadFrom(_cursors.Owned.Select(p => KeyValuePair.Create(p, FetchOffset(p))));
            return;
        }

        var what = $"{partition}: the journal goes on at offset {position}, but the broker has {first} to {end}";
        if (!feed.JumpsOverGaps)
        {
            var reason = $"{what}: the messages between are gone, or the topic is another one. Nothing of this partition is taken; on_truncated: earliest goes on with the oldest message.";
            _progress[partition].Stopped = reason;
            Trouble(_status.State, reason);
            Warn?.Invoke(reason);
            return;
        }

        _progress[partition].Skipped += Math.Max(0, first - position);
        _cursors.Jump(partition, first);
        _log.ReadFrom(_cursors.Owned.Select(p => KeyValuePair.Create(p, FetchOffset(p))));
        Trouble(_status.State, $"{what}: it went on with the oldest message, as on_truncated says.");
        Warn?.Invoke(_status.LastError!);
    }

    /// <summary>Behind the last message that was taken or gathered; of a partition of which none was, its oldest one.</summary>
    private long FetchOffset(MessagePartition partition) =>
        _cursors.Next(partition) is var next && (next > 0 || target.Positions.Next(partition) is not null) ? next : IMessageLog.Beginning;

    private void Publish(FeedState state)
    {
        _status = _status with
        {
            State = state,
            PassedOver = _cursors.PassedOver,
            Partitions =
            [
                .. _cursors.Owned.Where(_progress.ContainsKey).OrderBy(p => p.Topic, StringComparer.Ordinal).ThenBy(p => p.Partition).Select(StatusOf),
            ],
        };
        publish(_status);
    }

    private PartitionStatus StatusOf(MessagePartition partition)
    {
        var progress = _progress[partition];

        // What is gathered and not durable is not taken yet.
        var isAtEnd = progress.AtEnd && _gathered.Count == 0 && _inFlight is null;
        return new PartitionStatus(partition, target.Positions.Next(partition), _log.KnownEnd(partition), isAtEnd, progress.Stopped, progress.Skipped, progress.LastMessageAt);
    }

    private sealed class Progress
    {
        public bool AtEnd { get; set; }

        public string? Stopped { get; set; }

        public long Skipped { get; set; }

        public DateTimeOffset? LastMessageAt { get; set; }
    }
}

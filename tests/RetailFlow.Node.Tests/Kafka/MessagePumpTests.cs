using System.Text;
using RetailFlow.Connectors.Kafka;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Kafka;
using RetailFlow.Stock.Journal;
using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>What is appended, and when it is told to the group, whatever the group and the journal do meanwhile.</summary>
public sealed class MessagePumpTests : IDisposable
{
    private readonly ScriptedLog _log = new();
    private readonly MessagePositions _positions = new();
    private readonly List<FeedStatus> _statuses = [];
    private readonly List<string> _durable = [];
    private readonly Dictionary<MessagePartition, long> _starts = [];
    private readonly List<string> _warnings = [];
    private TaskCompletionSource? _slow;
    private Exception? _failure;
    private long _sequence;

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Messages_are_appended_in_order_and_only_then_told_to_the_group()
    {
        _log.ThenAssigns(0, 1);
        _log.ThenSends(0, 0, 1);
        _log.ThenSends(1, 7);
        _log.Then(() => null);
        _log.ThenSends(0, 1, 2);

        Consume(Feed());

        Assert.Equal(["0@0", "0@1", "1@7", "0@2"], _durable);
        Assert.Equal(["from -2,-2", "report 0@2 1@8", "report 0@3", "close"], _log.Calls);
        Assert.Equal((4, 1), (_statuses[^1].Taken, _statuses[^1].PassedOver));
    }

    [Fact]
    public void A_partition_that_is_taken_away_gives_up_what_was_only_gathered_and_another_owner_takes_it()
    {
        _log.ThenAssigns(0, 1);
        _log.ThenSends(0, 0, 1);
        _log.ThenSends(1, 5);
        _log.Then(() =>
        {
            _log.Owner.Revoked([ScriptedLog.Partition(0)], lost: false);
            return null;
        });
        _log.ThenSends(0, 2);
        _log.ThenAssigns(0);
        _log.ThenSends(0, 0);

        Consume(Feed());

        Assert.Equal(["1@5", "0@0"], _durable);
        Assert.Equal(["from -2,-2", "report 1@6", "from -2", "report 0@1", "close"], _log.Calls);
    }

    [Fact]
    public void A_partition_that_is_taken_away_while_its_messages_are_on_their_way_is_given_up_when_they_are_durable()
    {
        _slow = new TaskCompletionSource();
        _log.ThenAssigns(0, 1);
        _log.ThenSends(0, 0);
        _log.Then(() => null);
        _log.Then(() =>
        {
            _ = Task.Run(_slow.SetResult);
            _log.Owner.Revoked([ScriptedLog.Partition(0)], lost: false);
            _log.Calls.Add($"revoked with {_durable.Count} durable");
            return null;
        });

        Consume(Feed());

        Assert.Equal(["from -2,-2", "pause", "report 0@1", "revoked with 1 durable", "resume", "close"], _log.Calls);
    }

    [Fact]
    public void A_partition_that_was_lost_already_is_told_nothing_of()
    {
        _slow = new TaskCompletionSource();
        _log.ThenAssigns(0);
        _log.ThenSends(0, 0);
        _log.Then(() => null);
        _log.Then(() =>
        {
            _ = Task.Run(_slow.SetResult);
            _log.Owner.Revoked([ScriptedLog.Partition(0)], lost: true);
            return null;
        });

        Consume(Feed());

        Assert.Equal(["from -2", "pause", "resume", "close"], _log.Calls);
        Assert.Equal(["0@0"], _durable);
        Assert.Equal(1, _positions.Next(ScriptedLog.Partition(0)));
    }

    [Fact]
    public void While_the_journal_is_slow_nothing_is_fetched_and_what_comes_all_the_same_is_appended_after_it()
    {
        _slow = new TaskCompletionSource();
        _log.ThenAssigns(0);
        _log.ThenSends(0, 0);
        _log.Then(() => null);
        _log.ThenSends(0, 1);
        _log.Then(() =>
        {
            Assert.Equal(FeedState.Waiting, _statuses[^1].State);
            _slow.SetResult();
            return null;
        });

        Consume(Feed());

        Assert.Equal(["0@0", "0@1"], _durable);
        Assert.Equal(["from -2", "pause", "resume", "report 0@1", "report 0@2", "close"], _log.Calls);
    }

    [Fact]
    public void A_journal_that_fails_ends_the_consumption_and_the_group_is_told_nothing()
    {
        _log.ThenAssigns(0);
        _log.ThenSends(0, 0);
        _log.Then(() => null);
        _failure = new LogPoisonedException("journal", new IOException("EIO"));

        Assert.Throws<LogPoisonedException>(() => Consume(Feed()));

        Assert.Equal(["from -2", "close"], _log.Calls);
    }

    [Fact]
    public void No_batch_is_larger_than_configured()
    {
        _log.ThenAssigns(0);
        _log.ThenSends(0, 0, 1, 2, 3, 4);

        Consume(Feed() with { MaxBatch = 2 });

        Assert.Equal(["from -2", "report 0@2", "report 0@4", "report 0@5", "close"], _log.Calls);
    }

    [Fact]
    public void The_journal_says_where_a_partition_goes_on_and_the_end_of_the_topic_is_durable_before_the_first_message()
    {
        _log.Held = (3, 9);
        _positions.Load(ScriptedLog.Partition(0), 4);
        _log.ThenAssigns(0, 1);

        Consume(Feed() with { StartsAtEnd = true });

        Assert.Equal(["from 4,9", "close"], _log.Calls);
        Assert.Equal([KeyValuePair.Create(ScriptedLog.Partition(1), 9L)], _starts);
    }

    [Theory]
    [InlineData(false, "from 4,-2;close")]
    [InlineData(true, "from 4,-2;read 0@10 1@-2;report 0@11;close")]
    public void A_gap_stops_its_partition_or_is_jumped_over_and_told_as_configured(bool jumps, string calls)
    {
        _log.Held = (10, 30);
        _positions.Load(ScriptedLog.Partition(0), 4);
        _log.ThenAssigns(0, 1);
        _log.Then(() => new OffsetGone(ScriptedLog.Partition(0)));
        if (jumps)
        {
            _log.ThenSends(0, 10);
        }

        Consume(Feed() with { JumpsOverGaps = jumps });

        Assert.Equal(calls.Split(';'), _log.Calls);
        var partition = _statuses.Last(s => s.Partitions.Count > 0).Partitions[0];
        Assert.Equal((!jumps, jumps ? 6 : 0), (partition.Stopped is not null, partition.Skipped));
        Assert.Contains("pos/stock/0: the journal goes on at offset 4, but the broker has 10 to 30", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(_warnings[0], _statuses[^1].LastError);
    }

    [Fact]
    public void A_partition_of_which_nothing_was_taken_begins_with_the_oldest_message_there_is_and_that_is_no_gap()
    {
        _log.Held = (10, 30);
        _positions.Load(ScriptedLog.Partition(1), 0);
        _log.ThenAssigns(0, 1);
        _log.Then(() => new OffsetGone(ScriptedLog.Partition(0)));
        _log.Then(() => new OffsetGone(ScriptedLog.Partition(1)));

        Consume(Feed());

        Assert.Equal(["from -2,0", "read 0@-2 1@0", "close"], _log.Calls);
        Assert.StartsWith("pos/stock/1: the journal goes on at offset 0, but the broker has 10 to 30", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void After_a_failure_the_next_consumption_begins_behind_the_journal_with_what_it_is_given()
    {
        _log.ThenAssigns(0, 1);
        _log.ThenSends(0, 0);
        _log.Then(() => null);
        _log.ThenSends(0, 1);
        _log.Then(() => throw new InvalidOperationException("the client broke"));
        var pump = Pump(Feed());
        Assert.Throws<InvalidOperationException>(() => pump.Consume(_log, _log.Stop));
        Assert.Equal(["0@0"], _durable);

        using var next = new ScriptedLog();
        next.ThenAssigns(0);
        next.ThenSends(1, 0);
        next.ThenSends(0, 0, 1);
        pump.Consume(next, next.Stop);

        Assert.Equal(["0@0", "0@1"], _durable);
        Assert.Equal(["from 1", "report 0@2", "close"], next.Calls);
    }

    [Fact]
    public void A_message_that_no_entry_can_hold_is_kept_beside_the_journal_and_its_entry_names_it()
    {
        var huge = new byte[JournalBatch.MaxRecordBytes + 1];
        _log.ThenAssigns(0);
        _log.Then(() => ScriptedLog.Message(0, 0, huge));
        _log.ThenSends(0, 1);
        List<MessageEntry> entries = [];

        Consume(Feed(), entries.Add);

        Assert.Equal(["0@0", "0@1"], _durable);
        Assert.Equal("raw/kafka/0", Encoding.UTF8.GetString(entries[0].Bytes.Span));
        Assert.Equal(
            $"message has {huge.Length} bytes, more than {JournalBatch.MaxRecordBytes}; it is kept as raw/kafka/0 (record_too_large; pos/stock/0 offset 0)",
            entries[0].Refused!.Value.Detail);
        Assert.Null(entries[1].Refused);
    }

    [Fact]
    public void Trouble_is_shown_and_consumption_goes_on()
    {
        _log.ThenAssigns(0);
        _log.Then(() => new LogTrouble("Local_Transport: broker-1 is down"));
        _log.ThenSends(0, 0);

        Consume(Feed());

        Assert.Equal(("Local_Transport: broker-1 is down", 1), (_statuses[^1].LastError, _statuses[^1].Taken));
        Assert.NotNull(_statuses[^1].LastErrorAt);
    }

    private static KafkaFeed Feed() => new() { Name = "pos", BootstrapServers = ["b:1"], Topics = ["stock"], Group = "g" };

    private void Consume(KafkaFeed feed, Action<MessageEntry>? seen = null) => Pump(feed, seen).Consume(_log, _log.Stop);

    private MessagePump Pump(KafkaFeed feed, Action<MessageEntry>? seen = null)
    {
        var target = new PumpTarget(
            _positions,
            messages => AppendAsync(messages, seen),
            positions =>
            {
                foreach (var (partition, offset) in positions)
                {
                    _starts.Add(partition, offset);
                }

                return ValueTask.CompletedTask;
            },
            message => ValueTask.FromResult($"raw/kafka/{message.Origin.Offset}"));
        return new MessagePump(feed, target, TimeProvider.System, _statuses.Add) { Warn = _warnings.Add };
    }

    private async ValueTask<IntakeAnswer> AppendAsync(IReadOnlyList<MessageEntry> messages, Action<MessageEntry>? seen)
    {
        if (_slow is { } slow)
        {
            await slow.Task;
        }

        if (_failure is { } failure)
        {
            throw failure;
        }

        foreach (var message in messages)
        {
            seen?.Invoke(message);
            _positions.Note(++_sequence, message.Origin);
            _durable.Add($"{message.Origin.Partition.Partition}@{message.Origin.Offset}");
        }

        return default;
    }
}

using System.Text;
using RetailFlow.Stock.Journal;
using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Stock.Tests.Journal;

/// <summary>
/// A consumer that loses power at any moment, before a broker that delivers again whatever it likes: the lake and the journal after it have each message once.
/// </summary>
public sealed class MessageCrashTests
{
    private const int Partitions = 3;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Any_part_of_the_journal_that_survives_and_what_is_delivered_again_give_each_message_once(int seed)
    {
        Random random = new(seed);
        MessagePositions positions = new();
        CrashableJournalFiles files = new();
        await using JournalFixture fixture = new();
        fixture.Options = fixture.Options with { SegmentBytes = 3_000, Admission = Note, Files = files };
        List<int>[] topic = [.. Enumerable.Range(0, Partitions).Select(_ => new List<int>())];
        List<string> lake = [];
        Dictionary<MessagePartition, long> registered = [];
        int torn = 0;
        int lost = 0;
        for (int life = 0; life < 40; life++)
        {
            // The next offset is not always one more: brokers leave some out.
            foreach (List<int> partition in topic)
            {
                partition.AddRange(Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(4) == 0 ? 2 : 1));
            }

            if (random.Next(10) == 0)
            {
                // The node's disk is gone: a new journal begins behind what the lake has.
                lost += files.List().Count > 0 ? 1 : 0;
                files = new CrashableJournalFiles();
                fixture.Options = fixture.Options with { Files = files, FirstSequence = lake.Count + 1 };
            }

            StockJournal journal = fixture.Open();
            torn += fixture.Recovery.TornBytes > 0 ? 1 : 0;
            positions = new MessagePositions();
            foreach ((MessagePartition partition, long offset) in registered)
            {
                positions.Load(partition, offset);
            }

            positions.Replay(journal, lake.Count, default);
            MessageCursors cursors = new(positions);
            for (int i = 0; i < Partitions; i++)
            {
                cursors.Assign(Partition(i), 0);
            }

            if (random.Next(3) > 0 && files.List().Count > 0)
            {
                files[files.Sorted()[^1]].FailWriteAfter(random.Next(4), random.Next(400));
            }

            try
            {
                for (int batch = 0; batch < 5; batch++)
                {
                    await AppendAsync(journal, Deliver(topic, cursors, positions, random));
                    if (random.Next(3) == 0)
                    {
                        Register(journal, random);
                    }
                }
            }
            catch (LogPoisonedException)
            {
                // The next life begins with what became durable.
            }

            await fixture.CloseAsync();
            files.Crash(random);
        }

        await DrainAsync();
        for (int i = 0; i < Partitions; i++)
        {
            Assert.Equal(
                Offsets(topic[i]).Select(offset => $"{Partition(i)}@{offset}"),
                lake.Concat(Tail(fixture.Journal)).Where(entry => entry.StartsWith($"{Partition(i)}@", StringComparison.Ordinal)));
        }

        Assert.True(torn > 0 && lost > 0, $"{torn} lives ended in the middle of a write, {lost} with the loss of the disk.");

        object? Note(JournalBatch batch, JournalStamp stamp)
        {
            List<MessageOrigin> origins = (List<MessageOrigin>)batch.Tag!;
            for (int i = 0; i < origins.Count; i++)
            {
                positions.Note(stamp.FirstSequence + i, origins[i]);
            }

            return null;
        }

        void Register(StockJournal journal, Random random)
        {
            IReadOnlyList<JournalRange> ranges = journal.RangesAfter(lake.Count, 1 + random.Next(2_000));
            if (ranges.Count > 0)
            {
                foreach ((MessagePartition partition, long offset) in positions.ChangedUpTo(ranges[^1].LastSequence))
                {
                    registered[partition] = offset;
                }

                lake.AddRange(Entries(journal, ranges));
                positions.Forget(lake.Count);
            }
        }

        async Task DrainAsync()
        {
            StockJournal journal = fixture.Open();
            positions = new MessagePositions();
            foreach ((MessagePartition partition, long offset) in registered)
            {
                positions.Load(partition, offset);
            }

            positions.Replay(journal, lake.Count, default);
            MessageCursors cursors = new(positions);
            List<MessageOrigin> rest = [];
            for (int i = 0; i < Partitions; i++)
            {
                MessagePartition partition = Partition(i);
                cursors.Assign(partition, 0);
                rest.AddRange(Offsets(topic[i]).Select(offset => new MessageOrigin(partition, offset)).Where(origin => cursors.TryTake(origin)));
            }

            await AppendAsync(journal, rest);
        }

        List<string> Tail(StockJournal journal) => [.. Entries(journal, journal.RangesAfter(lake.Count))];
    }

    private static MessagePartition Partition(int number) => new("pos", "stock", number);

    private static IEnumerable<long> Offsets(List<int> steps)
    {
        long offset = -1;
        foreach (int step in steps)
        {
            yield return offset += step;
        }
    }

    /// <summary>Some messages of each partition, from somewhere before what is wanted, some of them twice.</summary>
    private static List<MessageOrigin> Deliver(List<int>[] topic, MessageCursors cursors, MessagePositions positions, Random random)
    {
        List<MessageOrigin> taken = [];
        for (int i = 0; i < Partitions; i++)
        {
            MessagePartition partition = Partition(i);
            if (random.Next(6) == 0)
            {
                cursors.Revoke(partition);
                cursors.Assign(partition, 0);
                Assert.Equal(positions.Next(partition) ?? 0, cursors.Next(partition));
            }

            long from = cursors.Next(partition) - random.Next(4);
            foreach (long offset in Offsets(topic[i]).Where(o => o >= from).Take(random.Next(8)).SelectMany(o => Enumerable.Repeat(o, 1 + random.Next(2))))
            {
                MessageOrigin origin = new(partition, offset);
                if (cursors.TryTake(origin))
                {
                    taken.Add(origin);
                }
            }
        }

        return taken;
    }

    private static async Task AppendAsync(StockJournal journal, List<MessageOrigin> origins)
    {
        JournalBatch batch = new() { Tag = origins };
        foreach (MessageOrigin origin in origins)
        {
            batch.From(origin, null);
            if (origin.Offset % 3 == 0)
            {
                batch.AddMalformed("no record"u8);
            }
            else
            {
                batch.AddObject("{\"some\":\"record\"}"u8);
            }
        }

        await journal.AppendAsync(batch);
    }

    private static IEnumerable<string> Entries(StockJournal journal, IEnumerable<JournalRange> ranges)
    {
        List<string> entries = [];
        foreach (JournalRange range in ranges)
        {
            using JournalReader reader = journal.Read(range);
            while (reader.MoveNext())
            {
                entries.Add(Encoding.UTF8.GetString(reader.Current.From));
            }
        }

        return entries;
    }
}

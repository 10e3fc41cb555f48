using RetailFlow.Stock.Journal;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Stock.Tests.Journal;

public sealed class JournalRecoveryTests : IAsyncDisposable
{
    private readonly JournalFixture fixture = new();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Fact]
    public async Task Acknowledged_records_survive_power_loss_at_any_moment_once_and_without_gaps()
    {
        Random random = new(20261122);
        fixture.Options = fixture.Options with { SegmentBytes = 8_000 };
        SortedDictionary<long, string> acknowledged = [];
        int number = 0;
        for (int life = 0; life < 100; life++)
        {
            StockJournal journal = fixture.Open();
            foreach ((long sequence, string record) in CheckAcknowledged(acknowledged))
            {
                // What survives without having been acknowledged is from now on there for good.
                acknowledged[sequence] = record;
            }

            Arm(random);
            int first = number;
            number += random.Next(30);
            Task<(JournalReceipt Receipt, string[] Records)?>[] appends = [.. Enumerable.Range(first, number - first).Select(async n =>
            {
                string[] records = [.. Enumerable.Range(0, 1 + (n % 3)).Select(part => $$"""{"n":{{n}},"part":{{part}}}""")];
                try
                {
                    return ((JournalReceipt, string[])?)(await journal.AppendAsync(JournalFixture.Batch(records)), records);
                }
                catch (LogPoisonedException)
                {
                    return null;
                }
            })];
            foreach ((JournalReceipt receipt, string[] records) in (await Task.WhenAll(appends)).OfType<(JournalReceipt, string[])>())
            {
                for (int i = 0; i < records.Length; i++)
                {
                    acknowledged.Add(receipt.FirstSequence + i, records[i]);
                }
            }

            if (random.Next(10) == 0)
            {
                fixture.Clock.Now = fixture.Clock.Now.AddDays(1);
            }

            await fixture.CloseAsync();
            fixture.Files.Created = null;
            fixture.Files.Crash(random);
        }

        fixture.Open();
        CheckAcknowledged(acknowledged);
        Assert.True(acknowledged.Count > 1_000);
    }

    [Fact]
    public async Task A_segment_cut_anywhere_in_its_unfinished_end_keeps_every_whole_record()
    {
        fixture.Open();
        for (int i = 1; i <= 4; i++)
        {
            await fixture.Journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(i)));
        }

        await fixture.CloseAsync();
        string path = JournalFixture.Segment("2026-11-22", 1);
        byte[] whole = fixture.Files[path].ToArray();
        for (int length = 0; length <= whole.Length; length++)
        {
            int kept = whole.AsSpan(0, length).Count((byte)'\n');
            fixture.Files.Place(path, whole.AsSpan(0, length));
            fixture.Open();
            Assert.Equal(kept, fixture.Recovery.LastSequence);
            Assert.Equal(length - (kept * whole.Length / 4), fixture.Recovery.TornBytes);
            Assert.Equal(kept + 1, (await fixture.Journal.AppendAsync(JournalFixture.Batch("{}"))).FirstSequence);
            Assert.Equal(kept + 1, fixture.ReadAll().Count);
            await fixture.CloseAsync();
        }
    }

    [Fact]
    public async Task A_segment_that_was_begun_and_never_written_is_removed()
    {
        await WriteThreeSegments();
        fixture.Files.Place(JournalFixture.Segment("2026-11-23", 4), []);
        fixture.Files.Place(JournalFixture.Segment("2026-11-24", 4), []);
        fixture.Open();
        Assert.Equal(new JournalRecovery(3, 3, 0), fixture.Recovery);
        Assert.Equal(3, fixture.Files.List().Count);
        await fixture.Journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(4)));
        Assert.Equal(JournalFixture.Segment("2026-11-22", 4), fixture.Files.Sorted()[^1]);
    }

    [Fact]
    public async Task An_unfinished_end_before_a_later_segment_is_damage()
    {
        await WriteThreeSegments();
        string path = JournalFixture.Segment("2026-11-22", 3);
        fixture.Files.Place(path, fixture.Files[path].ToArray().AsSpan(0, 50));
        fixture.Files.Place(JournalFixture.Segment("2026-11-22", 4), []);
        Assert.Throws<LogCorruptException>(() => fixture.Open());
    }

    [Fact]
    public async Task A_changed_byte_before_the_end_stops_the_opening()
    {
        fixture.Open();
        for (int i = 1; i <= 3; i++)
        {
            await fixture.Journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(i)));
        }

        await fixture.CloseAsync();
        fixture.Files[JournalFixture.Segment("2026-11-22", 1)].Flip(70, 1);
        LogCorruptException exception = Assert.Throws<LogCorruptException>(() => fixture.Open());
        Assert.Equal(0, exception.Offset);
    }

    [Fact]
    public async Task A_missing_segment_stops_the_opening_and_names_the_gap()
    {
        await WriteThreeSegments();
        fixture.Files.Delete(JournalFixture.Segment("2026-11-22", 2));
        JournalCorruptException exception = Assert.Throws<JournalCorruptException>(() => fixture.Open());
        Assert.Contains("ends with sequence 1, but the next segment begins with 3", exception.Message, StringComparison.Ordinal);

        fixture.Files.Delete(JournalFixture.Segment("2026-11-22", 1));
        exception = Assert.Throws<JournalCorruptException>(() => fixture.Open());
        Assert.Contains("records before sequence 3 are missing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_that_goes_on_behind_another_begins_with_its_first_sequence_whenever_it_is_opened()
    {
        await using JournalFixture later = new();
        later.Options = later.Options with { FirstSequence = 41 };
        later.Open();
        Assert.Equal(40, later.Recovery.LastSequence);
        JournalReceipt receipt = await later.Journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(1), JournalFixture.Record(2)));
        Assert.Equal((41, 42), (receipt.FirstSequence, receipt.LastSequence));
        await later.ReopenAsync();
        Assert.Equal(42, later.Recovery.LastSequence);
        Assert.Equal([41L, 42L], later.ReadAll(40).Select(record => record.Sequence));
        await later.CloseAsync();
        later.Options = later.Options with { FirstSequence = 1 };
        Assert.Contains("records before sequence 41 are missing", Assert.Throws<JournalCorruptException>(() => later.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_foreign_segment_stops_the_opening()
    {
        await WriteThreeSegments();
        byte[] third = fixture.Files[JournalFixture.Segment("2026-11-22", 3)].ToArray();
        fixture.Files.Place(JournalFixture.Segment("2026-11-22", 4), third);
        Assert.Contains("sequence 4 is missing", Assert.Throws<JournalCorruptException>(() => fixture.Open()).Message, StringComparison.Ordinal);
        fixture.Files.Delete(JournalFixture.Segment("2026-11-22", 4));
        fixture.Files.Place(JournalFixture.Segment("2026-11-23", 3, "other"), third);
        Assert.Contains("overlaps", Assert.Throws<JournalCorruptException>(() => fixture.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_not_segments_are_left_alone()
    {
        await WriteThreeSegments();
        fixture.Files.Place("raw/inventory/ingestion_date=2026-11-22/source=http/journal-copy.ndjson", "x"u8);
        fixture.Open();
        Assert.Equal(new JournalRecovery(3, 3, 0), fixture.Recovery);
    }

    [Fact]
    public async Task A_killed_process_leaves_a_lake_that_opens_on_the_local_disk()
    {
        await using JournalFixture onDisk = new(onDisk: true);
        onDisk.Options = onDisk.Options with { SegmentBytes = 200 };
        onDisk.Open();
        for (int i = 1; i <= 7; i++)
        {
            await onDisk.Journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(i)));
        }

        await onDisk.CloseAsync();
        string last = Directory.GetFiles(Path.Join(onDisk.LakeRoot, "raw"), "*.ndjson", SearchOption.AllDirectories).Max(StringComparer.Ordinal)!;
        await File.AppendAllTextAsync(last, "{\"crc32c\":\"0000");
        onDisk.Open();
        Assert.Equal((7, 15), (onDisk.Recovery.LastSequence, onDisk.Recovery.TornBytes));
        await onDisk.Journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(8)));
        Assert.Equal(Enumerable.Range(1, 8).Select(n => ((long)n, JournalFixture.Record(n))), onDisk.ReadAll());
    }

    private async Task WriteThreeSegments()
    {
        fixture.Options = fixture.Options with { SegmentBytes = 1 };
        fixture.Open();
        for (int i = 1; i <= 3; i++)
        {
            await fixture.Journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(i)));
        }

        await fixture.CloseAsync();
    }

    /// <summary>Makes some later write or sync fail, of the segment that is written or of one begun later.</summary>
    private void Arm(Random random)
    {
        int calls = random.Next(8);
        int bytes = random.Next(400);
        bool sync = random.Next(2) == 0;
        fixture.Files.Created = Fail;
        if (fixture.Files.Sorted() is { Count: > 0 } segments)
        {
            Fail(fixture.Files[segments[^1]]);
        }

        void Fail(CrashableLogFile file)
        {
            if (sync)
            {
                file.FailSyncAfter(calls);
            }
            else
            {
                file.FailWriteAfter(calls, bytes);
            }
        }
    }

    private List<(long Sequence, string Record)> CheckAcknowledged(SortedDictionary<long, string> acknowledged)
    {
        List<(long Sequence, string Record)> stored = fixture.ReadAll();
        Assert.Equal(Enumerable.Range(1, stored.Count).Select(n => (long)n), stored.Select(record => record.Sequence));
        Assert.Equal(acknowledged.Select(pair => (pair.Key, pair.Value)), stored.Take(acknowledged.Count));
        return stored;
    }
}

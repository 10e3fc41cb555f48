using System.Globalization;
using System.Text;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;
using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Stock.Tests.Journal;

public sealed class StockJournalTests : IAsyncDisposable
{
    private readonly JournalFixture fixture = new();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Fact]
    public async Task A_segment_holds_what_came_as_json_lines()
    {
        StockJournal journal = fixture.Open();
        JournalBatch batch = new("till \"7\"");
        batch.Add("{\"event_id\":\r\n \"e\\n1\"}\n"u8);
        batch.Add("{\"event_id\":"u8);
        JournalReceipt receipt = await journal.AppendAsync(batch);
        await journal.AppendAsync(JournalFixture.Batch(" {} "));

        Assert.Equal((1, 2, fixture.Clock.Now), (receipt.FirstSequence, receipt.LastSequence, receipt.ReceivedAt));
        string content = Encoding.UTF8.GetString(fixture.Files[JournalFixture.Segment("2026-11-22", 1)].ToArray());
        Assert.Equal(
            [
                """,{ "seq":1,"at":"2026-11-22T08:00:00.123456Z","source":"till \"7\"","record":{"event_id":   "e\n1"}}""",
                """,{"seq":2,"at":"2026-11-22T08:00:00.123456Z","source":"till \"7\"","malformed":"eyJldmVudF9pZCI6"}""",
                """,{ "seq":3,"at":"2026-11-22T08:00:00.123456Z","record":{}}""",
            ],
            content.TrimEnd('\n').Split('\n').Select(line => ",{" + line[21..]));
        Assert.All(content.TrimEnd('\n').Split('\n'), line => Assert.Matches("^\\{\"crc32c\":\"[0-9a-f]{8}\", ?\"seq\":", line));
        Assert.All(content.TrimEnd('\n').Split('\n'), line => System.Text.Json.JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public async Task Envelopes_are_read_back_with_their_parts()
    {
        StockJournal journal = fixture.Open();
        JournalBatch batch = new("Käse\t\"1\"") { ReceivedAtMicros = 1_795_305_600_000_001 };
        batch.Add("{\"a\":1}"u8);
        batch.Add([0xFF, 0x00, (byte)'\n']);
        JournalReceipt receipt = await journal.AppendAsync(batch);
        Assert.Equal("2026-11-22T00:00:00.0000010", receipt.ReceivedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", null));

        using JournalReader reader = journal.Read(Assert.Single(journal.RangesAfter(0)));
        Assert.True(reader.MoveNext());
        Assert.Equal(1, reader.Current.Sequence);
        Assert.Equal(1_795_305_600_000_001, reader.Current.ReceivedAtMicros);
        Assert.Equal("Käse\t\"1\"", Encoding.UTF8.GetString(reader.Current.Source));
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString(reader.Current.Record));
        Assert.False(reader.Current.IsMalformed);
        Assert.True(reader.MoveNext());
        Assert.True(reader.Current.IsMalformed && reader.Current.Record.IsEmpty);
        Assert.Equal([0xFF, 0x00, (byte)'\n'], reader.Current.Malformed());
        Assert.False(reader.MoveNext());

        byte[] line = fixture.Files[JournalFixture.Segment("2026-11-22", 1)].ToArray();
        JournalEnvelopeReader whole = new(line.AsSpan(0, line.AsSpan().IndexOf((byte)'\n') + 1));
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString(whole.Record));
    }

    [Fact]
    public async Task What_a_door_refused_is_read_back_with_the_verdict_and_its_bytes()
    {
        StockJournal journal = fixture.Open();
        JournalBatch batch = new("till");
        batch.AddRefused("{\"a\":1}"u8, new RecordViolation("reserved_source", "source", "source 'x\"y' is the \\ node's own\n"));
        await journal.AppendAsync(batch);

        string line = Encoding.UTF8.GetString(fixture.Files[JournalFixture.Segment("2026-11-22", 1)].ToArray());
        System.Text.Json.JsonDocument.Parse(line).Dispose();
        using JournalReader reader = journal.Read(Assert.Single(journal.RangesAfter(0)));
        Assert.True(reader.MoveNext());
        Assert.Equal(new RecordViolation("reserved_source", "source", "source 'x\"y' is the \\ node's own\n"), reader.Current.Refused);
        Assert.True(reader.Current.IsMalformed);
        Assert.Equal("till", Encoding.UTF8.GetString(reader.Current.Source));
        Assert.Equal("{\"a\":1}"u8.ToArray(), reader.Current.Malformed());
    }

    [Theory]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00.123456Z\",\"refused\":{\"rule\":\"r\",\"field\":\"\",\"detail\":\"\"},\"record\":{}}")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00.123456Z\",\"refused\":{\"field\":\"\"},\"malformed\":\"\"}")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"crc32c\":\"00000000\"}")]
    [InlineData("{\"seq\":0,\"at\":\"2026-11-22T08:00:00.123456Z\",\"record\":{}}")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00Z\",\"record\":{}}")]
    [InlineData("{\"seq\":1,\"at\":\"2026-13-22T08:00:00.123456Z\",\"record\":{}}")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00.123456Z\",\"record\":1}")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00.123456Z\",\"record\":{}")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00.123456Z\"}")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00.123456Z\",\"source\":\"a\\")]
    [InlineData("{\"seq\":1,\"at\":\"2026-11-22T08:00:00.123456Z\",\"malformed\":")]
    public void A_line_that_is_no_envelope_is_refused(string line) =>
        Assert.Throws<InvalidDataException>(() => new JournalEnvelopeReader(Encoding.UTF8.GetBytes(line)).Sequence);

    [Fact]
    public async Task The_sequence_goes_on_after_a_restart()
    {
        StockJournal journal = fixture.Open();
        Assert.Equal(new JournalRecovery(0, 0, 0), fixture.Recovery);
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":1}", "{\"n\":2}"));
        journal = await fixture.ReopenAsync();
        Assert.Equal(new JournalRecovery(2, 1, 0), fixture.Recovery);
        Assert.Equal(2, journal.LastDurableSequence);
        JournalReceipt receipt = await journal.AppendAsync(JournalFixture.Batch("{\"n\":3}"));
        Assert.Equal(3, receipt.FirstSequence);
        Assert.Equal([(1, "{\"n\":1}"), (2, "{\"n\":2}"), (3, "{\"n\":3}")], fixture.ReadAll());
        Assert.Single(fixture.Files.List());
    }

    [Fact]
    public async Task An_empty_batch_takes_no_sequence()
    {
        StockJournal journal = fixture.Open();
        JournalReceipt receipt = await journal.AppendAsync(new JournalBatch());
        Assert.Equal((1, 0), (receipt.FirstSequence, receipt.LastSequence));
        Assert.Empty(fixture.Files.List());
        Assert.Equal(1, (await journal.AppendAsync(JournalFixture.Batch("{}"))).LastSequence);
    }

    [Fact]
    public async Task Segments_are_begun_by_size_and_by_day()
    {
        fixture.Options = fixture.Options with { SegmentBytes = 150 };
        StockJournal journal = fixture.Open();
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":1}"));
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":2}"));
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":3}", "{\"n\":4}"));
        fixture.Clock.Now = fixture.Clock.Now.AddDays(1);
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":5}"));
        journal = await fixture.ReopenAsync();
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":6}"));
        fixture.Clock.Now = fixture.Clock.Now.AddDays(1);
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":7}"));
        Assert.Equal(
            [
                JournalFixture.Segment("2026-11-22", 1),
                JournalFixture.Segment("2026-11-22", 3),
                JournalFixture.Segment("2026-11-23", 5),
                JournalFixture.Segment("2026-11-24", 7),
            ],
            fixture.Files.Sorted());
        Assert.Equal(Enumerable.Range(1, 7).Select(n => ((long)n, $"{{\"n\":{n}}}")), fixture.ReadAll());
        Assert.Equal((4, 7), (journal.RangesAfter(0).Count, journal.RangesAfter(0)[^1].LastSequence));
    }

    [Fact]
    public async Task A_day_of_few_records_has_a_segment_of_its_own()
    {
        StockJournal journal = fixture.Open();
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":1}"));
        fixture.Clock.Now = DateTimeOffset.Parse("2026-11-23T00:59:59+01:00", CultureInfo.InvariantCulture);
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":2}"));
        fixture.Clock.Now = fixture.Clock.Now.AddSeconds(1);
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":3}"));
        fixture.Clock.Now = fixture.Clock.Now.AddHours(-1);
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":4}"));
        Assert.Equal(
            [JournalFixture.Segment("2026-11-22", 1), JournalFixture.Segment("2026-11-23", 3), JournalFixture.Segment("2026-11-22", 4)],
            fixture.Files.Sorted());
        await fixture.ReopenAsync();
        List<string> times = [];
        foreach (JournalRange range in fixture.Journal.RangesAfter(0))
        {
            using JournalReader reader = fixture.Journal.Read(range);
            while (reader.MoveNext())
            {
                times.Add($"{reader.Current.Sequence} {RecordTime.Format(reader.Current.ReceivedAtMicros)}");
            }
        }

        Assert.Equal(
            [
                "1 2026-11-22T08:00:00.123456Z", "2 2026-11-22T23:59:59.000000Z", "3 2026-11-23T00:00:00.000000Z",
                "4 2026-11-22T23:00:00.000000Z",
            ],
            times);
    }

    [Fact]
    public async Task A_portion_ends_with_the_last_record_that_fits()
    {
        StockJournal journal = fixture.Open();
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":1}", "{\"n\":2}", "{\"n\":3}"));
        long one = Assert.Single(journal.RangesAfter(0)).ToOffset / 3;

        // The first of a group is a byte longer.
        Assert.Equal(1, Assert.Single(journal.RangesAfter(0, 2 * one)).LastSequence);
        Assert.Equal(2, Assert.Single(journal.RangesAfter(0, (2 * one) + 1)).LastSequence);
        Assert.Equal(3, Assert.Single(journal.RangesAfter(1, 2 * one)).LastSequence);
        Assert.Equal(1, Assert.Single(journal.RangesAfter(0, 0)).LastSequence);
    }

    [Fact]
    public async Task Ranges_cover_every_record_once_from_anywhere_in_any_portions()
    {
        fixture.Options = fixture.Options with { SegmentBytes = 150_000 };
        StockJournal journal = fixture.Open();
        Random random = new(5);
        List<(long, string)> written = [];
        for (int i = 0; i < 100; i++)
        {
            string[] records = [.. Enumerable.Range(0, random.Next(1, 20)).Select(n => $"{{\"n\":\"{new string('x', random.Next(1000))}\"}}")];
            JournalReceipt receipt = await journal.AppendAsync(JournalFixture.Batch(records));
            written.AddRange(records.Select((record, n) => (receipt.FirstSequence + n, record)));
        }

        Check();
        journal = await fixture.ReopenAsync();
        Check();

        void Check()
        {
            Assert.True(journal.RangesAfter(0).Count > 3);
            Assert.Equal(written, fixture.ReadAll());
            Assert.Empty(journal.RangesAfter(written.Count));
            foreach (int after in (int[])[1, 7, 500, written.Count - 1])
            {
                Assert.Equal(written.Skip(after), fixture.ReadAll(after));
            }

            foreach (long portion in (long[])[20_000, 100_000, 1_000_000])
            {
                List<(long, string)> read = [];
                while (journal.RangesAfter(read.Count, portion) is { Count: > 0 } ranges)
                {
                    Assert.True(ranges.Sum(range => range.ToOffset - range.FromOffset) <= portion);
                    read.AddRange(fixture.Read(ranges));
                }

                Assert.Equal(written, read);
            }

            for (int after = 0; after < written.Count; after++)
            {
                JournalRange one = Assert.Single(journal.RangesAfter(after, 1));
                Assert.Equal((after + 1, after + 1), (one.FirstSequence, one.LastSequence));
                using JournalReader reader = journal.Read(one);
                Assert.True(reader.MoveNext() && !reader.MoveNext());
            }
        }
    }

    [Fact]
    public async Task Batches_that_wait_for_one_sync_share_the_next()
    {
        using ManualResetEventSlim syncing = new();
        using ManualResetEventSlim goOn = new();
        fixture.Files.Created = file => file.Syncing = () =>
        {
            syncing.Set();
            goOn.Wait();
        };
        StockJournal journal = fixture.Open();
        Task<JournalReceipt> first = journal.AppendAsync(JournalFixture.Batch("{}")).AsTask();
        syncing.Wait();
        Task<JournalReceipt>[] waiting = [.. Enumerable.Range(0, 63).Select(_ => journal.AppendAsync(JournalFixture.Batch("{}", "{}")).AsTask())];
        Assert.Equal(0, journal.LastDurableSequence);
        Assert.False(first.IsCompleted);
        goOn.Set();
        JournalReceipt[] receipts = await Task.WhenAll(waiting);
        Assert.Equal(2, fixture.Files.Syncs);
        Assert.Equal(Enumerable.Range(0, 63).Select(n => 2L + (2 * n)), receipts.Select(receipt => receipt.FirstSequence));
        Assert.Equal(127, journal.LastDurableSequence);
    }

    [Fact]
    public async Task Sixty_four_callers_get_disjoint_sequences_that_stand_on_disk()
    {
        await using JournalFixture onDisk = new(onDisk: true);
        onDisk.Options = onDisk.Options with { SegmentBytes = 20_000, TimeProvider = TimeProvider.System, Door = "edge-1" };
        StockJournal journal = onDisk.Open();
        List<(long, string)>[] acknowledged = await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            List<(long, string)> mine = [];
            for (int i = 0; i < 10; i++)
            {
                string[] records = [.. Enumerable.Range(0, (caller + i) % 3).Select(n => $"{{\"caller\":{caller},\"i\":{i},\"n\":{n}}}")];
                JournalReceipt receipt = await journal.AppendAsync(JournalFixture.Batch(records));
                mine.AddRange(records.Select((record, n) => (receipt.FirstSequence + n, record)));
            }

            return mine;
        })));
        List<(long Sequence, string Record)> all = [.. acknowledged.SelectMany(records => records).OrderBy(record => record.Item1)];
        Assert.Equal(all, onDisk.ReadAll());
        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(record => record.Sequence));
        await onDisk.ReopenAsync();
        Assert.Equal(all, onDisk.ReadAll());
        JournalRange range = onDisk.Journal.RangesAfter(0)[0];
        Assert.Matches("^raw/inventory/ingestion_date=[0-9-]{10}/source=edge-1/journal-00000000000000000001.ndjson$", range.Path);
        using JournalReader reader = JournalReader.Open(onDisk.LakeRoot, range);
        Assert.True(reader.MoveNext());
    }

    [Fact]
    public async Task A_lake_has_one_writer_at_a_time()
    {
        fixture.Open();
        LakeInUseException exception = Assert.Throws<LakeInUseException>(() => StockJournal.Open(fixture.LakeRoot, fixture.Options, out _));
        Assert.Contains("in use by another process", exception.Message, StringComparison.Ordinal);
        await fixture.ReopenAsync();
    }

    [Fact]
    public async Task Admission_sees_every_batch_in_sequence_order_before_it_is_acknowledged()
    {
        List<(object?, long, long)> seen = [];
        fixture.Options = fixture.Options with
        {
            Admission = (batch, stamp) =>
            {
                if ((string?)batch.Tag == "refuse")
                {
                    throw new InvalidOperationException("refused");
                }

                seen.Add((batch.Tag, stamp.FirstSequence, stamp.ReceivedAtMicros));
                return $"admitted {batch.Tag}";
            },
        };
        StockJournal journal = fixture.Open();
        JournalBatch first = JournalFixture.Batch("{}", "{}");
        first.Tag = "a";
        JournalBatch refused = JournalFixture.Batch("{}");
        refused.Tag = "refuse";
        JournalBatch last = JournalFixture.Batch("{}");
        last.Tag = "b";
        Assert.Equal("admitted a", (await journal.AppendAsync(first)).Admission);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await journal.AppendAsync(refused));
        Assert.Equal(3, (await journal.AppendAsync(last)).FirstSequence);
        long micros = RecordTime.ToMicros(fixture.Clock.Now);
        Assert.Equal([("a", 1, micros), ("b", 3, micros)], seen);
        Assert.Equal([1, 2, 3], fixture.ReadAll().Select(record => record.Sequence));
    }

    [Fact]
    public async Task A_failed_sync_ends_the_journal_and_acknowledges_nothing()
    {
        StockJournal journal = fixture.Open();
        await journal.AppendAsync(JournalFixture.Batch("{\"n\":1}"));
        fixture.Files[JournalFixture.Segment("2026-11-22", 1)].FailSyncAfter(0);
        await Assert.ThrowsAsync<LogPoisonedException>(async () => await journal.AppendAsync(JournalFixture.Batch("{\"n\":2}")));
        await Assert.ThrowsAsync<LogPoisonedException>(async () => await journal.AppendAsync(JournalFixture.Batch("{\"n\":3}")));
        Assert.NotNull(journal.Failure);
        Assert.Equal(1, journal.LastDurableSequence);
        await fixture.CloseAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => await journal.AppendAsync(JournalFixture.Batch("{}")));
    }

    [Fact]
    public void A_record_that_no_envelope_can_hold_is_refused_before_it_is_taken()
    {
        JournalBatch batch = new();
        Assert.Throws<ArgumentException>(() => batch.Add(new byte[JournalBatch.MaxRecordBytes + 1]));
        Assert.Throws<ArgumentException>(() => batch.AddObject("[]"u8));
        Assert.Equal(0, batch.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("..")]
    public void A_door_is_a_folder_name(string door) =>
        Assert.Throws<ArgumentException>(() => StockJournal.Open(fixture.LakeRoot, fixture.Options with { Door = door }, out _));
}

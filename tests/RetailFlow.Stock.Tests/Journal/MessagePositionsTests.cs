using System.Text;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Journal;

public sealed class MessagePositionsTests : IAsyncDisposable
{
    private static readonly MessagePartition s_first = new("pos", "stock.events", 0);
    private static readonly MessagePartition s_second = new("pos", "stock.events", 12);
    private readonly JournalFixture fixture = new();
    private readonly MessagePositions positions = new();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Fact]
    public async Task Every_kind_of_entry_carries_its_message_and_the_next_one_does_not()
    {
        StockJournal journal = fixture.Open();
        JournalBatch batch = new("erp");
        batch.From(new MessageOrigin(s_first, 0), "till \"1\"");
        batch.AddObject("{\"a\":1}"u8);
        batch.From(new MessageOrigin(s_second, long.MaxValue), null);
        batch.AddMalformed("{"u8);
        batch.From(new MessageOrigin(s_first, 7), null);
        batch.AddRefused([], new RecordViolation("tombstone", "", "no value"));
        batch.AddObject("{}"u8);
        await journal.AppendAsync(batch);

        List<string> read = [];
        using JournalReader reader = journal.Read(Assert.Single(journal.RangesAfter(0)));
        while (reader.MoveNext())
        {
            JournalEnvelopeReader entry = reader.Current;
            MessageOrigin? origin = entry.From.IsEmpty ? null : MessageOrigin.Parse(entry.From);
            read.Add($"{entry.Kind} {Encoding.UTF8.GetString(entry.Source)} {origin?.Partition}@{origin?.Offset}");
        }

        Assert.Equal(
            ["Record till \"1\" pos/stock.events/0@0", "Malformed erp pos/stock.events/12@9223372036854775807", "Malformed erp pos/stock.events/0@7", "Record erp @"],
            read);
        foreach (string line in Encoding.UTF8.GetString(fixture.Files[JournalFixture.Segment("2026-11-22", 1)].ToArray()).TrimEnd('\n').Split('\n'))
        {
            System.Text.Json.JsonDocument.Parse(line).Dispose();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("pos/t/0")]
    [InlineData("pos/t@1")]
    [InlineData("pos/t/-1@1")]
    [InlineData("pos/t/0@-1")]
    [InlineData("pos//0@1")]
    [InlineData("pos/t/0/0@1")]
    public void A_place_that_is_none_is_refused(string text) =>
        Assert.Throws<InvalidDataException>(() => MessageOrigin.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Positions_are_known_as_of_every_sequence_that_is_not_registered()
    {
        Note(1, s_first, 10, 3);
        Note(4, s_second, 0, 1);
        Note(6, s_first, 13, 2);
        Note(8, s_first, 20, 2);

        Assert.Equal("", UpTo(0));
        Assert.Equal("0:12", UpTo(2));
        Assert.Equal("0:13", UpTo(3));
        Assert.Equal("0:13 12:1", UpTo(5));
        Assert.Equal("0:14 12:1", UpTo(6));
        Assert.Equal("0:15 12:1", UpTo(7));
        Assert.Equal("0:22 12:1", UpTo(100));
        positions.Forget(6);
        Assert.Equal("0:15", UpTo(7));
        Assert.Equal("0:22", UpTo(9));
        positions.Forget(9);
        Assert.Equal("", UpTo(100));
        Assert.Equal((22, 1), (positions.Next(s_first), positions.Next(s_second)));
        Assert.Null(positions.Next(new MessagePartition("pos", "stock.events", 1)));
    }

    [Fact]
    public void A_position_that_the_lake_has_is_followed_by_what_the_journal_has_also_backwards()
    {
        positions.Load(s_first, 1_000);
        Assert.Equal(1_000, positions.Next(s_first));
        Note(5, s_first, 3, 1);
        Assert.Equal(4, positions.Next(s_first));
        Assert.Equal("0:4", UpTo(5));
    }

    [Fact]
    public void A_message_is_taken_once_in_its_order_and_only_of_an_owned_partition()
    {
        MessageCursors cursors = new(positions);
        positions.Load(s_first, 5);
        Assert.Equal(5, cursors.Assign(s_first, 0));
        Assert.Equal(2, cursors.Assign(s_second, 2));

        Assert.Equal(
            [false, true, false, true, false],
            new long[] { 4, 5, 5, 9, 8 }.Select(offset => cursors.TryTake(new MessageOrigin(s_first, offset))));
        cursors.Revoke(s_first);
        Assert.False(cursors.TryTake(new MessageOrigin(s_first, 10)));
        Assert.Equal(4, cursors.PassedOver);
        Assert.Equal(5, cursors.Assign(s_first, 0));
        cursors.Jump(s_first, 2);
        Assert.True(cursors.TryTake(new MessageOrigin(s_first, 2)));
        Assert.Equal(3, cursors.Next(s_first));
    }

    private void Note(long sequence, MessagePartition partition, long offset, int count)
    {
        for (int i = 0; i < count; i++)
        {
            positions.Note(sequence + i, new MessageOrigin(partition, offset + i));
        }
    }

    private string UpTo(long sequence) =>
        string.Join(' ', positions.ChangedUpTo(sequence).OrderBy(p => p.Key.Partition).Select(p => $"{p.Key.Partition}:{p.Value}"));
}

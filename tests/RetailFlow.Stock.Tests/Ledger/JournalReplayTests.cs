using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Stock.Tests.Journal;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>A ledger that is brought to the journal's end is the one that wrote the journal.</summary>
public sealed class JournalReplayTests : IAsyncDisposable
{
    private readonly JournalFixture fixture = new();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Fact]
    public async Task A_replay_gives_the_ledger_that_wrote_the_journal_from_the_start_or_from_the_middle()
    {
        StockLedger ledger = NewLedger();
        fixture.Options = fixture.Options with { Follower = new LedgerFollower(ledger) };
        StockJournal journal = fixture.Open();
        Random random = new(3);
        for (int i = 0; i < 3_000; i++)
        {
            string id = $"r{random.Next(1_500)}";
            ReservationCommand command = random.Next(3) switch
            {
                0 => new ConfirmCommand($"k{i}", 0, id),
                1 => new ReleaseCommand($"k{i}", 0, id),
                _ => new HoldCommand($"k{i}", 0, $"r{i}") { Lines = [new RequestedLine($"SKU-{random.Next(5)}", "L", Quantity.Of(1))], TtlMicros = 60_000_000 },
            };
            await journal.AppendAsync(new JournalBatch { Tag = command });
        }

        await journal.AppendAsync(JournalFixture.Batch("{}", "no JSON"));
        string expected = Describe(ledger);
        await fixture.ReopenAsync();

        StockLedger whole = NewLedger();
        long entries = await new JournalReplay(whole, new LedgerFollower(whole)).RunAsync(fixture.Journal, 0, TestContext.Current.CancellationToken);
        whole.Publish();

        Assert.Equal(ledger.Sequence, entries);
        Assert.Equal(expected, Describe(whole));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => new JournalReplay(NewLedger(), new LedgerFollower(NewLedger())).RunAsync(fixture.Journal, 7, TestContext.Current.CancellationToken));
        Assert.Equal(0, await new JournalReplay(whole, new LedgerFollower(whole)).RunAsync(fixture.Journal, whole.Sequence, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_or_judged_ends_the_replay_with_what_is_wrong()
    {
        fixture.Options = fixture.Options with { Follower = new Nonsense() };
        StockJournal journal = fixture.Open();
        await journal.AppendAsync(JournalFixture.Batch(JournalFixture.Record(1)));
        fixture.Options = fixture.Options with { Follower = null };
        await fixture.ReopenAsync();
        StockLedger ledger = NewLedger();

        await Assert.ThrowsAsync<InvalidDataException>(
            () => new JournalReplay(ledger, new LedgerFollower(ledger)).RunAsync(fixture.Journal, 0, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<NotSupportedException>(
            () => new JournalReplay(ledger, new LedgerFollower(ledger), (in _) => throw new NotSupportedException()).RunAsync(fixture.Journal, 0, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_replay_that_is_called_off_ends()
    {
        await fixture.Open().AppendAsync(JournalFixture.Batch(JournalFixture.Record(1)));
        StockLedger ledger = NewLedger();
        using CancellationTokenSource called = new();
        await called.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new JournalReplay(ledger, new LedgerFollower(ledger)).RunAsync(fixture.Journal, 0, called.Token));
    }

    private static StockLedger NewLedger()
    {
        StockLedger ledger = new(new UniformPolicy(StockTerms.Plain));
        for (int i = 0; i < 5; i++)
        {
            ledger.Load($"SKU-{i}", "L", new OnHandState(Quantity.Of(200), OnHandState.None, OnHandState.None, null), 0);
        }

        return ledger;
    }

    private static string Describe(StockLedger ledger) =>
        string.Join('\n', ledger.All().OrderBy(r => r.Sku, StringComparer.Ordinal).Select(r => $"{r.Sku} {r.Level.OnHand} {r.Level.Held} {r.Level.Committed} {r.Level.Sequence}"))
        + string.Join('\n', Enumerable.Range(0, 3_000).Select(i => ledger.Find($"r{i}")).OfType<Reservation>().Select(r => $"{r.Id} {r.State} {r.ExpiresMicros} {r.Lines[0]}"))
        + $" {ledger.Sequence} {ledger.ReservationCount}";

    private sealed class Nonsense : IJournalFollower
    {
        public void Before(JournalScribe scribe)
        {
        }

        public object? Take(JournalBatch batch, JournalStamp stamp, JournalScribe scribe)
        {
            scribe.Reservation("{\"command\":1}"u8);
            return null;
        }

        public void Durable(long sequence)
        {
        }
    }
}

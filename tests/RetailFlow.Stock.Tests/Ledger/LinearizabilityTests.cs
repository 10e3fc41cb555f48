using System.Collections.Concurrent;
using System.Diagnostics;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Stock.Tests.Journal;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>
/// Callers on threads of their own hold, release and read one SKU. Their answers must be those of some order of the calls in which no
/// call comes before one that had ended when it began (Herlihy and Wing, "Linearizability", 1990).
/// </summary>
public sealed class LinearizabilityTests
{
    private const int Stock = 3;

    [Fact]
    public async Task Holds_releases_and_reads_of_one_sku_have_an_order_that_explains_every_answer()
    {
        int refused = 0;
        int overlapping = 0;
        for (int seed = 1; seed <= 25; seed++)
        {
            List<Call> calls = await HistoryAsync(seed);
            Assert.True(Explain(calls), $"seed {seed}: no order explains\n{string.Join('\n', calls.OrderBy(c => c.Began))}");
            refused += calls.Count(c => c is { Kind: 'h', Answer: 0 });
            overlapping += calls.Count(c => calls.Any(o => o != c && o.Began < c.Ended && c.Began < o.Ended));
        }

        Assert.True(refused > 0 && overlapping > 0, $"{refused} refused, {overlapping} at the same time as another");
    }

    [Fact]
    public void A_history_with_one_grant_too_many_has_no_such_order()
    {
        List<Call> calls = [.. Enumerable.Range(0, Stock + 1).Select(n => new Call('h', $"r{n}", 1, n, 100 + n))];

        Assert.False(Explain(calls));
        Assert.True(Explain(calls[..Stock]));
    }

    [Fact]
    public void A_read_that_misses_a_hold_that_had_been_answered_has_no_such_order()
    {
        Call held = new('h', "r1", 1, 0, 10);

        Assert.False(Explain([held, new Call('r', "", Stock, 11, 12)]));
        Assert.True(Explain([held, new Call('r', "", Stock, 9, 12)]));
    }

    private static async Task<List<Call>> HistoryAsync(int seed)
    {
        using TemporaryDirectory lake = new();
        StockLedger ledger = new(new UniformPolicy(StockTerms.Plain));
        ledger.Load("A", "L", new OnHandState(Quantity.Of(Stock), OnHandState.None, OnHandState.None, null), 0);
        ledger.Publish();
        await using StockJournal journal = StockJournal.Open(lake.Path, new StockJournalOptions { Files = new CrashableJournalFiles(), Follower = new LedgerFollower(ledger) }, out _);
        ConcurrentBag<Call> calls = [];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(() => CallAsync(ledger, journal, new Random((seed * 10) + caller), caller, calls))));
        return [.. calls];
    }

    private static async Task CallAsync(StockLedger ledger, StockJournal journal, Random random, int caller, ConcurrentBag<Call> calls)
    {
        List<string> mine = [];
        List<StockReading> reading = [];
        for (int n = 0; n < 6; n++)
        {
            string key = $"{caller}-{n}";
            long began = Stopwatch.GetTimestamp();
            switch (random.Next(4))
            {
                case 0:
                    ledger.Read(["A"], reading);
                    calls.Add(new Call('r', "", (int)reading[0].Level.Unclaimed.ToDecimal(), began, Stopwatch.GetTimestamp()));
                    break;
                case 1 when mine.Count > 0:
                    string gone = mine[^1];
                    mine.RemoveAt(mine.Count - 1);
                    await DoAsync(journal, new ReleaseCommand(key, 1, gone));
                    calls.Add(new Call('f', gone, 1, began, Stopwatch.GetTimestamp()));
                    break;
                default:
                    ReservationTransition answer = await DoAsync(
                        journal, new HoldCommand(key, 1, key) { Lines = [new RequestedLine("A", "L", Quantity.Of(1))], TtlMicros = 3_600_000_000 });
                    bool granted = answer.Refusal == ReservationRefusal.None;
                    calls.Add(new Call('h', key, granted ? 1 : 0, began, Stopwatch.GetTimestamp()));
                    if (granted)
                    {
                        mine.Add(key);
                    }

                    break;
            }
        }
    }

    private static async Task<ReservationTransition> DoAsync(StockJournal journal, ReservationCommand command) =>
        (ReservationTransition)(await journal.AppendAsync(new JournalBatch { Tag = command })).Admission!;

    /// <summary>Tries orders, depth first; what has been placed tells the state, so a set that failed once fails again.</summary>
    private static bool Explain(List<Call> calls)
    {
        HashSet<ulong> failed = [];
        return Place(0, Stock);

        bool Place(ulong placed, int free)
        {
            if (placed == (1UL << calls.Count) - 1)
            {
                return true;
            }

            if (!failed.Add(placed))
            {
                return false;
            }

            long firstEnd = Enumerable.Range(0, calls.Count).Where(i => (placed & (1UL << i)) == 0).Min(i => calls[i].Ended);
            for (int i = 0; i < calls.Count; i++)
            {
                Call call = calls[i];
                if ((placed & (1UL << i)) != 0 || call.Began > firstEnd)
                {
                    continue;
                }

                int? after = call switch
                {
                    { Kind: 'h', Answer: 1 } => free > 0 ? free - 1 : null,
                    { Kind: 'h' } => free == 0 ? free : null,
                    { Kind: 'f' } => free + 1,
                    _ => call.Answer == free ? free : null,
                };
                if (after is { } next && Place(placed | (1UL << i), next))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>A call: h holds one, f gives back, r reads what is free.</summary>
    private sealed record Call(char Kind, string Id, int Answer, long Began, long Ended);
}

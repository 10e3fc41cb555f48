using System.Diagnostics;
using RetailFlow.Lakehouse;
using RetailFlow.Node.Live;
using RetailFlow.Node.Tests.Http;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Live;

/// <summary>What is broken on purpose, to show that the check sees it.</summary>
internal enum ExpiryBug
{
    None,

    /// <summary>A read shows what was noted, without what has run out since.</summary>
    ReadsWhatWasNoted,

    /// <summary>What has run out is given back before every third decision only.</summary>
    ExpiresNowAndThen,
}

/// <summary>
/// Callers on threads of their own hold, extend, confirm, release and read one SKU while the clock is moved on to just the moments at
/// which holds run out. A step of the clock ends with the group of the journal that is under way: within a group there is one moment.
/// </summary>
public sealed class ExpiryLinearizabilityTests
{
    private const int Stock = 2;
    private const long Second = 1_000_000;
    private static readonly DateTimeOffset s_start = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Holds_that_run_out_have_an_order_that_explains_every_answer()
    {
        var refused = 0;
        var expired = 0;
        var overlapping = 0;
        for (var seed = 1; seed <= 30; seed++)
        {
            var history = await HistoryAsync(seed, ExpiryBug.None);
            Assert.True(history.HasOrder(), $"seed {seed}: no order explains\n{history}");
            refused += history.Calls.Count(call => call is { Kind: CallKind.Hold, Done: false });
            expired += history.Calls.Count(call => call is { Kind: not CallKind.Hold, State: ReservationState.Expired });
            overlapping += history.Calls.Count(call => history.Calls.Any(o => o != call && o.Began < call.Ended && call.Began < o.Ended));
        }

        Assert.True(refused > 0 && expired > 0 && overlapping > 0, $"{refused} refused, {expired} too late, {overlapping} at the same time as another");
    }

    [Theory]
    [InlineData(ExpiryBug.ReadsWhatWasNoted)]
    [InlineData(ExpiryBug.ExpiresNowAndThen)]
    internal async Task A_planted_stale_expiry_has_no_such_order(ExpiryBug bug)
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            if (!(await HistoryAsync(seed, bug)).HasOrder())
            {
                return;
            }
        }

        Assert.Fail("Sixty histories with the bug were explained.");
    }

    [Fact]
    public void A_hold_is_gone_at_the_moment_at_which_it_runs_out_and_not_before()
    {
        Call[] before =
        [
            new(CallKind.Hold, "r", 0, 1) { Micros = 10, Done = true, Expires = 10 },
            new(CallKind.Step, "", 2, 3) { Micros = 9 },
            new(CallKind.Read, "", 4, 5) { Free = Stock - 1 },
            new(CallKind.Step, "", 6, 7) { Micros = 1 },
        ];

        Assert.True(Explained([.. before, new(CallKind.Read, "", 8, 9) { Free = Stock }]));
        Assert.False(Explained([.. before, new(CallKind.Read, "", 8, 9) { Free = Stock - 1 }]));
        Assert.True(Explained([.. before, new(CallKind.Read, "", 6, 9) { Free = Stock - 1 }]));
        Assert.False(Explained([.. before, new(CallKind.Confirm, "r", 8, 9) { Done = true, Expires = 10 }]));
        Assert.True(Explained([.. before, new(CallKind.Confirm, "r", 8, 9) { State = ReservationState.Expired }]));
    }

    private static bool Explained(Call[] calls)
    {
        var history = new HoldHistory(Stock, 0);
        Array.ForEach(calls, history.Add);
        return history.HasOrder();
    }

    private static async Task<HoldHistory> HistoryAsync(int seed, ExpiryBug bug)
    {
        using TemporaryDirectory folder = new();
        var clock = new ManualClock(s_start);
        var ledger = new StockLedger(new UniformPolicy(StockTerms.Plain));
        ledger.Load("A", "L", new OnHandState(Quantity.Of(Stock), OnHandState.None, OnHandState.None, null), 0);
        ledger.Publish();
        var groups = new GroupClock(clock);
        var follower = new GroupFollower(new LedgerFollower(ledger), groups, bug);
        await using var journal = StockJournal.Open(
            folder.Path,
            new StockJournalOptions { TimeProvider = groups, Follower = follower },
            out _);
        using var node = new NodeState(new NodeOptions { Lake = new LakeOptions { LakePath = folder.Path, ProjectPath = folder.Path, Clock = clock } });

        // Nothing here is ever looked up in a lake.
        using var live = new LiveStock(node, null!, journal, ledger);
        var history = new HoldHistory(Stock, RecordTime.ToMicros(s_start));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(() => new Caller(live, groups, history, new Random((seed * 10) + n), n, bug).RunAsync())));
        return history;
    }

    private sealed class Caller(LiveStock live, GroupClock clock, HoldHistory history, Random random, int number, ExpiryBug bug)
    {
        private readonly List<string> _mine = [];
        private readonly List<StockReading> _reading = [];

        public async Task RunAsync()
        {
            for (var n = 0; n < 7; n++)
            {
                var key = $"{number}-{n}";
                var began = Stopwatch.GetTimestamp();
                var ttl = random.Next(1, 4) * Second;
                var call = random.Next(8) switch
                {
                    0 or 1 => await ReadAsync(),
                    2 or 3 => Step(),
                    4 when _mine.Count > 0 => await DoAsync(CallKind.Extend, new ExtendCommand(key, 1, Mine(), ttl), ttl),
                    5 when _mine.Count > 0 => await DoAsync(CallKind.Confirm, new ConfirmCommand(key, 1, Mine()), 0),
                    6 when _mine.Count > 0 => await DoAsync(CallKind.Release, new ReleaseCommand(key, 1, Mine()), 0),
                    _ => await DoAsync(CallKind.Hold, new HoldCommand(key, 1, key) { Lines = [new RequestedLine("A", "L", Quantity.Of(1))], TtlMicros = ttl }, ttl),
                };
                history.Add(call with { Began = began, Ended = Stopwatch.GetTimestamp() });
            }
        }

        private string Mine() => _mine[random.Next(_mine.Count)];

        private async Task<Call> ReadAsync()
        {
            if (bug == ExpiryBug.ReadsWhatWasNoted)
            {
                live.Ledger.Read(["A"], _reading);
            }
            else
            {
                await live.ReadAsync(["A"], _reading, CancellationToken.None);
            }

            return new Call(CallKind.Read, "", 0, 0) { Free = (int)_reading[0].Level.Unclaimed.ToDecimal() };
        }

        private Call Step()
        {
            clock.Step();
            return new Call(CallKind.Step, "", 0, 0) { Micros = Second };
        }

        private async Task<Call> DoAsync(CallKind kind, ReservationCommand command, long ttl)
        {
            var answer = await live.DecideAsync(command, CancellationToken.None);
            var done = answer!.Refusal == ReservationRefusal.None;
            if (done && kind == CallKind.Hold)
            {
                _mine.Add(command.Id);
            }

            return new Call(kind, command.Id, 0, 0)
            {
                Micros = ttl,
                Done = done,
                Expires = done ? answer.After!.ExpiresMicros : 0,
                State = done ? null : answer.After?.StateAt(answer.AtMicros),
            };
        }
    }

    /// <summary>The clock of the journal: its groups have one moment each, and a step waits for the end of the one that has the moment of before.</summary>
    private sealed class GroupClock(ManualClock clock) : TimeProvider
    {
        private readonly object _gate = new();
        private bool _inGroup;

        public override DateTimeOffset GetUtcNow()
        {
            lock (_gate)
            {
                _inGroup = true;
                return clock.GetUtcNow();
            }
        }

        public void Step()
        {
            lock (_gate)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                while (_inGroup)
                {
                    Monitor.Wait(_gate);
                }
            }
        }

        public void EndGroup()
        {
            lock (_gate)
            {
                _inGroup = false;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Tells the clock where groups end, and with the bug lets what is due take place every third time only.</summary>
    private sealed class GroupFollower(IJournalFollower inner, GroupClock clock, ExpiryBug bug) : IJournalFollower
    {
        private int _times;

        public void Before(JournalScribe scribe)
        {
            if (bug != ExpiryBug.ExpiresNowAndThen || _times++ % 3 == 2)
            {
                inner.Before(scribe);
            }
        }

        public object? Take(JournalBatch batch, JournalStamp stamp, JournalScribe scribe)
        {
            var answer = inner.Take(batch, stamp, scribe);
            if (scribe.IsClean)
            {
                clock.EndGroup();
            }

            return answer;
        }

        public void Durable(long sequence)
        {
            inner.Durable(sequence);
            clock.EndGroup();
        }
    }
}

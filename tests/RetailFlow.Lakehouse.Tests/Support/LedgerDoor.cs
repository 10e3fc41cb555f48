using System.Globalization;
using System.Text;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Stock;

namespace RetailFlow.Lakehouse.Tests.Support;

/// <summary>A door of records and commands in front of a lake: a real journal with a real ledger beside it, and a clock that goes when it is told.</summary>
internal sealed class LedgerDoor : IAsyncDisposable
{
    private readonly StockJournal _journal;
    private readonly SetClock _clock;
    private readonly NaiveStockModel _verdicts = new();
    private readonly List<string> _reservations = [];

    private LedgerDoor(StockJournal journal, StockLedger ledger, SetClock clock)
    {
        _journal = journal;
        _clock = clock;
        Ledger = ledger;
    }

    public StockLedger Ledger { get; }

    /// <summary>What the records alone come to.</summary>
    public NaiveStockModel Records => _verdicts;

    public int Commands { get; private set; }

    /// <summary>Identities of the reservations that were granted.</summary>
    public IReadOnlyList<string> Reservations => _reservations;

    public static LedgerDoor Open(string lakeFolder, StockTerms? terms = null)
    {
        var clock = new SetClock(new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero));
        var ledger = new StockLedger(new UniformPolicy(terms ?? StockTerms.Plain));
        var journal = StockJournal.Open(lakeFolder, new StockJournalOptions { TimeProvider = clock, Follower = new LedgerFollower(ledger), SegmentBytes = 64 << 10 }, out _);
        return new LedgerDoor(journal, ledger, clock);
    }

    /// <summary>The moment of the door.</summary>
    public DateTimeOffset Now => _clock.Now;

    /// <summary>Time goes on.</summary>
    public void Wait(TimeSpan time) => _clock.Now += time;

    /// <summary>Records, received together.</summary>
    public async Task SendAsync(params IReadOnlyList<TestStockRecord> records)
    {
        var batch = new JournalBatch { Tag = new Verdicts(records, _verdicts) };
        foreach (var record in records)
        {
            batch.Add(Encoding.UTF8.GetBytes(record.ToJson()));
        }

        await _journal.AppendAsync(batch);
        if (!Ledger.IsResolved)
        {
            // The ledger has seen every record: before them was nothing, and what it does not know has not come.
            await _journal.AppendAsync(new JournalBatch { Tag = new LedgerWork(ledger => Resolve(ledger)) });
        }
    }

    /// <summary>Bytes that are no record, in their place in the sequence.</summary>
    public async Task SendAsync(string text)
    {
        var batch = new JournalBatch();
        batch.Add(Encoding.UTF8.GetBytes(text));
        await _journal.AppendAsync(batch);
    }

    public async Task<ReservationTransition> AskAsync(ReservationCommand command)
    {
        var receipt = await _journal.AppendAsync(new JournalBatch { Tag = command });
        var transition = (ReservationTransition)receipt.Admission!;
        if (command is HoldCommand && transition.Refusal == ReservationRefusal.None && !transition.IsReplay)
        {
            _reservations.Add(transition.Id);
        }

        return transition;
    }

    public Task<ReservationTransition> HoldAsync(string id, TimeSpan time, params IReadOnlyList<RequestedLine> lines) =>
        AskAsync(new HoldCommand($"key-{Commands++}", 1, id) { Lines = lines, TtlMicros = time.Ticks / 10, Reference = "cart \"1\"", Channel = "web" });

    public Task<ReservationTransition> ConfirmAsync(string id) => AskAsync(new ConfirmCommand($"key-{Commands++}", 1, id));

    /// <summary>A command of any kind, on what there is and what there is not.</summary>
    public Task<ReservationTransition> AskAnythingAsync(Random random)
    {
        var key = $"key-{Commands++}";
        var known = _reservations.Count > 0 && random.Next(20) > 0 ? _reservations[random.Next(Math.Max(0, _reservations.Count - 30), _reservations.Count)] : "none";
        return AskAsync(random.Next(10) switch
        {
            < 5 => new HoldCommand(key, 0, Id(random))
            {
                Lines = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new RequestedLine(
                    $"SKU-{random.Next(4)}", random.Next(4) == 0 ? null : $"loc {random.Next(3)}", Quantity.FromDecimal(random.Next(1, 7) / (random.Next(3) == 0 ? 8m : 1m))))],
                TtlMicros = random.Next(1, 40_000_000),
                Reference = random.Next(2) == 0 ? "größerer \"Korb\"" : null,
                Channel = random.Next(2) == 0 ? "web" : null,
                AllowPartial = random.Next(3) == 0,
            },
            5 => new ExtendCommand(key, 0, known, random.Next(1, 40_000_000)),
            6 or 7 => new ConfirmCommand(key, 0, known),
            8 => new ReleaseCommand(key, 0, known),
            _ => new FulfilCommand(key, 0, known) { Lines = random.Next(2) == 0 ? [] : [new FulfilledLine(random.Next(0, 4), random.Next(2) == 0 ? null : Quantity.Of(1))] },
        });
    }

    /// <summary>Ids that rise, that come in no order, and that have more in common than statistics keep.</summary>
    private string Id(Random random) => random.Next(3) switch
    {
        0 => $"r{Commands:D5}",
        1 => $"{(char)random.Next('!', 'z')}{Commands}'\uFFFD",
        _ => $"{new string('r', 40)}{(random.Next(2) == 0 ? "\U0001F600" : "z")}{Commands}",
    };

    /// <summary>Makes what is durable known to the lake; the last sequence of it.</summary>
    public async Task<long> RegisterAsync(Lake lake)
    {
        await lake.Landing.RegisterJournalAsync(_journal.RangesAfter(await lake.Landing.JournalPositionAsync(default)), default);
        return _journal.LastDurableSequence;
    }

    /// <summary>The ledger's numbers, one line for each SKU and location.</summary>
    public string Numbers() => string.Join('\n', Ledger.All()
        .OrderBy(r => r.Sku, StringComparer.Ordinal).ThenBy(r => r.Location, StringComparer.Ordinal)
        .Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Sku}|{r.Location}|{r.Level.OnHand.ToDecimal():F5}|{r.Level.Held.ToDecimal():F5}|{r.Level.Committed.ToDecimal():F5}")));

    /// <summary>Every entry of the journal, as it stands there.</summary>
    public IReadOnlyList<(long Sequence, JournalEntryKind Kind, string Noted, long AtMicros)> Entries()
    {
        var entries = new List<(long, JournalEntryKind, string, long)>();
        foreach (var range in _journal.RangesAfter(0))
        {
            using var reader = _journal.Read(range);
            while (reader.MoveNext())
            {
                entries.Add((reader.Current.Sequence, reader.Current.Kind, Encoding.UTF8.GetString(reader.Current.Noted), reader.Current.ReceivedAtMicros));
            }
        }

        return entries;
    }

    public ValueTask DisposeAsync() => _journal.DisposeAsync();

    private static object? Resolve(StockLedger ledger)
    {
        foreach (var open in ledger.OpenVoids.ToList())
        {
            ledger.Resolve(open, null);
        }

        foreach (var open in ledger.OpenKeys.ToList())
        {
            ledger.Resolve(new KeyHistory(0, [], OnHandState.None), open.Sku, open.Location);
        }

        return null;
    }

    /// <summary>A clock that stands where it is set.</summary>
    private sealed class SetClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>The verdicts of the naive model, as the door of a node gives them.</summary>
    private sealed class Verdicts(IReadOnlyList<TestStockRecord> records, NaiveStockModel model) : ILedgerBatch
    {
        private readonly bool[] _accepted = new bool[records.Count];

        public void Admit(long firstSequence)
        {
            for (var i = 0; i < records.Count; i++)
            {
                _accepted[i] = model.Receive(records[i]) == NaiveVerdict.Accepted;
            }
        }

        public bool TryGetAccepted(int index, out LedgerRecord record)
        {
            var r = records[index];
            record = new LedgerRecord(
                Fingerprint(r.Identity),
                Enum.Parse<StockRecordType>(r.Type.Replace("_", "", StringComparison.Ordinal), ignoreCase: true),
                r.Sku,
                r.Location,
                Quantity.FromDecimal(r.Quantity),
                RecordTime.ToMicros(r.EventTime),
                r.IsVoid ? Fingerprint(r.Target) : 0,
                r.Reference);
            return _accepted[index];
        }

        public string? SourceAt(int index) => records[index].Source;

        private static UInt128 Fingerprint((string Source, string EventId, long Line) identity) =>
            RecordIdentity.Fingerprint(Encoding.UTF8.GetBytes(identity.Source), Encoding.UTF8.GetBytes(identity.EventId), identity.Line);
    }
}

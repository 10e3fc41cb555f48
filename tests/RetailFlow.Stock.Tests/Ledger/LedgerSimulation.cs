using System.Buffers;
using System.Globalization;
using System.Text;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Stock;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>
/// One seeded life of a ledger: records, commands, time, a lake that follows with a delay, restarts. After each step it is held to
/// books that share no code with it. Same seed, same life.
/// </summary>
internal sealed class LedgerSimulation
{
    private readonly Random random;
    private readonly RandomStockRecords stream;
    private readonly NaiveStockModel model = new();
    private readonly LedgerBooks books = new();
    private readonly List<Entry> journal = [];
    private readonly decimal safety;
    private readonly StockTerms terms;
    private readonly Dictionary<string, (string Request, string Answer)> answers = new(StringComparer.Ordinal);
    private StockLedger ledger;
    private long now = 1_000_000_000;
    private long lakeSequence;
    private int commands;

    public LedgerSimulation(int seed)
    {
        random = new Random(seed);
        stream = new RandomStockRecords(seed) { Skus = 3, Locations = 2 };
        safety = random.Next(3);
        terms = new StockTerms { SafetyStock = Quantity.FromDecimal(safety) };
        ledger = new StockLedger(new UniformPolicy(terms));
    }

    public int Granted { get; private set; }

    public int Refused { get; private set; }

    public int Opened { get; private set; }

    public int Restarts { get; private set; }

    public void Run(int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            now += random.Next(4) == 0 ? random.Next(3_000_000) : random.Next(2_000);
            switch (random.Next(20))
            {
                case < 9:
                    Receive();
                    break;
                case < 17:
                    Command();
                    break;
                case < 19:
                    CommitLake();
                    break;
                default:
                    Restart();
                    break;
            }

            Expire();
            Resolve();
            ledger.Publish();
            Audit();
        }
    }

    private void Receive()
    {
        TestStockRecord record = stream.Next();
        if (record.Type == "sale" && books.All.Count > 0 && random.Next(3) == 0)
        {
            BookedReservation claim = books.All.Values.ElementAt(random.Next(books.All.Count));
            BookedLine line = claim.Lines[random.Next(claim.Lines.Count)];
            record = record with { Reference = claim.Id, Sku = line.Sku, Location = line.Location };
        }

        bool accepted = model.Receive(record) == NaiveVerdict.Accepted;
        Expire();
        Entry entry = new(journal.Count + 1, now, accepted ? record : null, null);
        journal.Add(entry);
        Apply(ledger, entry);
        Consume();
        if (accepted && record is { Type: "sale", Reference: not null } && !IsVoidedBefore(record))
        {
            books.Sold(record.Reference, record.Sku, record.Location, record.Quantity, now);
        }
    }

    private bool IsVoidedBefore(TestStockRecord record) => model.Accepted.Any(r => r.IsVoid && r.Target == record.Identity);

    private void Command()
    {
        string key = answers.Count > 0 && random.Next(6) == 0 ? answers.Keys.ElementAt(random.Next(answers.Count)) : $"key-{commands++}";
        ReservationCommand command = NewCommand(key);
        string request = Describe(command);
        command = command with { RequestHash = BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(request))) };
        Expire();
        Resolve();
        Assert.True(ledger.TryDecide(command, now, out ReservationTransition transition));
        string answer = Describe(transition);
        if (answers.TryGetValue(key, out (string Request, string Answer) first))
        {
            Assert.Equal(first.Request == request ? first.Answer : "KeyReused", first.Request == request ? answer : transition.Refusal.ToString());
            Assert.False(transition.IsKept);
            return;
        }

        Judge(command, transition);
        if (transition.IsKept)
        {
            answers[key] = (request, answer);
            Entry entry = new(journal.Count + 1, now, null, Written(transition));
            journal.Add(entry);
            ledger.Apply(transition, entry.Sequence);
        }
    }

    private ReservationCommand NewCommand(string key)
    {
        string id = $"r{commands++}";
        string known = books.All.Count > 0 ? books.All.Keys.ElementAt(random.Next(books.All.Count)) : "none";
        return random.Next(10) switch
        {
            < 5 => new HoldCommand(key, 0, id)
            {
                Lines = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new RequestedLine(
                    $"SKU-{random.Next(4)}", random.Next(4) == 0 ? null : $"loc {random.Next(2)}", Quantity.FromDecimal(random.Next(1, 7) / (random.Next(3) == 0 ? 4m : 1m))))],
                TtlMicros = random.Next(1, 4_000_000),
                AllowPartial = random.Next(5) == 0,
            },
            5 => new ExtendCommand(key, 0, known, random.Next(1, 4_000_000)),
            6 or 7 => new ConfirmCommand(key, 0, known),
            8 => new ReleaseCommand(key, 0, known),
            _ => new FulfilCommand(key, 0, known) { Lines = random.Next(2) == 0 ? [] : [new FulfilledLine(random.Next(0, 4), random.Next(2) == 0 ? null : Quantity.Of(1))] },
        };
    }

    /// <summary>Decides again from the auditor's books, and takes the outcome into them.</summary>
    private void Judge(ReservationCommand command, ReservationTransition transition)
    {
        if (command is HoldCommand hold)
        {
            JudgeHold(hold, transition);
            return;
        }

        if (!books.All.TryGetValue(command.Id, out BookedReservation? claim))
        {
            Assert.Equal(ReservationRefusal.NotFound, transition.Refusal);
            return;
        }

        string state = claim.StateAt(now);
        bool allowed = (command, state) is (ExtendCommand or ConfirmCommand or ReleaseCommand, "held")
            or (ConfirmCommand or ReleaseCommand or FulfilCommand, "confirmed") or (ReleaseCommand, "released") or (FulfilCommand, "fulfilled");
        if (!allowed)
        {
            Assert.Equal(ReservationRefusal.State, transition.Refusal);
            Assert.Contains(state, transition.Reason, StringComparison.Ordinal);
            return;
        }

        switch (command)
        {
            case ExtendCommand extend:
                claim.Expires = Math.Max(claim.Expires, now + extend.TtlMicros);
                break;
            case ConfirmCommand:
                claim.State = "confirmed";
                break;
            case ReleaseCommand:
                claim.State = "released";
                break;
            case FulfilCommand fulfil when state == "confirmed":
                JudgeFulfil(fulfil, claim, transition);
                return;
        }

        Assert.Equal(ReservationRefusal.None, transition.Refusal);
        Assert.Equal(claim.StateAt(now), Reservation.NameOf(transition.After!.StateAt(now)));
    }

    private static void JudgeFulfil(FulfilCommand fulfil, BookedReservation claim, ReservationTransition transition)
    {
        List<(int Line, decimal Quantity)> wanted = fulfil.Lines.Count == 0
            ? [.. claim.Lines.Select((l, i) => (i + 1, l.Quantity - l.Gone))]
            : [.. fulfil.Lines.Select(l => (l.Line, l.Quantity?.ToDecimal() ?? (l.Line >= 1 && l.Line <= claim.Lines.Count ? claim.Lines[l.Line - 1].Quantity - claim.Lines[l.Line - 1].Gone : 0)))];
        bool possible = wanted.All(w => w.Line >= 1 && w.Line <= claim.Lines.Count && claim.Lines[w.Line - 1].Quantity - claim.Lines[w.Line - 1].Gone >= w.Quantity);
        Assert.Equal(possible ? ReservationRefusal.None : ReservationRefusal.Line, transition.Refusal);
        if (!possible)
        {
            return;
        }

        wanted.ForEach(w => claim.Lines[w.Line - 1].Gone += w.Quantity);
        if (claim.Lines.All(l => l.Gone == l.Quantity))
        {
            claim.State = "fulfilled";
        }
    }

    private void JudgeHold(HoldCommand hold, ReservationTransition transition)
    {
        Dictionary<(string, string), decimal> free = [];
        foreach (NaiveStockRow row in model.Rows())
        {
            free[(row.Sku, row.Location)] = row.OnHand - books.Held(row.Sku, row.Location, now) - books.Committed(row.Sku, row.Location, now) - safety;
        }

        bool isShort = false;
        BookedLine?[] placed = new BookedLine?[hold.Lines.Count];
        foreach (int i in Enumerable.Range(0, placed.Length).OrderBy(i => hold.Lines[i].Location is null).ThenBy(i => i))
        {
            RequestedLine line = hold.Lines[i];
            string? location = line.Location
                ?? free.Keys.Where(k => k.Item1 == line.Sku).OrderByDescending(k => free[k]).ThenBy(k => k.Item2, StringComparer.Ordinal).Select(k => k.Item2).FirstOrDefault();
            decimal left = location is null ? 0 : free.GetValueOrDefault((line.Sku, location));
            decimal wanted = line.Quantity.ToDecimal();
            decimal taken = wanted <= left ? wanted : hold.AllowPartial ? Math.Max(0, left) : 0;
            isShort |= taken < wanted;
            if (taken > 0)
            {
                free[(line.Sku, location!)] -= taken;
                placed[i] = new BookedLine { Sku = line.Sku, Location = location!, Quantity = taken };
            }
        }

        List<BookedLine> granted = [.. placed.Where(line => line is not null).Select(line => line!)];
        if (isShort && !(hold.AllowPartial && granted.Count > 0))
        {
            Assert.Equal(ReservationRefusal.Shortfall, transition.Refusal);
            Assert.NotEmpty(transition.Shortfalls);
            Refused++;
            return;
        }

        Assert.Equal(ReservationRefusal.None, transition.Refusal);
        Assert.Equal(
            granted.Select(line => (line.Sku, line.Location, line.Quantity)),
            transition.After!.Lines.Select(line => (line.Sku, line.Location, line.Quantity.ToDecimal())));
        books.All[hold.Id] = new BookedReservation { Id = hold.Id, Lines = granted, Expires = now + hold.TtlMicros };
        Granted++;
    }

    private void Expire()
    {
        while (ledger.TryExpire(now, out ReservationTransition transition))
        {
            Entry entry = new(journal.Count + 1, now, null, Written(transition));
            journal.Add(entry);
            ledger.Apply(transition, entry.Sequence);
        }
    }

    private void Consume()
    {
        while (ledger.TryConsume(now, out ReservationTransition transition))
        {
            Entry entry = new(journal.Count + 1, now, null, Written(transition));
            journal.Add(entry);
            ledger.Apply(transition, entry.Sequence);
        }
    }

    /// <summary>The lake comes up to some sequence: its rows are those of the records up to it, by the model.</summary>
    private void CommitLake()
    {
        long sequence = lakeSequence + random.NextInt64(journal.Count - lakeSequence + 1);
        foreach (NaiveStockRow row in Lake(sequence).Rows())
        {
            OnHandState? own = ledger.Rebase(row.Sku, row.Location, State(row, sequence), sequence);
            if (own is { } state)
            {
                Assert.Equal(row.OnHand, state.OnHand.ToDecimal());
            }
        }

        lakeSequence = sequence;
    }

    /// <summary>A new process: what the lake has, and the journal after it.</summary>
    private void Restart()
    {
        Restarts++;
        ledger = new StockLedger(new UniformPolicy(terms));
        NaiveStockModel lake = Lake(lakeSequence);
        foreach (NaiveStockRow row in lake.Rows())
        {
            ledger.Load(row.Sku, row.Location, State(row, lakeSequence), lakeSequence);
        }

        foreach (TestStockRecord pending in lake.Accepted.Where(r => r.IsVoid && lake.Accepted.All(t => t.Identity != r.Target)))
        {
            ledger.LoadPendingVoid(Fingerprint(pending.Target));
        }

        List<ReservationTransition> transitions = [.. journal.Where(e => e.Sequence <= lakeSequence && e.Transition is not null).Select(e => TransitionJson.Read(e.Transition!, e.At))];
        transitions.Where(t => t.Key is not null).ToList().ForEach(ledger.LoadAnswer);
        foreach (Reservation reservation in ReservationsAt(lakeSequence))
        {
            ledger.Load(reservation);
        }

        ledger.StartAt(lakeSequence, lakeSequence > 0 ? journal[(int)lakeSequence - 1].At : 0);
        foreach (Entry entry in journal.Skip((int)lakeSequence))
        {
            Apply(ledger, entry);
            if (random.Next(10) == 0)
            {
                Resolve();
            }
        }

        Consume();
    }

    /// <summary>The lake's reservations: those of the journal up to a sequence, with what sales took from them.</summary>
    private List<Reservation> ReservationsAt(long sequence)
    {
        StockLedger past = new(new UniformPolicy(terms));
        foreach (Entry entry in journal.Take((int)sequence))
        {
            Apply(past, entry);
        }

        past.Publish();
        return [.. books.All.Keys.Select(past.Find).Where(r => r is not null).Select(r => r!)];
    }

    private void Resolve()
    {
        if (ledger.IsResolved)
        {
            return;
        }

        Opened++;
        NaiveStockModel lake = Lake(lakeSequence);
        foreach (OpenVoid open in ledger.OpenVoids.ToList())
        {
            TestStockRecord? target = lake.Accepted.FirstOrDefault(r => !r.IsVoid && Fingerprint(r.Identity) == open.Target);
            ledger.Resolve(open, target is null ? null : new VoidedRecord(target.Sku, target.Location, HistoryOf(target, lake)));
        }

        foreach (OpenKey open in ledger.OpenKeys.ToList())
        {
            List<HistoryEntry> entries = [.. lake.Accepted.Where(r => !r.IsVoid && r.Sku == open.Sku && r.Location == open.Location).Select(r => HistoryOf(r, lake))];
            Assert.True(ledger.Resolve(new KeyHistory(lakeSequence, entries, OnHandState.None), open.Sku, open.Location));
        }

        Assert.True(ledger.IsResolved);
    }

    /// <summary>Every number of every key, and every claim, against the books.</summary>
    private void Audit()
    {
        Dictionary<(string, string), StockLevel> levels = ledger.All().ToDictionary(r => (r.Sku, r.Location), r => r.Level);
        foreach (NaiveStockRow row in model.Rows())
        {
            StockLevel level = levels[(row.Sku, row.Location)];
            Assert.Equal((row.OnHand, row.LastCountTime), (level.OnHand.ToDecimal(), level.LastCountMicros == OnHandState.None ? null : RecordTime.ToInstant(level.LastCountMicros)));
            Assert.Equal(books.Held(row.Sku, row.Location, now), level.Held.ToDecimal());
            Assert.Equal(books.Committed(row.Sku, row.Location, now), level.Committed.ToDecimal());
            Assert.Equal(
                books.Claims(row.Sku, row.Location, now).Order(StringComparer.Ordinal),
                ledger.Claims(row.Sku, row.Location).Select(claim => claim.Id).Order(StringComparer.Ordinal));
        }

        foreach (BookedReservation claim in books.All.Values)
        {
            Assert.Equal(claim.StateAt(now), Reservation.NameOf(ledger.Find(claim.Id)!.StateAt(now)));
        }
    }

    private NaiveStockModel Lake(long sequence)
    {
        NaiveStockModel lake = new();
        foreach (Entry entry in journal.Take((int)sequence).Where(e => e.Record is not null))
        {
            lake.Receive(entry.Record!);
        }

        return lake;
    }

    private static HistoryEntry HistoryOf(TestStockRecord record, NaiveStockModel lake) => new(
        TypeOf(record), Quantity.FromDecimal(record.Quantity), Micros(record.EventTime), lake.Accepted.Any(v => v.IsVoid && v.Target == record.Identity));

    private OnHandState State(NaiveStockRow row, long sequence)
    {
        // The row's last event time counts voided records and voids too, as Gold does.
        NaiveStockModel lake = Lake(sequence);
        long last = lake.Accepted.Where(r => !r.IsVoid && r.Sku == row.Sku && r.Location == row.Location).Max(r => Micros(r.EventTime));
        return new OnHandState(Quantity.FromDecimal(row.OnHand), last, row.LastCountTime is { } count ? Micros(count) : OnHandState.None, null);
    }

    private static void Apply(StockLedger ledger, Entry entry)
    {
        if (entry.Transition is { } json)
        {
            ledger.Apply(TransitionJson.Read(json, entry.At), entry.Sequence);
        }
        else if (entry.Record is { } record)
        {
            LedgerRecord accepted = new(
                Fingerprint(record.Identity), TypeOf(record), record.Sku, record.Location, Quantity.FromDecimal(record.Quantity), Micros(record.EventTime),
                record.IsVoid ? Fingerprint(record.Target) : 0, record.Reference);
            ledger.Apply(in accepted, entry.Sequence, entry.At);
        }
        else
        {
            ledger.Pass(entry.Sequence, entry.At);
        }
    }

    private static byte[] Written(ReservationTransition transition)
    {
        ArrayBufferWriter<byte> buffer = new();
        TransitionJson.Write(transition, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static string Describe(ReservationCommand command) => command switch
    {
        HoldCommand hold => $"hold {string.Join(';', hold.Lines)} {hold.TtlMicros} {hold.AllowPartial}",
        FulfilCommand fulfil => $"fulfil {fulfil.Id} {string.Join(';', fulfil.Lines)}",
        ExtendCommand extend => $"extend {extend.Id} {extend.TtlMicros}",
        _ => $"{command.Name} {command.Id}",
    };

    private static string Describe(ReservationTransition transition) => Encoding.UTF8.GetString(transition.Refusal is ReservationRefusal.NotFound or ReservationRefusal.KeyReused ? [] : Written(transition));

    private static UInt128 Fingerprint((string Source, string EventId, long Line) identity) =>
        RecordIdentity.Fingerprint(Encoding.UTF8.GetBytes(identity.Source), Encoding.UTF8.GetBytes(identity.EventId), identity.Line);

    private static StockRecordType TypeOf(TestStockRecord record) =>
        Enum.Parse<StockRecordType>(CultureInfo.InvariantCulture.TextInfo.ToTitleCase(record.Type).Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    private static long Micros(DateTimeOffset time) => RecordTime.ToMicros(time);

    private sealed record Entry(long Sequence, long At, TestStockRecord? Record, byte[]? Transition);
}

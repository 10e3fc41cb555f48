using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Stock.Tests.Journal;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>What is broken on purpose, to show that the auditor sees it.</summary>
internal enum PlantedBug
{
    None,

    /// <summary>The ledger grants one more than there is.</summary>
    GrantsOneTooMany,

    /// <summary>The disk says that it has synced and has not.</summary>
    SyncLies,

    /// <summary>Recovery leaves out the last entry of the journal.</summary>
    ForgetsTheLastEntry,
}

/// <summary>
/// A journal on a disk that fails and loses power, a ledger that follows it, and callers that want the same scarce goods. An auditor
/// with books of its own knows what was answered. Same seed, same life.
/// </summary>
internal sealed class LedgerCrashSimulation(int seed, PlantedBug bug) : IDisposable
{
    private const int Skus = 4;
    private const int Stock = 12;

    private readonly Random random = new(seed);
    private readonly TemporaryDirectory lake = new();
    private readonly CrashableJournalFiles files = new();
    private readonly SetClock clock = new("2026-11-22T08:00:00.123456Z");
    private readonly Dictionary<string, string> states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<ReservationLine>> lines = new(StringComparer.Ordinal);
    private readonly List<(ReservationCommand Command, string Answer)> answered = [];
    private readonly List<string> trace = [];
    private readonly HashSet<string> doubtful = new(StringComparer.Ordinal);
    private StockLedger ledger = null!;
    private int number;

    public int Acknowledged { get; private set; }

    public int Crashes { get; private set; }

    /// <summary>What happened, for comparing two lives of one seed.</summary>
    public IReadOnlyList<string> Trace => trace;

    public async Task RunAsync(int lives)
    {
        for (int life = 0; life < lives; life++)
        {
            StockJournal journal = Open();
            Audit();
            for (int turn = 0; ; turn++)
            {
                List<ReservationCommand> commands = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => NewCommand())];
                bool fails = turn > 2 && random.Next(5) == 0;
                if (fails)
                {
                    Break();
                }

                if (!await TurnAsync(journal, commands))
                {
                    break;
                }

                Audit();
            }

            await journal.DisposeAsync();
            Crashes++;
            files.Crash(random);
        }

        Open().DisposeAsync().AsTask().GetAwaiter().GetResult();
        Audit();
    }

    public void Dispose() => lake.Dispose();

    private StockJournal Open()
    {
        Quantity limit = bug == PlantedBug.GrantsOneTooMany ? Quantity.Of(1) : Quantity.Zero;
        ledger = new StockLedger(new UniformPolicy(new StockTerms { BackOrderLimit = limit }));
        for (int sku = 0; sku < Skus; sku++)
        {
            ledger.Load($"SKU-{sku}", "L", new OnHandState(Quantity.Of(Stock), OnHandState.None, OnHandState.None, null), 0);
        }

        files.Created = null;
        LedgerFollower follower = new(ledger);
        StockJournal journal = StockJournal.Open(lake.Path, new StockJournalOptions { TimeProvider = clock, Files = bug == PlantedBug.SyncLies ? new LyingFiles(files) : files, Follower = follower, SegmentBytes = 20_000, Room = new PreparedLogFileOptions { RoomBytes = random.Next(2) * 3_000, FromSyncsPerSecond = 0 }, GroupCommit = new GroupCommitOptions { WriteAheadBytes = random.Next(2) == 0 ? 1 : 1 << 20 } }, out JournalRecovery found);
        foreach (JournalRange range in journal.RangesAfter(0))
        {
            using JournalReader reader = journal.Read(range);
            while (reader.MoveNext() && (bug != PlantedBug.ForgetsTheLastEntry || reader.Current.Sequence < found.LastSequence))
            {
                follower.Replay(reader.Current, null);
            }
        }

        ledger.StartAt(found.LastSequence, 0);
        ledger.Publish();
        return journal;
    }

    /// <summary>Hands some commands in at once; false if the journal failed, and nobody was answered.</summary>
    private async Task<bool> TurnAsync(StockJournal journal, List<ReservationCommand> commands)
    {
        // Back by some seconds now and then: the ledger's own time must not.
        clock.Now += random.Next(12) == 0 ? TimeSpan.FromSeconds(-random.Next(5))
            : random.Next(3) == 0 ? TimeSpan.FromSeconds(random.Next(40)) : TimeSpan.FromMilliseconds(random.Next(3));

        // The writer waits until all are in the queue, so that they are one group whatever the threads do.
        using ManualResetEventSlim gate = new();
        Task<JournalReceipt> held = Append(journal, new LedgerWork(_ =>
        {
            gate.Wait();
            return null;
        }));
        List<Task<JournalReceipt>> receipts = [.. commands.Select(command => Append(journal, command))];
        gate.Set();
        bool failed = false;
        foreach ((ReservationCommand command, Task<JournalReceipt> receipt) in commands.Zip(receipts))
        {
            try
            {
                Take(command, (ReservationTransition)(await receipt).Admission!);
            }
            catch (IOException)
            {
                failed = true;
                InDoubt(command);
            }
        }

        try
        {
            await held;
        }
        catch (IOException)
        {
            failed = true;
        }

        return !failed;
    }

    private static Task<JournalReceipt> Append(StockJournal journal, object tag) => journal.AppendAsync(new JournalBatch { Tag = tag }).AsTask();

    private void Break()
    {
        // A new segment may be begun before that: then it is the one that fails.
        files.Created = file => file.FailSyncAfter(0);
        if (files.Sorted() is not [.., var last])
        {
            return;
        }

        if (random.Next(2) == 0)
        {
            files[last].FailSyncAfter(0);
        }
        else
        {
            files[last].FailWriteAfter(0, random.Next(2_000));
        }
    }

    private ReservationCommand NewCommand()
    {
        string key = $"k{number++}";
        string id = states.Count > 0 ? states.Keys.ElementAt(random.Next(states.Count)) : "none";
        return random.Next(8) switch
        {
            0 or 1 => new ConfirmCommand(key, 1, id),
            2 => new ReleaseCommand(key, 1, id),
            3 => new ExtendCommand(key, 1, id, 30_000_000),
            _ => new HoldCommand(key, 1, $"r{number++}")
            {
                Lines = [new RequestedLine($"SKU-{random.Next(Skus)}", "L", Quantity.Of(random.Next(1, 3))), new RequestedLine($"SKU-{random.Next(Skus)}", null, Quantity.Of(1))],
                TtlMicros = random.Next(1, 60) * 1_000_000L,
            },
        };
    }

    private void Take(ReservationCommand command, ReservationTransition transition)
    {
        string answer = $"{command.Key} {command.Name} {command.Id} {transition.Refusal} {(transition.After is { } r ? Reservation.NameOf(r.State) : "-")}";
        trace.Add(answer);
        answered.Add((command, answer));
        if (transition.Refusal == ReservationRefusal.None)
        {
            Acknowledged++;
            states[command.Id] = Reservation.NameOf(transition.After!.State);
            lines[command.Id] = transition.After.Lines;
        }
    }

    /// <summary>Nobody was told: what became of it is what recovery says, and must be one or the other.</summary>
    private void InDoubt(ReservationCommand command)
    {
        trace.Add($"{command.Key} {command.Name} {command.Id} in doubt");
        doubtful.Add(command.Id);
    }

    private void Audit()
    {
        long now = Math.Max(ledger.PublishedMicros, RecordTime.ToMicros(clock.GetUtcNow()));
        foreach ((string id, string state) in states.ToList())
        {
            Reservation? found = ledger.Find(id);
            Assert.True(found is not null, $"{id} was {state} and is not there");
            string is_ = Reservation.NameOf(found.StateAt(now));
            bool allowed = is_ == state || (state == "held" && is_ == "expired") || doubtful.Contains(id);
            Assert.True(allowed, $"{id} was {state} and is {is_}");
            Assert.Equal(lines[id], found.Lines);
            states[id] = Reservation.NameOf(found.State);
        }

        foreach (string id in doubtful)
        {
            if (ledger.Find(id) is { } found)
            {
                (states[id], lines[id]) = (Reservation.NameOf(found.State), found.Lines);
            }
        }

        doubtful.Clear();
        for (int sku = 0; sku < Skus; sku++)
        {
            decimal claimed = states.Where(s => s.Value is "held" or "confirmed" && (s.Value == "confirmed" || ledger.Find(s.Key)!.StateAt(now) == ReservationState.Held))
                .SelectMany(s => lines[s.Key]).Where(l => l.Sku == $"SKU-{sku}").Sum(l => l.Quantity.ToDecimal());
            Assert.True(claimed <= Stock, $"of SKU-{sku} {claimed} are claimed and there are {Stock}");
        }

        foreach ((ReservationCommand command, string answer) in answered.TakeLast(20))
        {
            Assert.True(ledger.TryDecide(command, now, out ReservationTransition again));
            Assert.StartsWith($"{command.Key} {command.Name} {command.Id} {again.Refusal} ", answer, StringComparison.Ordinal);
            Assert.True(again.IsReplay || again.Refusal == ReservationRefusal.NotFound, $"{command.Key} is not remembered");
        }
    }

    /// <summary>A disk that forgets what it was told to keep.</summary>
    private sealed class LyingFiles(CrashableJournalFiles inner) : IJournalFiles
    {
        public IReadOnlyList<string> List() => inner.List();

        public ILogFile OpenWrite(string path) => new LyingFile(inner.OpenWrite(path));

        public ILogFile OpenRead(string path) => inner.OpenRead(path);

        public void Delete(string path) => inner.Delete(path);
    }

    private sealed class LyingFile(ILogFile inner) : ILogFile
    {
        public string Name => inner.Name;

        public long Length => inner.Length;

        public void Write(long position, ReadOnlySpan<byte> bytes) => inner.Write(position, bytes);

        public void Sync()
        {
        }

        public void Truncate(long length) => inner.Truncate(length);

        public int Read(long position, Span<byte> buffer) => inner.Read(position, buffer);

        public void Dispose() => inner.Dispose();
    }
}

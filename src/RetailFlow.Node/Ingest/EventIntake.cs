using System.Collections.Concurrent;
using RetailFlow.Connectors.Kafka;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Node.Live;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>The answer to one request: its records are durable, and these are their verdicts.</summary>
/// <param name="Batch">Verdicts and counts.</param>
/// <param name="Sequence">Sequence of the request's last record.</param>
/// <param name="IsCounted">Whether stock answers contain them: false if the lake did not say in time what a record takes back.</param>
internal readonly record struct IntakeAnswer(IntakeBatch Batch, long Sequence, bool IsCounted);

/// <summary>Records since the node started: every one that was received is in exactly one of the other three.</summary>
internal readonly record struct IntakeCounts(long Received, long Accepted, long Duplicates, long Quarantined);

/// <summary>
/// The way in for stock records: judged on the request's thread, admitted in the order of the sequence on the journal's, answered
/// when durable. Every record goes to RAW as received, whatever its verdict.
/// </summary>
internal sealed class EventIntake : IAsyncDisposable
{
    private const string Feed = "inventory";
    private const string IdentityFolder = ".index/identities";
    private const long RegisterBytes = 256L << 20;

    private readonly ConcurrentBag<RecordJudge> _judges = [];
    private readonly NodeState _node;
    private readonly StockJournal _journal;
    private readonly Admission _admission;
    private readonly KnownIdentities _identities;
    private readonly SilverIdentities _silver;
    private readonly StockRecordRules _rules;
    private readonly RecordTexts _texts;
    private readonly LedgerFollower _follower;
    private readonly string? _defaultSource;
    private long _registered;
    private bool _registrationBrokeOff;
    private long _received;
    private long _accepted;
    private long _duplicates;
    private long _quarantined;

    private EventIntake(Lake lake, NodeState node, StockLedger ledger, LedgerOptions options, KnownIdentities identities, long registered, JournalHome home)
    {
        var contract = lake.Project.Feeds.FirstOrDefault(f => f.Name == Feed);
        _rules = contract is null ? new StockRecordRules() : new StockRecordRules { SkewAllowance = contract.SkewAllowance };
        _defaultSource = contract?.DefaultSource;
        _node = node;
        _registered = registered;
        _identities = identities;
        _silver = new SilverIdentities(lake, identities.Index);
        _admission = new Admission(identities);
        _texts = new RecordTexts(ledger, [.. options.QuietRules.Select(rule => rule.Source)]);
        _follower = new LedgerFollower(ledger, new FulfilmentSales(NewJudge())) { Noted = node.Incidents.Add, Replayed = node.Incidents.Restore };
        _journal = StockJournal.Open(
            lake.LocalFolder,
            new StockJournalOptions { FirstSequence = home.FirstSequence, TimeProvider = node.Clock, Follower = _follower, Files = node.Options.JournalFiles },
            out var recovery);
        Recovery = recovery;
        Live = new LiveStock(node, lake, _journal, ledger);
    }

    /// <summary>How far the journal is in partitions of topics.</summary>
    public MessagePositions Messages { get; } = new();

    /// <summary>What there is now.</summary>
    public LiveStock Live { get; }

    /// <summary>What opening the journal found.</summary>
    public JournalRecovery Recovery { get; }

    /// <summary>Sequence of the last record that is durable.</summary>
    public long Sequence => _journal.LastDurableSequence;

    /// <summary>Whether every durable record is known to the pipeline.</summary>
    public bool IsRegistered => _registered >= Sequence;

    /// <summary>Why nothing is acknowledged any more, or null while all is well.</summary>
    public Exception? Failure => _journal.Failure;

    public IntakeCounts Counts => new(
        Volatile.Read(ref _received), Volatile.Read(ref _accepted), Volatile.Read(ref _duplicates), Volatile.Read(ref _quarantined));

    /// <summary>
    /// Opens the journal, cutting off what never became durable, learns which identities have been accepted, and brings the ledger to
    /// the journal's end.
    /// </summary>
    /// <param name="lake">The lake.</param>
    /// <param name="node">The node.</param>
    /// <param name="policy">The terms on which stock may be sold.</param>
    /// <param name="options">What the ledger remembers for how long.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    public static async Task<EventIntake> OpenAsync(
        Lake lake, NodeState node, IStockPolicy policy, LedgerOptions options, CancellationToken cancellationToken)
    {
        var ledger = new StockLedger(policy, options);
        var home = await lake.Landing.OpenJournalAsync(node.Options.TakeOver, cancellationToken);
        var registered = await lake.Landing.JournalPositionAsync(cancellationToken);
        var identities = KnownIdentities.Open(Path.Combine(lake.LocalFolder, IdentityFolder));
        var intake = New(lake, node, ledger, options, identities, registered, home);
        try
        {
            if (intake.Sequence < registered)
            {
                // Records with sequences that the pipeline has already would never be read.
                throw new LakeException(
                    LakeErrorKind.Corrupt,
                    $"The journal in '{lake.LocalFolder}' ends with sequence {intake.Sequence}, but the lake contains records up to {registered}: segments are missing.");
            }

            await intake.RecoverMessagesAsync(lake, cancellationToken);

            // Everything of one position: what a later version of Silver accepted comes once more, out of the journal.
            var gold = await LedgerRecovery.PositionAsync(lake, home.FirstSequence, cancellationToken);
            await intake._silver.StartAsync(gold.SilverVersion, gold.Sequence, cancellationToken);
            identities.Tidy();
            await IncidentHistory.LoadAsync(node.Incidents, lake, intake._journal, gold.Sequence, cancellationToken);
            await new LedgerRecovery(lake, intake._journal, ledger, intake._follower, intake.NewJudge())
                .RunAsync(gold, identities, options, RecordTime.ToMicros(node.Clock.GetUtcNow()), cancellationToken);
            intake.Live.StartFrom(new LakeBase(gold.SilverVersion, gold.Sequence));
            await intake.Live.SettleAsync(cancellationToken);
            if (!await intake.Live.TryResolveAsync(cancellationToken))
            {
                throw new LakeException(LakeErrorKind.Unavailable, "The lake did not say in time what records of the journal take back.");
            }

            return intake;
        }
        catch
        {
            await intake.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the records of one request; completes when they are durable.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="slices">Its records.</param>
    /// <param name="source">The request's source for records that name none; null takes the feed's default.</param>
    /// <param name="cancellationToken">Takes the records back while they wait; without effect once they are written.</param>
    /// <exception cref="RetailFlow.Storage.LogPoisonedException">The journal has failed; whether the records are durable is unknown.</exception>
    public async ValueTask<IntakeAnswer> TakeAsync(
        ReadOnlyMemory<byte> body, RecordSlices slices, string? source, CancellationToken cancellationToken)
    {
        return await TakeAsync(Judge(body.Span, slices, source), cancellationToken);
    }

    /// <summary>
    /// Takes messages of topics; completes when they are durable, and with them how far their partitions are. None of them may be longer than a record
    /// of the journal.
    /// </summary>
    /// <exception cref="RetailFlow.Storage.LogPoisonedException">The journal has failed; whether the messages are durable is unknown.</exception>
    public ValueTask<IntakeAnswer> TakeAsync(IReadOnlyList<MessageEntry> messages, CancellationToken cancellationToken)
    {
        var judge = RentJudge();
        var batch = judge.Judge(messages, _defaultSource, RecordTime.ToMicros(_node.Clock.GetUtcNow()), Messages);
        _judges.Add(judge);
        return TakeAsync(batch, cancellationToken);
    }

    private async ValueTask<IntakeAnswer> TakeAsync(IntakeBatch batch, CancellationToken cancellationToken)
    {
        var receipt = await _journal.AppendAsync(batch.Journal, cancellationToken);
        batch.Close();
        Interlocked.Add(ref _received, batch.Received);
        Interlocked.Add(ref _accepted, batch.Accepted);
        Interlocked.Add(ref _duplicates, batch.Duplicates);
        Interlocked.Add(ref _quarantined, batch.SetAside.Count);
        if (receipt.LastSequence - (_node.Gold.Current?.Sequence ?? 0) >= _node.Options.RunAtRecords)
        {
            _node.Wake();
        }

        var isCounted = receipt.Admission is not LedgerOpen || await Live.TryResolveAsync(cancellationToken);
        return new IntakeAnswer(batch, receipt.LastSequence, isCounted);
    }

    /// <summary>Makes what is durable known to the pipeline, up to a sensible amount.</summary>
    /// <returns>The sequence up to which it is known.</returns>
    public async ValueTask<long> RegisterAsync(Lake lake, CancellationToken cancellationToken)
    {
        if (_registrationBrokeOff)
        {
            // It may have taken effect before it failed.
            _registered = await lake.Landing.JournalPositionAsync(cancellationToken);
            Messages.Forget(_registered);
        }

        var durable = Sequence;
        var ranges = _journal.RangesAfter(_registered, RegisterBytes);
        if (ranges.Count > 0)
        {
            _registrationBrokeOff = true;
            await lake.Landing.RegisterJournalAsync(ranges, cancellationToken, Messages.ChangedUpTo(ranges[^1].LastSequence));
            _registrationBrokeOff = false;
            _registered = ranges[^1].LastSequence;
            Messages.Forget(_registered);
            if (_registered < durable)
            {
                // More than one run takes was there; what has come since waits for its time.
                _node.Wake();
            }
        }

        return _registered;
    }

    /// <summary>Takes the identities of a version of Silver in, those of landed files too, and forgets of the door what is in it.</summary>
    /// <param name="version">Version of Silver.</param>
    /// <param name="sequence">Exactly the journal records up to this one are in it.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async ValueTask FollowAsync(long version, long sequence, CancellationToken cancellationToken)
    {
        await _silver.FollowAsync(version, sequence, cancellationToken);
        await Live.BetweenBatchesAsync(() => _identities.Covered(sequence), cancellationToken);
        _identities.Tidy();
    }

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync();
        Live.Dispose();
        _identities.Dispose();
    }

    private static EventIntake New(
        Lake lake, NodeState node, StockLedger ledger, LedgerOptions options, KnownIdentities identities, long registered, JournalHome home)
    {
        try
        {
            return new EventIntake(lake, node, ledger, options, identities, registered, home);
        }
        catch
        {
            identities.Dispose();
            throw;
        }
    }

    /// <summary>What the lake has registered, and the entries after that: as much as one run of the pipeline carries.</summary>
    private async Task RecoverMessagesAsync(Lake lake, CancellationToken cancellationToken)
    {
        foreach (var (partition, offset) in await lake.Landing.MessagePositionsAsync(cancellationToken))
        {
            Messages.Load(partition, offset);
        }

        Messages.Replay(_journal, _registered, cancellationToken);
    }

    private IntakeBatch Judge(ReadOnlySpan<byte> body, RecordSlices slices, string? source)
    {
        var judge = RentJudge();
        var batch = judge.Judge(body, slices.All, source ?? _defaultSource, RecordTime.ToMicros(_node.Clock.GetUtcNow()));
        _judges.Add(judge);
        return batch;
    }

    private RecordJudge RentJudge() => _judges.TryTake(out var judge)
        ? judge
        : new RecordJudge(_rules with { ReservedSource = StockLedger.SalesSource }, _texts, _admission);

    /// <summary>For records that the journal has, and those of the node itself.</summary>
    private RecordJudge NewJudge() => new(_rules, _texts, _admission);
}

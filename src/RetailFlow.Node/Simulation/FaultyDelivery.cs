namespace RetailFlow.Node.Simulation;

internal enum DeliveryKind
{
    /// <summary>The first time this record comes.</summary>
    New,

    /// <summary>A copy of a record that came before.</summary>
    Resend,

    /// <summary>Other content under the identity of a record that came before.</summary>
    Conflict,

    /// <summary>A void of a void.</summary>
    VoidOfVoid,

    /// <summary>A record that is wrong in itself.</summary>
    Broken,
}

/// <summary>
/// The way from the shops to whoever listens: resends what was sent already, sends late, sends nonsense. Remembers a
/// window of the last records and a uniform sample of all earlier ones, so its memory does not grow.
/// </summary>
internal sealed class FaultyDelivery
{
    private const int RecentCount = 512;
    private const int SampleCount = 4_096;
    private const long Minute = 60_000_000;

    private readonly RetailerOptions _options;
    private readonly RetailBusiness _business;
    private readonly SimulationRandom _random;
    private readonly StockRecordDraft[] _recent = new StockRecordDraft[RecentCount];
    private readonly bool[] _voided = new bool[RecentCount];
    private readonly StockRecordDraft[] _sample = new StockRecordDraft[SampleCount];
    private readonly Queue<(long DueAt, StockRecordDraft Draft)> _held = new();
    private long _sent;
    private StockRecordDraft _lastVoid;
    private bool _hasVoid;
    private bool _isVoided;

    public FaultyDelivery(RetailerOptions options, RetailBusiness business, ulong purpose)
    {
        _options = options;
        _business = business;
        _random = new SimulationRandom(options.Seed, purpose ^ 0xDE11_7E27UL);
    }

    /// <summary>The way in which the record that <see cref="Next"/> last gave is broken.</summary>
    public BrokenRecord? Broken { get; private set; }

    /// <summary>Gives the record that arrives next.</summary>
    public DeliveryKind Next(out StockRecordDraft draft)
    {
        Broken = null;
        if (_sent > 0 && _random.Chance(_options.RetryRate))
        {
            draft = Earlier();
            if (_options.Variety && _random.Chance(0.05))
            {
                draft.Spelling ^= Spelling.OtherFieldOrder | Spelling.UtcTime | Spelling.QuantityAsString | Spelling.TrailingZero;
            }

            return DeliveryKind.Resend;
        }

        if (_options.BrokenRate > 0 && _random.Chance(_options.BrokenRate))
        {
            return NextBroken(out draft);
        }

        NextNew(out draft);
        Remember(in draft);
        return DeliveryKind.New;
    }

    private void NextNew(out StockRecordDraft draft)
    {
        if (_held.TryPeek(out var held) && held.DueAt <= _sent)
        {
            draft = _held.Dequeue().Draft;
            _isVoided = true;
            return;
        }

        if (_sent > 0 && _random.Chance(_options.VoidRate) && TryVoid(out draft))
        {
            return;
        }

        _business.Next(out draft);
        if (_random.Chance(_options.LateRate))
        {
            draft.EventTime = RetailBusiness.Round(draft.EventTime - Lateness(), draft.Spelling);
        }

        if (_options.Variety && draft.Kind == StockRecordKind.Sale && _random.Chance(0.0005))
        {
            _held.Enqueue((_sent + 40, draft));
            draft = _business.Void(in draft);
        }
    }

    private DeliveryKind NextBroken(out StockRecordDraft draft)
    {
        var choice = _random.Below(BrokenRecord.All.Count + 6);
        if (choice >= BrokenRecord.All.Count + 2 && _sent > 0)
        {
            draft = Earlier();
            if (draft.Kind != StockRecordKind.Void)
            {
                draft.Quantity = Math.Abs(draft.Quantity) + RetailCatalog.One;
                return DeliveryKind.Conflict;
            }
        }

        if (choice >= BrokenRecord.All.Count && _hasVoid)
        {
            draft = _business.Void(in _lastVoid);
            return DeliveryKind.VoidOfVoid;
        }

        draft = _business.Sale();
        Broken = BrokenRecord.All[choice % BrokenRecord.All.Count];
        return DeliveryKind.Broken;
    }

    private bool TryVoid(out StockRecordDraft draft)
    {
        var slot = _random.Below((int)Math.Min(_sent, RecentCount));
        draft = default;
        ref readonly var target = ref _recent[slot];
        if (_voided[slot] || target.Kind == StockRecordKind.Void || target.Quantity == 0)
        {
            return false;
        }

        _voided[slot] = true;
        draft = _business.Void(in target);
        return true;
    }

    private StockRecordDraft Earlier() => _random.Chance(0.9)
        ? _recent[_random.Below((int)Math.Min(_sent, RecentCount))]
        : _sample[_random.Below((int)Math.Min(_sent, SampleCount))];

    private void Remember(in StockRecordDraft draft)
    {
        var slot = (int)(_sent % RecentCount);
        _recent[slot] = draft;
        _voided[slot] = _isVoided;
        _isVoided = false;
        var place = _sent < SampleCount ? _sent : _random.Below(_sent + 1);
        if (place < SampleCount)
        {
            _sample[(int)place] = draft;
        }

        _sent++;
        if (draft.Kind == StockRecordKind.Void)
        {
            _lastVoid = draft;
            _hasVoid = true;
        }
    }

    private long Lateness() => Minute * _random.Below(10) switch
    {
        < 6 => _random.Between(1, 60),
        < 9 => _random.Between(60, 24 * 60),
        _ => _random.Between(24 * 60, 7 * 24 * 60),
    };
}

namespace RetailFlow.Node.Simulation;

/// <summary>What goes on in the shops: the stock records in the order in which they come about, without any delivery fault.</summary>
internal sealed class RetailBusiness
{
    private const long Second = 1_000_000;
    private const long Day = 86_400 * Second;
    private const int MaxLines = 12;
    private const int MaxTransfersUnderWay = 1_024;

    private readonly RetailerOptions _options;
    private readonly RetailCatalog _catalog;
    private readonly SimulationRandom _random;
    private readonly long[] _numbers;
    private readonly StockRecordDraft[] _lines = new StockRecordDraft[MaxLines];
    private readonly Queue<StockRecordDraft> _transfers = new();
    private int _lineCount;
    private int _nextLine;
    private long _ordinal;
    private long _reference;
    private StockRecordDraft _lastCount;
    private bool _hasCount;

    /// <param name="options">The retailer.</param>
    /// <param name="catalog">Its items and places.</param>
    /// <param name="purpose">Tells apart simulations of one seed.</param>
    /// <param name="firstNumber">Event numbers start after this, so that two live sessions never reuse one.</param>
    public RetailBusiness(RetailerOptions options, RetailCatalog catalog, ulong purpose, long firstNumber)
    {
        _options = options;
        _catalog = catalog;
        _random = new SimulationRandom(options.Seed, purpose);
        _numbers = new long[catalog.Sources.Length];
        Array.Fill(_numbers, firstNumber);
        _reference = firstNumber;
    }

    /// <summary>The moment of the next record, in microseconds since 1970. It only grows.</summary>
    public long Now { get; set; }

    /// <summary>The count with which a SKU at a location enters the books, an hour before <see cref="Now"/>.</summary>
    public StockRecordDraft OpeningCount(int sku, int location)
    {
        var units = _random.Chance(0.04) ? 0 : _random.Between(20, 400);
        var draft = Draft(StockRecordKind.Count, RetailCatalog.Erp, sku, location, units * RetailCatalog.One);
        draft.EventTime = Round(Now - 3_600 * Second, draft.Spelling);
        return draft;
    }

    public void Next(out StockRecordDraft draft)
    {
        if (_transfers.TryPeek(out var arriving) && arriving.EventTime <= Now)
        {
            draft = _transfers.Dequeue();
            return;
        }

        if (_random.Chance(_options.CountRate))
        {
            draft = CycleCount();
            return;
        }

        if (_nextLine == _lineCount)
        {
            _nextLine = 0;
            _lineCount = 0;
            Transaction();
        }

        draft = _lines[_nextLine++];
    }

    /// <summary>A record of the same source that takes <paramref name="target"/> back.</summary>
    public StockRecordDraft Void(in StockRecordDraft target)
    {
        var draft = Draft(StockRecordKind.Void, target.Source, target.Sku, target.Location, Math.Abs(target.Quantity));
        draft.VoidedEvent = target.Event;
        draft.VoidedLine = target.Line;
        draft.VoidedOrdinal = target.Ordinal;
        draft.Reason = 1;
        return draft;
    }

    /// <summary>A new record that stands alone; what a broken record is made of.</summary>
    public StockRecordDraft Sale()
    {
        var location = _random.Below(_catalog.Locations.Length);
        var sku = Sku();
        return Draft(StockRecordKind.Sale, _catalog.Tills[location], sku, location, Basket(sku));
    }

    private void Transaction()
    {
        switch (_random.Below(100))
        {
            case < 70:
                Receipt(StockRecordKind.Sale, StoreOrAny(), 6, false);
                break;
            case < 82:
                Receipt(StockRecordKind.Sale, _catalog.Locations.Length - 1, 4, true);
                break;
            case < 86:
                Receipt(StockRecordKind.Return, StoreOrAny(), 2, true);
                break;
            case < 91:
                Delivery();
                break;
            case < 94:
                Transfer();
                break;
            case < 96:
                Single(StockRecordKind.Adjustment, RetailCatalog.Erp);
                break;
            case < 98:
                Single(StockRecordKind.Damage, RetailCatalog.Wms);
                break;
            default:
                Single(StockRecordKind.Shrink, RetailCatalog.Erp);
                break;
        }
    }

    /// <summary>A till rings the same item twice now and then: two lines of one event that differ in nothing but the line.</summary>
    private void Receipt(StockRecordKind kind, int location, int maxLines, bool referenced)
    {
        var source = _catalog.Tills[location];
        var number = NextNumber(source);
        var reference = referenced ? ++_reference : 0;
        var lines = 1 + Math.Min(_random.Below(maxLines), _random.Below(maxLines));
        for (var i = 0; i < lines; i++)
        {
            if (i > 0 && _random.Chance(0.15))
            {
                _lines[i] = _lines[i - 1];
                _lines[i].Ordinal = ++_ordinal;
                _lines[i].Line = i;
                _lineCount++;
                continue;
            }

            var sku = Sku();
            AddLine(kind, source, number, sku, location, Basket(sku), reference);
        }
    }

    private void Delivery()
    {
        var location = _catalog.Warehouses > 0 && _random.Chance(0.5)
            ? _catalog.Stores + _random.Below(_catalog.Warehouses)
            : _random.Below(_catalog.Locations.Length);
        var number = NextNumber(RetailCatalog.Wms);
        var reference = ++_reference;
        var lines = _random.Between(1, 10);
        for (var i = 0; i < lines; i++)
        {
            var sku = Sku();
            AddLine(StockRecordKind.Receipt, RetailCatalog.Wms, number, sku, location, _random.Between(1, 12) * 6 * RetailCatalog.One, reference);
        }
    }

    private void Transfer()
    {
        var from = _catalog.Warehouses > 0 ? _catalog.Stores + _random.Below(_catalog.Warehouses) : _random.Below(_catalog.Locations.Length);
        var to = _random.Below(_catalog.Locations.Length);
        if (from == to || _transfers.Count >= MaxTransfersUnderWay)
        {
            Single(StockRecordKind.Damage, RetailCatalog.Wms);
            return;
        }

        var number = NextNumber(RetailCatalog.Wms);
        var reference = ++_reference;
        var sku = Sku();
        var quantity = _random.Between(2, 24) * RetailCatalog.One;
        AddLine(StockRecordKind.TransferOut, RetailCatalog.Wms, number, sku, from, quantity, reference);
        var arrival = Draft(StockRecordKind.TransferIn, RetailCatalog.Wms, sku, to, quantity);
        arrival.Reference = reference;
        arrival.EventTime = Round(Now + 4 * 3_600 * Second, arrival.Spelling);
        _transfers.Enqueue(arrival);
    }

    private void Single(StockRecordKind kind, int source)
    {
        var quantity = _random.Between(1, 4) * RetailCatalog.One;
        var signed = kind == StockRecordKind.Adjustment && _random.Chance(0.5) ? -quantity : quantity;
        AddLine(kind, source, NextNumber(source), Sku(), _random.Below(_catalog.Locations.Length), signed, 0);
        _lines[0].Reason = (byte)(1 + _random.Below(RecordWriter.ReasonCount));
    }

    private void AddLine(StockRecordKind kind, int source, EventNumber number, int sku, int location, long quantity, long reference)
    {
        ref var line = ref _lines[_lineCount];
        line = Draft(kind, source, number, sku, location, quantity);
        line.Line = _lineCount;
        line.Reference = reference;
        if (_options.Variety && _hasCount && kind == StockRecordKind.Sale && location == _lastCount.Location && _random.Chance(0.05))
        {
            // Sold at the very instant of the count: it is in the count.
            line.Sku = _lastCount.Sku;
            line.Quantity = RetailCatalog.One;
            line.EventTime = _lastCount.EventTime;
            line.Spelling = _lastCount.Spelling;
        }

        _lineCount++;
    }

    private StockRecordDraft CycleCount()
    {
        var location = _random.Below(_catalog.Locations.Length);
        var sku = Sku();
        var quantity = IsWeighed(sku) ? _random.Between(0, 90_000) * (RetailCatalog.One / 1_000) : _random.Between(0, 240) * RetailCatalog.One;
        var draft = Draft(StockRecordKind.Count, _catalog.Types[location] == LocationType.Store ? RetailCatalog.Erp : RetailCatalog.Wms, sku, location, quantity);
        if (_options.Variety && _hasCount && _random.Chance(0.05))
        {
            // A recount at the very same instant: the one accepted later governs.
            draft.Source = _lastCount.Source;
            draft.Event = NextNumber(draft.Source);
            draft.Sku = _lastCount.Sku;
            draft.Location = _lastCount.Location;
            draft.EventTime = _lastCount.EventTime;
            draft.Spelling = _lastCount.Spelling;
        }

        _lastCount = draft;
        _hasCount = true;
        return draft;
    }

    private StockRecordDraft Draft(StockRecordKind kind, int source, int sku, int location, long quantity) =>
        Draft(kind, source, NextNumber(source), sku, location, quantity);

    private StockRecordDraft Draft(StockRecordKind kind, int source, EventNumber number, int sku, int location, long quantity)
    {
        var spelling = _options.Variety ? RandomSpelling() : Spelling.Plain;
        return new StockRecordDraft
        {
            Ordinal = ++_ordinal,
            Event = number,
            Quantity = quantity,
            EventTime = Round(Now, spelling),
            Source = source,
            Sku = sku,
            Location = location,
            Kind = kind,
            Spelling = spelling,
        };
    }

    private Spelling RandomSpelling()
    {
        var spelling = Spelling.Plain;
        var choice = _random.Below(64);
        spelling |= (choice & 7) == 0 ? Spelling.QuantityAsString : 0;
        spelling |= (choice & 15) == 1 ? Spelling.TrailingZero : 0;
        spelling |= (choice & 31) == 2 ? Spelling.UnknownField : 0;
        spelling |= (choice & 3) == 3 ? Spelling.Milliseconds : 0;
        spelling |= (choice & 7) == 4 ? Spelling.Microseconds : 0;
        spelling |= (choice & 7) == 6 ? Spelling.LineLeftOut : 0;
        return spelling;
    }

    private EventNumber NextNumber(int source) =>
        new(++_numbers[source], Utf8Cursor.CalendarDay((int)(Now / Day)), (byte)(1 + _random.Below(4)));

    private int StoreOrAny() => _catalog.Stores > 0 ? _random.Below(_catalog.Stores) : _random.Below(_catalog.Locations.Length);

    /// <summary>Some items sell far better than others: density falls with the square root of the rank.</summary>
    private int Sku()
    {
        var unit = _random.Unit();
        return (int)(unit * unit * _catalog.Skus.Length);
    }

    private long Basket(int sku) => IsWeighed(sku)
        ? _random.Between(50, 2_999) * (RetailCatalog.One / 1_000)
        : (_random.Chance(0.8) ? 1 : _random.Between(2, 6)) * RetailCatalog.One;

    private static bool IsWeighed(int sku) => RetailCatalog.IsWeighed(sku);

    /// <summary>A time is as exact as it will be written.</summary>
    public static long Round(long time, Spelling spelling)
    {
        var unit = (spelling & Spelling.Microseconds) != 0 ? 1 : (spelling & Spelling.Milliseconds) != 0 ? 1_000 : Second;
        return time / unit * unit;
    }
}

using System.Diagnostics;
using System.Globalization;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Bench.Stock;

/// <summary>A ledger with its journal on the disk, in this process, and callers that hold stock in it.</summary>
internal sealed class LedgerLoad : IAsyncDisposable
{
    private const long Plenty = 1_000_000_000;

    private readonly string _folder;
    private readonly StockLedger _ledger = new(new UniformPolicy(StockTerms.Plain));
    private readonly StockJournal _journal;
    private readonly string[] _skus;

    public LedgerLoad(string folder, int skus)
    {
        _folder = folder;
        _skus = [.. Enumerable.Range(0, skus).Select(Sku)];
        foreach (var sku in _skus)
        {
            _ledger.Load(sku, "L1", new OnHandState(Quantity.Of(Plenty), OnHandState.None, OnHandState.None, null), 0);
        }

        _ledger.Publish();
        _journal = StockJournal.Open(folder, new StockJournalOptions { Follower = new LedgerFollower(_ledger) }, out _);
    }

    /// <summary>Entries of the journal.</summary>
    public long Sequence => _journal.LastDurableSequence;

    /// <summary>Bytes of the journal.</summary>
    public long Bytes => Directory.GetFiles(_folder, "*.ndjson", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);

    /// <summary>What is held of everything, and how many reservations there are.</summary>
    public (decimal Held, int Reservations) Books => (_ledger.All().Sum(r => r.Level.Held.ToDecimal()), _ledger.ReservationCount);

    /// <summary>
    /// Holds one of a SKU, again and again, from some callers with some appends under way each, of one command or of several; commands a second, and
    /// milliseconds of the 99th percentile of an append.
    /// </summary>
    public async Task<(double PerSecond, double P99)> HoldAsync(int callers, int underWay, int commands, TimeSpan time, bool hot, CancellationToken cancellationToken)
    {
        var stop = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var began = Stopwatch.GetTimestamp();
        var results = await Task.WhenAll(Enumerable.Range(0, callers * underWay).Select(n => Task.Run(() => CallAsync(n, stop, commands, hot, cancellationToken), cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var latencies = results.SelectMany(r => r).ToArray();
        Array.Sort(latencies);
        return ((long)latencies.Length * commands / seconds, latencies[(int)(latencies.Length * 0.99)] * 1_000);
    }

    public ValueTask DisposeAsync() => _journal.DisposeAsync();

    private async Task<List<float>> CallAsync(int caller, long stop, int commands, bool hot, CancellationToken cancellationToken)
    {
        var random = new Random(caller);
        var latencies = new List<float>(1 << 16);
        var name = string.Create(CultureInfo.InvariantCulture, $"{Sequence:x}-{caller:x}-");
        for (var n = 0; Stopwatch.GetTimestamp() < stop; n++)
        {
            var holds = new ReservationCommand[commands];
            for (var i = 0; i < commands; i++)
            {
                holds[i] = Hold(name, ((uint)n * (uint)commands) + (uint)i, hot ? 0 : random.Next(_skus.Length));
            }

            var began = Stopwatch.GetTimestamp();
            var receipt = await _journal.AppendAsync(new JournalBatch { Tag = commands == 1 ? holds[0] : holds }, cancellationToken);
            var granted = receipt.Admission switch
            {
                ReservationTransition answer => IsGranted(answer),
                ReservationTransition?[] answers => Array.TrueForAll(answers, IsGranted),
                _ => false,
            };
            if (!granted)
            {
                throw new BenchException("A hold was refused although there is plenty.");
            }

            latencies.Add((float)Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return latencies;
    }

    private HoldCommand Hold(string name, uint number, int sku)
    {
        var id = string.Create(name.Length + 8, (name, number), static (text, of) =>
        {
            of.name.CopyTo(text);
            var digits = text[of.name.Length..];
            for (var i = 0; i < digits.Length; i++)
            {
                digits[i] = "0123456789abcdef"[(int)(of.number >> (28 - (4 * i))) & 0xF];
            }
        });
        return new HoldCommand(id, number, id)
        {
            Lines = (RequestedLine[])[new RequestedLine(_skus[sku], "L1", Quantity.Of(1))],
            TtlMicros = 900_000_000,
        };
    }

    private static bool IsGranted(ReservationTransition? answer) => answer is { Refusal: ReservationRefusal.None };

    private static string Sku(int number) => string.Create(CultureInfo.InvariantCulture, $"SKU-{number:D7}");
}

using System.Text;

namespace RetailFlow.Node.Simulation;

/// <summary>
/// A simulated retailer: stores, warehouses and a web shop that send stock records the way real ones do, with resends,
/// latecomers and nonsense. Equal options give equal bytes.
/// </summary>
public sealed class RetailerSimulation
{
    private const long MicrosecondsPerDay = 86_400_000_000;

    // Twelfths of the average, by UTC hour: shops are quiet at night and busy around noon and in the evening.
    private static readonly int[] s_hourlyTrade = [2, 2, 1, 1, 2, 4, 8, 10, 13, 16, 19, 22, 22, 19, 18, 18, 20, 23, 22, 17, 12, 9, 5, 3];

    private readonly RetailerOptions _options;

    /// <summary>Prepares a simulation; nothing is generated yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range; the message names it.</exception>
    public RetailerSimulation(RetailerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
    }

    /// <summary>
    /// Writes <c>inventory/&lt;day&gt;/&lt;source&gt;.*</c> (JSON lines, some gzipped, one JSON array, opening counts as CSV),
    /// <c>stores.csv</c>, <c>products.csv</c> and <c>expected.json</c> with what the files come to. Files of the same name are replaced.
    /// </summary>
    /// <returns>The content of <c>expected.json</c>.</returns>
    public Task<ExpectedTotals> WriteFilesAsync(string directory, CancellationToken cancellationToken = default) =>
        Task.Run(() => WriteFiles(directory, cancellationToken), cancellationToken);

    /// <summary>A retailer that works now, for as long as it is asked.</summary>
    /// <param name="clock">What "now" is.</param>
    /// <param name="recordsPerSecond">How much it sends on average.</param>
    public LiveRetailer StartLive(TimeProvider clock, double recordsPerSecond = 300) =>
        new(_options, new RetailCatalog(_options.Skus, _options.Locations), clock, recordsPerSecond);

    /// <summary>
    /// An endless stream of plainly spelled records without opening counts and without broken ones. Time passes so that
    /// <paramref name="recordsPerDay"/> records arrive each day from <see cref="RetailerOptions.Start"/> on.
    /// </summary>
    public RecordStream OpenRecordStream(long recordsPerDay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(recordsPerDay, 1);
        return new RecordStream(
            _options with { Variety = false, BrokenRate = 0 },
            new RetailCatalog(_options.Skus, _options.Locations),
            TimeSpan.FromMicroseconds(MicrosecondsPerDay / recordsPerDay));
    }

    /// <summary>
    /// Writes <paramref name="records"/> records of such a stream, spread over <see cref="RetailerOptions.Days"/>, into
    /// <paramref name="files"/> JSON-lines files.
    /// </summary>
    /// <returns>The paths, in order of arrival.</returns>
    public IReadOnlyList<string> WriteBenchmarkFiles(string directory, long records, int files)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(files, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(records, files);
        Directory.CreateDirectory(directory);
        var stream = OpenRecordStream(Math.Max(1, records / _options.Days));
        var paths = new List<string>(files);
        for (var i = 0; i < files; i++)
        {
            var path = Path.Combine(directory, $"records-{i:D4}.ndjson");
            stream.WriteFile(path, records * (i + 1) / files - records * i / files);
            paths.Add(path);
        }

        return paths;
    }

    private ExpectedTotals WriteFiles(string directory, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        var catalog = new RetailCatalog(_options.Skus, _options.Locations);
        WriteText(Path.Combine(directory, "stores.csv"), catalog.WriteStores);
        WriteText(Path.Combine(directory, "products.csv"), writer => catalog.WriteProducts(writer, _options.Start));

        var opening = (_options.Start - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var business = new RetailBusiness(_options, catalog, 1, 0) { Now = opening };
        var delivery = new FaultyDelivery(_options, business, 1);
        var pace = new SimulationRandom(_options.Seed, 0x9ACE);
        var books = new SimulatedBooks(catalog);
        using var folder = new FeedFolder(directory, _options, catalog, books);
        folder.WriteOpeningCounts(business);

        var meanGap = MicrosecondsPerDay / (_options.Scale * RetailerOptions.RecordsPerDayAtScaleOne);
        var end = opening + _options.Days * MicrosecondsPerDay;
        while (true)
        {
            var hour = (int)((business.Now - opening) / (MicrosecondsPerDay / 24) % 24);
            business.Now += 1 + (long)(meanGap * 2 * pace.Unit() * 12 / s_hourlyTrade[hour]);
            if (business.Now >= end)
            {
                break;
            }

            cancellationToken.ThrowIfCancellationRequested();
            var kind = delivery.Next(out var draft);
            folder.Write((int)((business.Now - opening) / MicrosecondsPerDay), kind, in draft, delivery.Broken);
        }

        var totals = books.Close(folder.Close());
        using var expected = new FileStream(Path.Combine(directory, "expected.json"), FileMode.Create, FileAccess.Write);
        ExpectedTotalsJson.Write(expected, _options, totals);
        return totals;
    }

    private static void WriteText(string path, Action<TextWriter> write)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        write(writer);
    }
}

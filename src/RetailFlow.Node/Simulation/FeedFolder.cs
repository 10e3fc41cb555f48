using System.Globalization;
using System.Text;

namespace RetailFlow.Node.Simulation;

/// <summary>
/// Writes what a retailer's systems deliver as one file per source and day of arrival. Sorted by name, the files stand
/// in the order of landing that the books assume: by day, then by source.
/// </summary>
internal sealed class FeedFolder : IDisposable
{
    private readonly string _root;
    private readonly RetailerOptions _options;
    private readonly RetailCatalog _catalog;
    private readonly SimulatedBooks _books;
    private readonly SortedDictionary<string, FeedFile> _open = new(StringComparer.Ordinal);
    private readonly FeedFile?[] _bySource;
    private readonly List<ExpectedFile> _files = [];
    private int _day = -1;
    private string _dayName = "";

    public FeedFolder(string root, RetailerOptions options, RetailCatalog catalog, SimulatedBooks books)
    {
        _root = root;
        _options = options;
        _catalog = catalog;
        _books = books;
        _bySource = new FeedFile?[catalog.Sources.Length];
    }

    /// <summary>Writes the opening counts of everything everywhere as one CSV; one row in 97 comes twice.</summary>
    public void WriteOpeningCounts(RetailBusiness business)
    {
        var day = _options.Start.AddDays(-1).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        using var file = new FeedFile(_root, $"inventory/{day}/erp-opening-counts.csv", FeedFormat.Csv);
        var rows = 0;
        for (var sku = 0; sku < _catalog.Skus.Length; sku++)
        {
            for (var location = 0; location < _catalog.Locations.Length; location++)
            {
                var draft = business.OpeningCount(sku, location);
                WriteRow(file, in draft, DeliveryKind.New);
                if (++rows % 97 == 0)
                {
                    WriteRow(file, in draft, DeliveryKind.Resend);
                }
            }
        }

        _files.Add(file.Expected);
    }

    /// <summary>Writes one record into the file of its source on day <paramref name="day"/> of business.</summary>
    public void Write(int day, DeliveryKind kind, in StockRecordDraft draft, BrokenRecord? broken)
    {
        if (day != _day)
        {
            CloseDay();
            _day = day;
            _dayName = _options.Start.AddDays(day).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }

        var file = _bySource[draft.Source] ??= Open(draft.Source);
        if (broken is { IsJsonObject: false } && file.Format == FeedFormat.JsonArray)
        {
            // One such line would make the array unreadable as a whole.
            return;
        }

        var room = file.Reserve();
        var length = broken is null ? RecordWriter.WriteJson(in draft, _catalog, room) : broken.Write(in draft, _catalog, room);
        file.Commit(length, kind);
        _books.Enter(kind, in draft, broken);
    }

    /// <summary>Closes every file.</summary>
    /// <returns>All files in the order of landing.</returns>
    public IReadOnlyList<ExpectedFile> Close()
    {
        CloseDay();
        return _files;
    }

    public void Dispose()
    {
        foreach (var file in _open.Values)
        {
            file.Dispose();
        }

        _open.Clear();
    }

    private FeedFile Open(int source)
    {
        var format = source == RetailCatalog.Wms ? FeedFormat.NdjsonGzip
            : source == RetailCatalog.Web && _day == Math.Min(1, _options.Days - 1) ? FeedFormat.JsonArray
            : FeedFormat.Ndjson;
        var extension = format == FeedFormat.JsonArray ? "json" : format == FeedFormat.NdjsonGzip ? "ndjson.gz" : "ndjson";
        var path = $"inventory/{_dayName}/{Encoding.UTF8.GetString(_catalog.Sources[source])}.{extension}";
        var file = new FeedFile(_root, path, format);
        _open.Add(path, file);
        return file;
    }

    private void WriteRow(FeedFile file, in StockRecordDraft draft, DeliveryKind kind)
    {
        file.Commit(RecordWriter.WriteCsv(in draft, _catalog, file.Reserve()), kind);
        _books.Enter(kind, in draft, null);
    }

    private void CloseDay()
    {
        foreach (var file in _open.Values)
        {
            file.Dispose();
            _files.Add(file.Expected);
        }

        _open.Clear();
        Array.Clear(_bySource);
    }
}

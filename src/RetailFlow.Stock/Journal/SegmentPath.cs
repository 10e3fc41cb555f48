using System.Globalization;

namespace RetailFlow.Stock.Journal;

/// <summary>
/// Where a segment lies in the lake: <c>raw/inventory/ingestion_date=2026-11-22/source=http/journal-00000000000000000001.ndjson</c>,
/// the number being the sequence of its first record.
/// </summary>
internal static class SegmentPath
{
    public const string FeedFolder = "raw/inventory";
    private const string Prefix = "journal-";
    private const string Suffix = ".ndjson";
    private const int SequenceDigits = 20;

    public static string Of(DateOnly day, string door, long firstSequence) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{FeedFolder}/ingestion_date={day:yyyy-MM-dd}/source={door}/{Prefix}{firstSequence:D20}{Suffix}");

    /// <summary>The sequence of the segment's first record, or null if the path names no segment.</summary>
    public static long? FirstSequence(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && name.Length == Prefix.Length + SequenceDigits + Suffix.Length
            && long.TryParse(
                name.AsSpan(Prefix.Length, SequenceDigits), NumberStyles.None, CultureInfo.InvariantCulture, out long first)
            && first > 0
            ? first
            : null;
    }

    /// <summary>The day of the segment's folder.</summary>
    public static DateOnly? Day(string path)
    {
        const string Marker = "/ingestion_date=";
        int at = path.IndexOf(Marker, StringComparison.Ordinal);
        return at >= 0 && path.Length >= at + Marker.Length + 10
            && DateOnly.TryParseExact(
                path.AsSpan(at + Marker.Length, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day)
            ? day
            : null;
    }
}

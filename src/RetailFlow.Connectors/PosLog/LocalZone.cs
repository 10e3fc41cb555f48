using System.Globalization;
using System.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.PosLog;

/// <summary>
/// The zone of times that a document writes without an offset: a fixed offset or a zone of the IANA database. Where a clock shows an
/// hour twice, the later one (standard time) is meant, always.
/// </summary>
public sealed class LocalZone
{
    private readonly TimeZoneInfo _zone;

    private LocalZone(TimeZoneInfo zone) => _zone = zone;

    /// <summary>Reads <c>Europe/Berlin</c>, <c>+01:00</c>, <c>-07:00</c>, <c>UTC</c> or <c>Z</c>.</summary>
    /// <param name="text">Name or offset.</param>
    /// <param name="zone">The zone.</param>
    /// <returns>Whether this machine knows such a zone.</returns>
    public static bool TryParse(string text, out LocalZone? zone)
    {
        zone = null;
        if (text is "Z" or "UTC")
        {
            zone = new LocalZone(TimeZoneInfo.Utc);
            return true;
        }

        if (text is ['+' or '-', ..])
        {
            if (!TimeSpan.TryParseExact(text.AsSpan(1), @"hh\:mm", CultureInfo.InvariantCulture, out var offset) || offset > TimeSpan.FromHours(14))
            {
                return false;
            }

            zone = new LocalZone(TimeZoneInfo.CreateCustomTimeZone(text, text[0] == '-' ? -offset : offset, text, text));
            return true;
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(text, out var found))
        {
            return false;
        }

        zone = new LocalZone(found);
        return true;
    }

    /// <summary>A time with its offset: as written where it has one, else with that of <paramref name="zone"/>; null where there is none.</summary>
    internal static string? WithOffset(string text, LocalZone? zone)
    {
        if (RecordTime.Parse(Encoding.UTF8.GetBytes(text), out _) != TimeFault.NoOffset)
        {
            return text;
        }

        if (zone is null
            || !DateTime.TryParseExact(text[..19].Replace(' ', 'T').Replace('t', 'T'), "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
        {
            return null;
        }

        var offset = zone._zone.GetUtcOffset(local);
        return $"{text}{(offset < TimeSpan.Zero ? '-' : '+')}{offset.ToString(@"hh\:mm", CultureInfo.InvariantCulture)}";
    }
}

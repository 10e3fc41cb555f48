using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace RetailFlow.Node.Http;

/// <summary>Query parameters that are read strictly: a wrong value is an error, never a default.</summary>
internal static class Queries
{
    private static readonly string[] s_timeFormats = ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK", "yyyy-MM-ddTHH:mmK", "yyyy-MM-dd"];

    /// <summary>An RFC 3339 time; without an offset it is UTC.</summary>
    public static bool TryTime(HttpRequest request, string name, out DateTimeOffset? time, out Problem problem)
    {
        time = null;
        problem = default;
        if (request.Query[name] is not [var text])
        {
            return NotMany(request, name, out problem);
        }

        // A plus sign in a query means a space.
        if (DateTimeOffset.TryParseExact(
            text?.Replace(' ', '+'), s_timeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed))
        {
            time = parsed;
            return true;
        }

        problem = Problem.BadRequest($"{name} '{text}' is not a time such as 2026-01-31T12:00:00Z.");
        return false;
    }

    /// <summary>A sequence or count: a whole number from 0 on.</summary>
    public static bool TryWhole(HttpRequest request, string name, out long? number, out Problem problem)
    {
        number = null;
        problem = default;
        if (request.Query[name] is not [var text])
        {
            return NotMany(request, name, out problem);
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed))
        {
            number = parsed;
            return true;
        }

        problem = Problem.BadRequest($"{name} '{text}' is not a whole number from 0 on.");
        return false;
    }

    /// <summary>Text that is given once and is not empty, or is absent.</summary>
    public static bool TryText(HttpRequest request, string name, out string? text, out Problem problem)
    {
        text = null;
        problem = default;
        if (request.Query[name] is not [var only])
        {
            return NotMany(request, name, out problem);
        }

        if (string.IsNullOrEmpty(only))
        {
            problem = Problem.BadRequest($"{name} must not be empty.");
            return false;
        }

        text = only;
        return true;
    }

    private static bool NotMany(HttpRequest request, string name, out Problem problem)
    {
        problem = default;
        if (request.Query[name].Count == 0)
        {
            return true;
        }

        problem = Problem.BadRequest($"{name} may be given only once.");
        return false;
    }
}

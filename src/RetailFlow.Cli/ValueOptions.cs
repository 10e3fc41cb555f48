using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace RetailFlow.Cli;

/// <summary>Options and arguments whose text is checked while it is parsed, so that a wrong value is wrong usage.</summary>
internal static class ValueOptions
{
    private static readonly string[] s_timeFormats =
    [
        "yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mmK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>A point in time; without an offset it is UTC.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => ParseTime(result),
    };

    public static Option<long?> Version(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => (long?)ParseWhole(result, 0, long.MaxValue),
    };

    public static Option<int?> Count(string name, string description, int smallest = 1) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => (int?)ParseWhole(result, smallest, int.MaxValue),
    };

    public static Option<double?> Factor(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "S",
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var factor)
                && double.IsFinite(factor) && factor > 0)
            {
                return factor;
            }

            result.AddError($"{name} '{result.Tokens[0].Value}' is not a number above zero.");
            return null;
        },
    };

    private static DateTimeOffset? ParseTime(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParseExact(
            text, s_timeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        result.AddError($"{NameOf(result)} '{text}' is not a time such as 2026-01-31T12:00:00Z.");
        return null;
    }

    private static long? ParseWhole(ArgumentResult result, long smallest, long greatest)
    {
        var text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= smallest && number <= greatest)
        {
            return number;
        }

        result.AddError($"{NameOf(result)} '{text}' is not a whole number from {smallest} on.");
        return null;
    }

    private static string NameOf(ArgumentResult result) => (result.Parent as OptionResult)?.Option.Name ?? result.Argument.Name;
}

using System.Globalization;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>The column figures that the engine returns of a file it wrote.</summary>
internal static class EngineStatistics
{
    /// <summary>Statistics of leaf columns; the engine names one by its quoted path.</summary>
    public static IEnumerable<ColumnStatistics> Read(object? value)
    {
        foreach (var (path, statistics) in Entries(value))
        {
            var byName = Entries(statistics).ToDictionary(s => s.Key, s => s.Value as string, StringComparer.Ordinal);
            yield return new ColumnStatistics(
                ColumnPath.Of(Unquote(path)),
                byName.GetValueOrDefault("min"),
                byName.GetValueOrDefault("max"),
                byName.GetValueOrDefault("null_count") is { } nulls ? long.Parse(nulls, CultureInfo.InvariantCulture) : null,
                byName.GetValueOrDefault("has_nan") == "true");
        }
    }

    private static string[] Unquote(string path)
    {
        var parts = new List<string>();
        var part = new System.Text.StringBuilder();
        for (var i = 1; i < path.Length; i++)
        {
            if (path[i] != '"')
            {
                part.Append(path[i]);
            }
            else if (i + 1 < path.Length && path[i + 1] == '"')
            {
                part.Append(path[i++]);
            }
            else
            {
                // Past the closing quote, the dot and the next opening quote.
                parts.Add(part.ToString());
                part.Clear();
                i += 2;
            }
        }

        return [.. parts];
    }

    private static IEnumerable<(string Key, object? Value)> Entries(object? map)
    {
        foreach (var pair in (IEnumerable<KeyValuePair<object, object?>>)(map ?? throw new DeltaException(DeltaErrorKind.Unavailable, "The engine returned no column statistics.")))
        {
            yield return ((string)pair.Key, pair.Value);
        }
    }
}

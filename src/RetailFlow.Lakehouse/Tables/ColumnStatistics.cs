using System.Globalization;
using System.Text;
using System.Text.Json;
using RetailFlow.Delta;

namespace RetailFlow.Lakehouse.Tables;

/// <summary>
/// Turns the engine's per-file column statistics (COPY ... RETURN_STATS) into the statistics of a Delta add action
/// (Delta protocol, "Per-file Statistics"). Bounds are valid, and wide where text or time had to be shortened.
/// </summary>
internal static class ColumnStatistics
{
    private const int IndexedColumns = 32;
    private const int LongestBound = 64;

    /// <summary>The JSON text of <c>stats</c> for one file.</summary>
    /// <param name="schema">Schema of the table; the first 32 columns are indexed.</param>
    /// <param name="rows">Rows in the file.</param>
    /// <param name="statistics">By quoted column name, the engine's statistics by name.</param>
    public static string ToJson(StructType schema, long rows, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> statistics)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("numRecords", rows);
            WriteBounds(json, "minValues", "min", schema, statistics);
            WriteBounds(json, "maxValues", "max", schema, statistics);
            json.WriteStartObject("nullCount");
            foreach (var (field, values) in Indexed(schema, statistics))
            {
                if (values.TryGetValue("null_count", out var nulls))
                {
                    json.WriteNumber(field.Name, long.Parse(nulls, CultureInfo.InvariantCulture));
                }
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void WriteBounds(
        Utf8JsonWriter json,
        string property,
        string bound,
        StructType schema,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> statistics)
    {
        json.WriteStartObject(property);
        foreach (var (field, values) in Indexed(schema, statistics))
        {
            if (values.TryGetValue(bound, out var text) && values.GetValueOrDefault("has_nan") != "true")
            {
                WriteBound(json, field, text, upper: bound == "max");
            }
        }

        json.WriteEndObject();
    }

    private static IEnumerable<(StructField Field, IReadOnlyDictionary<string, string> Values)> Indexed(
        StructType schema,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> statistics)
    {
        foreach (var field in schema.Fields.Take(IndexedColumns))
        {
            if (statistics.TryGetValue($"\"{field.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", out var values))
            {
                yield return (field, values);
            }
        }
    }

    private static void WriteBound(Utf8JsonWriter json, StructField field, string text, bool upper)
    {
        switch (field.Type)
        {
            case DecimalType:
            case PrimitiveType { Name: "long" or "integer" or "short" or "byte" }:
                json.WritePropertyName(field.Name);
                json.WriteRawValue(text);
                break;
            case PrimitiveType { Name: "double" or "float" }:
                if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
                {
                    json.WriteNumber(field.Name, number);
                }

                break;
            case PrimitiveType { Name: "string" }:
                if (text.Length <= LongestBound)
                {
                    json.WriteString(field.Name, text);
                }

                break;
            case PrimitiveType { Name: "date" }:
                if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
                {
                    json.WriteString(field.Name, text);
                }

                break;
            case PrimitiveType { Name: "timestamp" }:
                if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var instant))
                {
                    json.WriteString(field.Name, Milliseconds(instant, upper));
                }

                break;
            default:
                break;
        }
    }

    /// <summary>Times in statistics have milliseconds: the lower bound is cut, the upper one rounded up.</summary>
    private static string Milliseconds(DateTimeOffset instant, bool upper)
    {
        var ticks = instant.UtcTicks;
        var rest = ticks % TimeSpan.TicksPerMillisecond;
        if (rest != 0)
        {
            ticks += upper ? TimeSpan.TicksPerMillisecond - rest : -rest;
        }

        return new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }
}

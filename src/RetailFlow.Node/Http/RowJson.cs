using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using RetailFlow.DuckDb;

namespace RetailFlow.Node.Http;

/// <summary>
/// Rows of a query as JSON. Numbers stay exact: integers of any size and decimals are JSON numbers, never binary floats; a float that
/// is no number is the string <c>"NaN"</c>, <c>"Infinity"</c> or <c>"-Infinity"</c>. Times are RFC 3339, bytes are base64.
/// </summary>
public static class RowJson
{
    /// <summary>Text is written as it is: the output is JSON in UTF-8, not part of an HTML page.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one row as an object; <paramref name="columns"/> come from <see cref="DistinctNames"/>.</summary>
    public static void WriteRow(Utf8JsonWriter writer, IReadOnlyList<string> columns, object?[] row)
    {
        writer.WriteStartObject();
        for (var i = 0; i < columns.Count; i++)
        {
            writer.WritePropertyName(columns[i]);
            WriteValue(writer, row[i]);
        }

        writer.WriteEndObject();
    }

    /// <summary>Column names made different from each other, as an object needs them: a repeated name gets a number.</summary>
    public static IReadOnlyList<string> DistinctNames(IEnumerable<string> names)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var distinct = new List<string>();
        foreach (var name in names)
        {
            var candidate = name;
            for (var number = 2; !taken.Add(candidate); number++)
            {
                candidate = string.Create(CultureInfo.InvariantCulture, $"{name}_{number}");
            }

            distinct.Add(candidate);
        }

        return distinct;
    }

    /// <summary>Writes one value of a query's result, nested values included.</summary>
    public static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong whole:
                writer.WriteNumberValue(whole);
                break;
            case BigInteger or Int128 or UInt128:
                writer.WriteRawValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture), skipInputValidation: true);
                break;
            case decimal exact:
                writer.WriteNumberValue(exact);
                break;
            case float single when float.IsFinite(single):
                writer.WriteNumberValue(single);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case float or double:
                writer.WriteStringValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            case DuckDbDecimal wide:
                writer.WriteRawValue(wide.ToString(), skipInputValidation: true);
                break;
            case IEnumerable<KeyValuePair<string, object?>> fields:
                WriteFields(writer, fields);
                break;
            case IEnumerable<KeyValuePair<string, string>> texts:
                WriteFields(writer, texts.Select(t => KeyValuePair.Create(t.Key, (object?)t.Value)));
                break;
            case IEnumerable<KeyValuePair<object, object?>> map:
                WriteFields(writer, map.Select(m => KeyValuePair.Create(Text(m.Key), m.Value)));
                break;
            case IEnumerable items:
                writer.WriteStartArray();
                foreach (var item in items)
                {
                    WriteValue(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(Text(value));
                break;
        }
    }

    /// <summary>The text of a scalar value, the same in JSON strings, CSV and tables.</summary>
    public static string Text(object value) => value switch
    {
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        DateTime { Kind: DateTimeKind.Utc } time => time.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        DuckDbInterval interval => string.Create(
            CultureInfo.InvariantCulture, $"P{interval.Months}M{interval.Days}DT{interval.Micros / 1_000_000m}S"),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        bool truth => truth ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        byte[] bytes => Convert.ToBase64String(bytes),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };

    private static void WriteFields(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, object?>> fields)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in fields)
        {
            writer.WritePropertyName(name);
            WriteValue(writer, value);
        }

        writer.WriteEndObject();
    }
}

using System.Buffers;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>
/// What is known about the rows of a file (protocol section "Per-file Statistics"). Values are JSON by physical column name,
/// nested for structs; numbers keep the digits of the log. <see cref="StatisticsBuilder"/> makes them from column figures.
/// </summary>
public sealed record FileStatistics
{
    /// <summary>Number of physical rows; null if not recorded.</summary>
    public long? NumRecords { get; init; }

    /// <summary>Object of lower bounds, or null.</summary>
    public JsonElement? MinValues { get; init; }

    /// <summary>Object of upper bounds, or null.</summary>
    public JsonElement? MaxValues { get; init; }

    /// <summary>Object of numbers of nulls, or null.</summary>
    public JsonElement? NullCount { get; init; }

    /// <summary>False when a deletion vector may have made the bounds wider than the rows; null counts as true.</summary>
    public bool? TightBounds { get; init; }

    /// <summary>Parses the text of <see cref="AddFile.Stats"/>.</summary>
    /// <exception cref="DeltaException">The text is not a JSON object (<see cref="DeltaErrorKind.Corrupt"/>).</exception>
    public static FileStatistics Parse(string json) =>
        TryParse(Encoding.UTF8.GetBytes(json)) ?? throw DeltaException.Corrupt("The statistics of a file are not a JSON object.");

    /// <summary>The same statistics for a file of which rows are deleted by a deletion vector: the bounds may be wider than what is left.</summary>
    public FileStatistics Widened() => this with { TightBounds = false };

    /// <summary>The statistics as JSON text.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, DeltaActionJson.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteOptional("numRecords"u8, NumRecords);
            Write(writer, "minValues"u8, MinValues);
            Write(writer, "maxValues"u8, MaxValues);
            Write(writer, "nullCount"u8, NullCount);
            writer.WriteOptional("tightBounds"u8, TightBounds);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    internal static FileStatistics? TryParse(ReadOnlySpan<byte> json)
    {
        try
        {
            var root = JsonElement.Parse(json);
            if (root.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            return new FileStatistics
            {
                NumRecords = root.TryGetProperty("numRecords"u8, out var n) && n.ValueKind == JsonValueKind.Number && n.TryGetInt64(out var records) && records >= 0 ? records : null,
                MinValues = ObjectOf(root, "minValues"u8),
                MaxValues = ObjectOf(root, "maxValues"u8),
                NullCount = ObjectOf(root, "nullCount"u8),
                TightBounds = root.TryGetProperty("tightBounds"u8, out var tight) && tight.ValueKind is (JsonValueKind.True or JsonValueKind.False) ? tight.GetBoolean() : null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement? ObjectOf(JsonElement root, ReadOnlySpan<byte> name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement? value)
    {
        if (value is { } json)
        {
            writer.WritePropertyName(name);
            json.WriteTo(writer);
        }
    }
}

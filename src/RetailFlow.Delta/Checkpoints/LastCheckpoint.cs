using System.Buffers;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>The file <c>_last_checkpoint</c>: a hint where to begin, never the truth.</summary>
internal static class LastCheckpoint
{
    public const string Name = "_last_checkpoint";

    /// <summary>The version it names, or null if it is missing or makes no sense.</summary>
    public static long? TryParse(byte[]? content)
    {
        if (content is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(content);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("version"u8, out var version)
                && version.ValueKind == JsonValueKind.Number
                && version.TryGetInt64(out var number) && number >= 0
                    ? number
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static ReadOnlyMemory<byte> Write(long version, int actions, long sizeInBytes, int files)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version"u8, version);
            writer.WriteNumber("size"u8, actions);
            writer.WriteNumber("sizeInBytes"u8, sizeInBytes);
            writer.WriteNumber("numOfAddFiles"u8, files);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}

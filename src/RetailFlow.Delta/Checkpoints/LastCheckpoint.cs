using System.Buffers;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>The file <c>_last_checkpoint</c>: a hint where to begin, never the truth (protocol section "Last Checkpoint File Schema").</summary>
internal static class LastCheckpoint
{
    public const string Name = "_last_checkpoint";

    /// <summary>The version it names, or null if it is missing, makes no sense or does not have its own checksum.</summary>
    public static long? TryParse(byte[]? content)
    {
        if (content is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("version"u8, out var version)
                && version.ValueKind == JsonValueKind.Number
                && version.TryGetInt64(out var number) && number >= 0
                && HasItsChecksum(root)
                    ? number
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The content of the file.</summary>
    /// <param name="version">Version of the checkpoint.</param>
    /// <param name="actions">Number of actions in it.</param>
    /// <param name="sizeInBytes">Length of its files in bytes.</param>
    /// <param name="files">Number of live files in it.</param>
    public static ReadOnlyMemory<byte> Write(long version, long actions, long sizeInBytes, long files)
    {
        using var unsigned = JsonDocument.Parse(Write(version, actions, sizeInBytes, files, checksum: null));
        return Write(version, actions, sizeInBytes, files, JsonChecksum.Of(unsigned.RootElement));
    }

    private static ReadOnlyMemory<byte> Write(long version, long actions, long sizeInBytes, long files, string? checksum)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version"u8, version);
            writer.WriteNumber("size"u8, actions);
            writer.WriteNumber("sizeInBytes"u8, sizeInBytes);
            writer.WriteNumber("numOfAddFiles"u8, files);
            writer.WriteOptional("checksum"u8, checksum);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static bool HasItsChecksum(JsonElement root) =>
        !root.TryGetProperty(JsonChecksum.Name, out var checksum)
        || (checksum.ValueKind == JsonValueKind.String && checksum.GetString() == JsonChecksum.Of(root));
}

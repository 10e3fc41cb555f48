using System.Buffers;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>JSON of a <c>.crc</c> file. Its actions are those of the log without the name around them.</summary>
internal static class VersionChecksumJson
{
    public static VersionChecksum Read(ReadOnlySpan<byte> content)
    {
        try
        {
            var root = JsonElement.Parse(content);
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw DeltaException.Corrupt("A version checksum is not a JSON object.");
            }

            return new VersionChecksum
            {
                TxnId = Member(root, "txnId")?.GetString(),
                TableSizeBytes = JsonFields.Required(Number(root, "tableSizeBytes"), "tableSizeBytes"),
                NumFiles = JsonFields.Required(Number(root, "numFiles"), "numFiles"),
                NumMetadata = JsonFields.Required(Number(root, "numMetadata"), "numMetadata"),
                NumProtocol = JsonFields.Required(Number(root, "numProtocol"), "numProtocol"),
                InCommitTimestamp = Number(root, "inCommitTimestampOpt"),
                SetTransactions = Actions<SetTransaction>(root, "setTransactions", "txn"),
                DomainMetadata = Actions<DomainMetadata>(root, "domainMetadata", "domainMetadata"),
                Metadata = Member(root, "metadata") is { } metadata ? Action<Metadata>(metadata, "metaData") : null,
                Protocol = Member(root, "protocol") is { } protocol ? Action<Protocol>(protocol, "protocol") : null,
                FileSizes = (Member(root, "fileSizeHistogram") ?? Member(root, "histogramOpt")) is { } sizes
                    ? new FileSizeHistogram(Numbers(sizes, "sortedBinBoundaries"), Numbers(sizes, "fileCounts"), Numbers(sizes, "totalBytes"))
                    : null,
                AllFiles = Actions<AddFile>(root, "allFiles", "add"),
                NumDeletedRecords = Number(root, "numDeletedRecordsOpt"),
                NumDeletionVectors = Number(root, "numDeletionVectorsOpt"),
                DeletedRecordCounts = Member(root, "deletedRecordCountsHistogramOpt") is { } counts ? Numbers(counts, "deletedRecordCounts") : null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw DeltaException.Corrupt($"A version checksum cannot be parsed: {e.Message}", e);
        }
    }

    public static byte[] Write(VersionChecksum checksum)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, DeltaActionJson.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteOptional("txnId"u8, checksum.TxnId);
            writer.WriteNumber("tableSizeBytes"u8, checksum.TableSizeBytes);
            writer.WriteNumber("numFiles"u8, checksum.NumFiles);
            writer.WriteOptional("numDeletedRecordsOpt"u8, checksum.NumDeletedRecords);
            writer.WriteOptional("numDeletionVectorsOpt"u8, checksum.NumDeletionVectors);
            writer.WriteNumber("numMetadata"u8, checksum.NumMetadata);
            writer.WriteNumber("numProtocol"u8, checksum.NumProtocol);
            writer.WriteOptional("inCommitTimestampOpt"u8, checksum.InCommitTimestamp);
            WriteActions(writer, "setTransactions"u8, checksum.SetTransactions);
            WriteActions(writer, "domainMetadata"u8, checksum.DomainMetadata);
            WriteAction(writer, "metadata"u8, checksum.Metadata);
            WriteAction(writer, "protocol"u8, checksum.Protocol);
            if (checksum.FileSizes is { } sizes)
            {
                writer.WriteStartObject("fileSizeHistogram"u8);
                WriteNumbers(writer, "sortedBinBoundaries"u8, sizes.SortedBinBoundaries);
                WriteNumbers(writer, "fileCounts"u8, sizes.FileCounts);
                WriteNumbers(writer, "totalBytes"u8, sizes.TotalBytes);
                writer.WriteEndObject();
            }

            if (checksum.DeletedRecordCounts is { } counts)
            {
                writer.WriteStartObject("deletedRecordCountsHistogramOpt"u8);
                WriteNumbers(writer, "deletedRecordCounts"u8, counts);
                writer.WriteEndObject();
            }

            WriteActions(writer, "allFiles"u8, checksum.AllFiles);
            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static long? Number(JsonElement element, string name) => Member(element, name)?.GetInt64();

    private static List<long> Numbers(JsonElement element, string name) =>
        [.. (Member(element, name) ?? throw new FormatException($"'{name}' is missing")).EnumerateArray().Select(n => n.GetInt64())];

    private static List<T>? Actions<T>(JsonElement root, string name, string action)
        where T : DeltaAction => Member(root, name) is { } list ? [.. list.EnumerateArray().Select(e => Action<T>(e, action))] : null;

    private static T Action<T>(JsonElement element, string action)
        where T : DeltaAction =>
        DeltaActionJson.Parse(Encoding.UTF8.GetBytes($"{{\"{action}\":{element.GetRawText()}}}")) as T ?? throw new FormatException($"'{action}' is no action");

    private static void WriteActions(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<DeltaAction>? actions)
    {
        if (actions is null)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var action in actions)
        {
            WriteBody(writer, action);
        }

        writer.WriteEndArray();
    }

    private static void WriteAction(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DeltaAction? action)
    {
        if (action is not null)
        {
            writer.WritePropertyName(name);
            WriteBody(writer, action);
        }
    }

    private static void WriteBody(Utf8JsonWriter writer, DeltaAction action)
    {
        var buffer = new ArrayBufferWriter<byte>();
        DeltaActionJson.Write(buffer, action);
        var json = buffer.WrittenSpan;
        writer.WriteRawValue(json[(json.IndexOf((byte)':') + 1)..^1]);
    }

    private static void WriteNumbers(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}

using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>
/// JSON of <c>commitInfo</c>. The protocol leaves its content to the writer, so a known field of an unexpected type is kept
/// with the rest and is no error.
/// </summary>
internal static class CommitInfoJson
{
    public static CommitInfo Read(ref Utf8JsonReader reader)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var rest = new Dictionary<string, string>(StringComparer.Ordinal);
        var info = new CommitInfo { Rest = rest };
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                info = Read(info, member, rest);
            }
        }

        return info;
    }

    public static void Write(Utf8JsonWriter writer, CommitInfo info)
    {
        writer.WriteStartObject("commitInfo"u8);
        writer.WriteOptional("inCommitTimestamp"u8, info.InCommitTimestamp);
        writer.WriteOptional("timestamp"u8, info.Timestamp);
        writer.WriteOptional("operation"u8, info.Operation);
        writer.WriteMap("operationParameters"u8, info.OperationParameters);
        writer.WriteOptional("readVersion"u8, info.ReadVersion);
        writer.WriteOptional("isolationLevel"u8, info.IsolationLevel);
        writer.WriteOptional("isBlindAppend"u8, info.IsBlindAppend);
        writer.WriteMap("operationMetrics"u8, info.OperationMetrics);
        writer.WriteOptional("engineInfo"u8, info.EngineInfo);
        writer.WriteOptional("txnId"u8, info.TxnId);
        if (info.Tags.Count > 0)
        {
            writer.WriteMap("tags"u8, info.Tags);
        }

        foreach (var (key, json) in info.Rest)
        {
            writer.WritePropertyName(key);
            writer.WriteRawValue(json);
        }

        writer.WriteEndObject();
    }

    private static CommitInfo Read(CommitInfo info, JsonProperty member, Dictionary<string, string> rest)
    {
        var value = member.Value;
        switch (member.Name)
        {
            case "timestamp" when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number):
                return info with { Timestamp = number };
            case "inCommitTimestamp" when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number):
                return info with { InCommitTimestamp = number };
            case "readVersion" when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number):
                return info with { ReadVersion = number };
            case "operation" when value.ValueKind == JsonValueKind.String:
                return info with { Operation = value.GetString() };
            case "isolationLevel" when value.ValueKind == JsonValueKind.String:
                return info with { IsolationLevel = value.GetString() };
            case "engineInfo" when value.ValueKind == JsonValueKind.String:
                return info with { EngineInfo = value.GetString() };
            case "txnId" when value.ValueKind == JsonValueKind.String:
                return info with { TxnId = value.GetString() };
            case "isBlindAppend" when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                return info with { IsBlindAppend = value.GetBoolean() };
            case "operationParameters" when value.ValueKind == JsonValueKind.Object:
                return info with { OperationParameters = TextOf(value) };
            case "operationMetrics" when value.ValueKind == JsonValueKind.Object:
                return info with { OperationMetrics = TextOf(value) };
            case "tags" when value.ValueKind == JsonValueKind.Object:
                return info with { Tags = TextOf(value) };
            default:
                rest[member.Name] = value.GetRawText();
                return info;
        }
    }

    private static Dictionary<string, string> TextOf(JsonElement map)
    {
        var text = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in map.EnumerateObject())
        {
            text[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
        }

        return text;
    }
}

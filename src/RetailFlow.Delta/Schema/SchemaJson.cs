using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>Protocol section "Schema Serialization Format".</summary>
internal static class SchemaJson
{
    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = 512 };

    public static StructType Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Depth);
            return ReadType(document.RootElement) as StructType ?? throw DeltaException.Corrupt("The table's schema is not a struct.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw DeltaException.Corrupt($"The table's schema cannot be parsed: {e.Message}", e);
        }
    }

    public static string Write(StructType schema)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, DeltaActionJson.WriterOptions))
        {
            WriteType(writer, schema);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static DataType ReadType(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
        {
            return ReadNamed(json.GetString()!);
        }

        var kind = json.GetProperty("type").GetString();
        return kind switch
        {
            "struct" => new StructType([.. json.GetProperty("fields").EnumerateArray().Select(ReadField)]),
            "array" => new ArrayType(ReadType(json.GetProperty("elementType")), json.GetProperty("containsNull").GetBoolean()),
            "map" => new MapType(
                ReadType(json.GetProperty("keyType")),
                ReadType(json.GetProperty("valueType")),
                json.GetProperty("valueContainsNull").GetBoolean()),
            _ => throw DeltaException.Unsupported($"The schema has a column of the type '{kind}', which is not supported."),
        };
    }

    private static DataType ReadNamed(string name)
    {
        if (PrimitiveType.Find(name) is { } primitive)
        {
            return primitive;
        }

        if (name == "decimal")
        {
            return new DecimalType(10, 0);
        }

        if (name.StartsWith("decimal(", StringComparison.Ordinal) && name.EndsWith(')') && name.Split(',') is [var p, var s]
            && int.TryParse(p.AsSpan("decimal(".Length), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var precision)
            && int.TryParse(s.AsSpan(0, s.Length - 1), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var scale)
            && precision is >= 1 and <= 38 && scale >= 0 && scale <= precision)
        {
            return new DecimalType(precision, scale);
        }

        throw DeltaException.Unsupported($"The schema has a column of the type '{name}', which is not supported.");
    }

    private static StructField ReadField(JsonElement json)
    {
        var metadata = json.TryGetProperty("metadata", out var m) && m.ValueKind == JsonValueKind.Object && m.EnumerateObject().Any()
            ? new FieldMetadata(m.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, p.Value.GetRawText())))
            : FieldMetadata.Empty;
        var nullable = !json.TryGetProperty("nullable", out var n) || n.GetBoolean();
        return new StructField(json.GetProperty("name").GetString()!, ReadType(json.GetProperty("type")), nullable, metadata);
    }

    private static void WriteType(Utf8JsonWriter writer, DataType type)
    {
        switch (type)
        {
            case PrimitiveType primitive:
                writer.WriteStringValue(primitive.Name);
                break;
            case DecimalType number:
                writer.WriteStringValue(number.ToString());
                break;
            case ArrayType array:
                writer.WriteStartObject();
                writer.WriteString("type"u8, "array"u8);
                writer.WritePropertyName("elementType"u8);
                WriteType(writer, array.ElementType);
                writer.WriteBoolean("containsNull"u8, array.ContainsNull);
                writer.WriteEndObject();
                break;
            case MapType map:
                writer.WriteStartObject();
                writer.WriteString("type"u8, "map"u8);
                writer.WritePropertyName("keyType"u8);
                WriteType(writer, map.KeyType);
                writer.WritePropertyName("valueType"u8);
                WriteType(writer, map.ValueType);
                writer.WriteBoolean("valueContainsNull"u8, map.ValueContainsNull);
                writer.WriteEndObject();
                break;
            case StructType nested:
                WriteStruct(writer, nested);
                break;
        }
    }

    private static void WriteStruct(Utf8JsonWriter writer, StructType schema)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "struct"u8);
        writer.WriteStartArray("fields"u8);
        foreach (var field in schema.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, field.Name);
            writer.WritePropertyName("type"u8);
            WriteType(writer, field.Type);
            writer.WriteBoolean("nullable"u8, field.Nullable);
            writer.WriteStartObject("metadata"u8);
            foreach (var (key, json) in field.Metadata.Entries)
            {
                writer.WritePropertyName(key);
                writer.WriteRawValue(json);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

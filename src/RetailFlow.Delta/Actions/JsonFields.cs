using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>
/// Reading members of an action. Each method is called on a member's name and returns on the last token of its value;
/// null means absent, a value of another type is an <see cref="InvalidOperationException"/>.
/// </summary>
internal static class JsonFields
{
    /// <summary>Moves to the value; true if it is an object, false if it is null.</summary>
    public static bool BeginObject(this ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => true,
            JsonTokenType.Null => false,
            _ => throw new FormatException("an object was expected"),
        };
    }

    /// <summary>Moves to the next member's name; false at the end of the object.</summary>
    public static bool NextMember(this ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    public static void SkipValue(this ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    public static string? TextValue(this ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString();
    }

    /// <summary>Text as unescaped UTF-8.</summary>
    public static byte[]? Utf8Value(this ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.String)
        {
            throw new FormatException("a string was expected");
        }

        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan.ToArray();
        }

        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        var written = reader.CopyString(rented);
        var text = rented.AsSpan(0, written).ToArray();
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return text;
    }

    public static long? LongValue(this ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : reader.GetInt64();
    }

    public static int? IntValue(this ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : reader.GetInt32();
    }

    public static bool? BoolValue(this ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : reader.GetBoolean();
    }

    /// <summary>An object of strings; null values are kept.</summary>
    public static IReadOnlyDictionary<string, string?>? NullableTextMap(this ref Utf8JsonReader reader)
    {
        if (!reader.BeginObject())
        {
            return null;
        }

        Dictionary<string, string?>? map = null;
        while (reader.NextMember())
        {
            var key = reader.GetString()!;
            (map ??= new(StringComparer.Ordinal))[key] = reader.TextValue();
        }

        return map ?? EmptyMaps.PartitionValues;
    }

    /// <summary>An object of strings; null values are dropped.</summary>
    public static IReadOnlyDictionary<string, string>? TextMap(this ref Utf8JsonReader reader)
    {
        if (!reader.BeginObject())
        {
            return null;
        }

        Dictionary<string, string>? map = null;
        while (reader.NextMember())
        {
            var key = reader.GetString()!;
            if (reader.TextValue() is { } value)
            {
                (map ??= new(StringComparer.Ordinal))[key] = value;
            }
        }

        return map ?? EmptyMaps.Text;
    }

    public static List<string>? TextArray(this ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new FormatException("an array was expected");
        }

        var values = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            values.Add(reader.GetString() ?? throw new FormatException("null in a list of names"));
        }

        return values;
    }

    public static T Required<T>(T? value, string name)
        where T : class => value ?? throw new FormatException($"'{name}' is missing");

    public static T Required<T>(T? value, string name)
        where T : struct => value ?? throw new FormatException($"'{name}' is missing");

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, bool? value)
    {
        if (value is { } flag)
        {
            writer.WriteBoolean(name, flag);
        }
    }

    public static void WriteMap(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<KeyValuePair<string, string>>? map)
    {
        if (map is null)
        {
            return;
        }

        writer.WriteStartObject(name);
        foreach (var (key, value) in map)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }

    public static void WriteNullableMap(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<KeyValuePair<string, string?>>? map)
    {
        if (map is null)
        {
            return;
        }

        writer.WriteStartObject(name);
        foreach (var (key, value) in map)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }
}

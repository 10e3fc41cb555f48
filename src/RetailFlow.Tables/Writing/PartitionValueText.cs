using System.Text;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>Partition values as the log has them (protocol section "Partition Value Serialization") and as folders are named.</summary>
internal static class PartitionValueText
{
    private const string NullFolder = "__HIVE_DEFAULT_PARTITION__";

    /// <summary>An expression that gives the text of a partition column's values; null for SQL NULL.</summary>
    /// <exception cref="DeltaException">Values of that type cannot be written as a partition.</exception>
    public static string Expression(StructField field, string value) => field.Type switch
    {
        DecimalType => $"cast({value} as varchar)",
        PrimitiveType p => p.Name switch
        {
            "string" or "long" or "integer" or "short" or "byte" or "boolean" or "double" or "float" or "date" => $"cast({value} as varchar)",
            "timestamp" => $"strftime({value} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')",
            "timestamp_ntz" => $"strftime({value}, '%Y-%m-%d %H:%M:%S.%f')",
            _ => throw Refused(field),
        },
        _ => throw Refused(field),
    };

    /// <summary>The folder of a partition, with a slash at its end; its characters are safe on every file system.</summary>
    public static string Folder(IEnumerable<KeyValuePair<string, string?>> values)
    {
        var path = new StringBuilder();
        foreach (var (name, value) in values)
        {
            path.Append(Escape(name)).Append('=').Append(string.IsNullOrEmpty(value) ? NullFolder : Escape(value)).Append('/');
        }

        return path.ToString();
    }

    // Two dots alone would lead out of the table.
    private static string Escape(string text) => Uri.EscapeDataString(text) is var escaped && escaped.Trim('.').Length == 0 ? escaped.Replace(".", "%2E", StringComparison.Ordinal) : escaped;

    private static DeltaException Refused(StructField field) =>
        new(DeltaErrorKind.InvalidInput, $"The column '{field.Name}' of type {field.Type} cannot be a partition column here.");
}

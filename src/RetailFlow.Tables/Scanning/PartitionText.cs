using System.Globalization;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>Partition values of the log as SQL (protocol section "Partition Value Serialization").</summary>
internal static class PartitionText
{
    /// <summary>The value; the empty text is null for every type. A timestamp without a zone is taken to be in UTC.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/> if the text is no value of the type.</exception>
    public static string ToSql(string? text, DataType type, string column)
    {
        if (string.IsNullOrEmpty(text) || type == PrimitiveType.Void)
        {
            return ReadTypes.Null(type);
        }

        return type switch
        {
            PrimitiveType { Name: "string" } => SqlText.Literal(text),
            PrimitiveType { Name: "binary" } => $"encode({SqlText.Literal(text)})",
            PrimitiveType { Name: "boolean" } => bool.TryParse(text, out var flag) ? (flag ? "true" : "false") : throw Malformed(text, type, column),
            PrimitiveType { Name: "byte" or "short" or "integer" or "long" } =>
                long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? Cast(text, type) : throw Malformed(text, type, column),
            PrimitiveType or DecimalType => Cast(text, type),
            _ => throw Malformed(text, type, column),
        };
    }

    private static string Cast(string text, DataType type) => $"cast({SqlText.Literal(text)} as {ReadTypes.Sql(type)})";

    private static DeltaException Malformed(string text, DataType type, string column) =>
        new(DeltaErrorKind.Corrupt, $"The partition column {column} has the value '{text}', which is no {type}.");
}

using System.Buffers;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>The columns by which a table is clustered, kept in a domain (protocol section "Clustered Table").</summary>
public static class Clustering
{
    internal const string Domain = "delta.clustering";

    /// <summary>Physical names of the clustering columns, outermost first; empty if the table is not clustered or the domain is malformed.</summary>
    public static IReadOnlyList<ColumnPath> Columns(Snapshot snapshot)
    {
        if (snapshot.DomainMetadata.GetValueOrDefault(Domain) is not { } domain)
        {
            return [];
        }

        try
        {
            using var json = JsonDocument.Parse(domain.Configuration);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("clusteringColumns"u8, out var columns) && columns.ValueKind == JsonValueKind.Array
                    ? [.. columns.EnumerateArray().Select(PathOf).OfType<ColumnPath>()]
                    : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The domain's configuration: physical names, nested ones as lists.</summary>
    internal static string Write(StructType schema, IReadOnlyList<ColumnPath> columns)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, DeltaActionJson.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("clusteringColumns"u8);
            foreach (var column in columns)
            {
                writer.WriteStartArray();
                foreach (var name in Physical(schema, column))
                {
                    writer.WriteStringValue(name);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            writer.WriteString("domainName"u8, Domain);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // The protocol's example has plain names; Spark writes the path of each column as a list.
    private static ColumnPath? PathOf(JsonElement column) => column.ValueKind switch
    {
        JsonValueKind.String => ColumnPath.Of(column.GetString()!),
        JsonValueKind.Array when column.GetArrayLength() > 0 && column.EnumerateArray().All(n => n.ValueKind == JsonValueKind.String) =>
            ColumnPath.Of([.. column.EnumerateArray().Select(n => n.GetString()!)]),
        _ => null,
    };

    private static List<string> Physical(StructType schema, ColumnPath column)
    {
        var names = new List<string>();
        DataType type = schema;
        foreach (var part in column.Parts)
        {
            var field = (type as StructType)?.Find(part) ?? throw DeltaException.InvalidCommit($"The clustering column '{column}' is not in the schema.");
            names.Add(field.PhysicalName);
            type = field.Type;
        }

        return type is StructType or ArrayType or MapType || type == PrimitiveType.Variant || type == PrimitiveType.Void
            ? throw DeltaException.InvalidCommit($"The table cannot be clustered by '{column}': a {type} has no order.")
            : names;
    }
}

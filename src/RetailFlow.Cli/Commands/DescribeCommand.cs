using System.CommandLine;
using System.Text.Json;
using RetailFlow.Cli.Output;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Http;

namespace RetailFlow.Cli.Commands;

/// <summary><c>describe T</c>: columns, protocol, properties and positions of one table.</summary>
internal static class DescribeCommand
{
    private static readonly string[] s_columns = ["column", "type", "nullable", "description"];
    private static readonly string[] s_pair = ["name", "value"];

    public static ExampledCommand Create()
    {
        var table = new Argument<string>("TABLE") { Description = "Table as layer.name." };
        return new ExampledCommand(
            "describe",
            "Shows one table: columns, protocol, properties, how far it has read its inputs.",
            "retailflow describe gold.stock_on_hand",
            run => run.WithLakeAsync(
                async lake =>
                {
                    var description = await lake.Catalog.DescribeAsync(run.Get(table)!, run.Cancellation);
                    run.Results().Document(json => Write(json, description), text => Print(text, description));
                    return ExitCode.Done;
                },
                progress: false))
        {
            table,
        };
    }

    private static void Print(ResultWriter text, TableDescription description)
    {
        text.Rows(s_columns, description.Columns.Select(c => new object?[] { c.Name, c.Type, c.Nullable, c.Description }));
        text.Line(string.Empty);
        text.Rows(s_pair, Facts(description));
    }

    private static IEnumerable<object?[]> Facts(TableDescription description)
    {
        var summary = description.Summary;
        yield return ["table", summary.Name];
        yield return ["kind", summary.Kind];
        yield return ["location", description.Location];
        yield return ["version", CellText.Of(summary.Version)];
        yield return ["last commit", CellText.Of(summary.LastCommit)];
        yield return ["files", CellText.Of(summary.Files)];
        yield return ["bytes", CellText.Of(summary.Bytes)];
        yield return ["rows", CellText.Of(summary.Rows)];
        yield return ["protocol", $"reader {description.MinReader}, writer {description.MinWriter}"];
        yield return ["partitioned by", string.Join(", ", description.PartitionColumns)];
        foreach (var (name, value) in description.Properties.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            yield return [name, value];
        }

        foreach (var (input, position) in description.Positions.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            yield return [$"position {input}", CellText.Of(position)];
        }
    }

    private static void Write(Utf8JsonWriter json, TableDescription description)
    {
        var summary = description.Summary;
        json.WriteStartObject();
        json.WriteString("name", summary.Name);
        json.WriteString("kind", summary.Kind);
        json.WriteString("description", summary.Description);
        json.WriteString("location", description.Location);
        json.WriteNumber("version", summary.Version);
        json.WritePropertyName("last_commit");
        RowJson.WriteValue(json, summary.LastCommit);
        json.WriteNumber("files", summary.Files);
        json.WriteNumber("bytes", summary.Bytes);
        json.WritePropertyName("rows");
        RowJson.WriteValue(json, summary.Rows);
        json.WriteNumber("min_reader_version", description.MinReader);
        json.WriteNumber("min_writer_version", description.MinWriter);
        json.WriteStartArray("columns");
        foreach (var column in description.Columns)
        {
            json.WriteStartObject();
            json.WriteString("name", column.Name);
            json.WriteString("type", column.Type);
            json.WriteBoolean("nullable", column.Nullable);
            json.WriteString("description", column.Description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WritePropertyName("partition_columns");
        RowJson.WriteValue(json, description.PartitionColumns);
        json.WriteStartObject("properties");
        foreach (var (name, value) in description.Properties)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteStartObject("positions");
        foreach (var (input, position) in description.Positions)
        {
            json.WriteNumber(input, position);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}

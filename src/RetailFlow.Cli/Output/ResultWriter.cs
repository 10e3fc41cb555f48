using System.Text;
using System.Text.Json;
using RetailFlow.Node.Http;

namespace RetailFlow.Cli.Output;

/// <summary>Prints a command's result in the asked format, row by row, so that a large result needs no memory.</summary>
internal sealed class ResultWriter(Stream output, OutputFormat format, bool terminal)
{
    private const int FlushBytes = 1 << 16;
    private static readonly byte[] s_newLine = "\n"u8.ToArray();

    public OutputFormat Format { get; } = format;

    /// <summary>Prints rows: an array of objects, objects, CSV lines or a table.</summary>
    public void Rows(IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken = default)
    {
        switch (Format)
        {
            case OutputFormat.Json:
                JsonRows(RowJson.DistinctNames(columns), rows, cancellationToken);
                break;
            case OutputFormat.Ndjson:
                NdjsonRows(RowJson.DistinctNames(columns), rows, cancellationToken);
                break;
            case OutputFormat.Csv:
                Text(text => CsvText.Write(text, columns, rows, cancellationToken));
                break;
            case OutputFormat.Table:
                Text(text =>
                {
                    if (terminal)
                    {
                        TerminalTable.Write(text, columns, rows, cancellationToken);
                    }
                    else
                    {
                        PlainTable.Write(text, columns, rows, cancellationToken);
                    }
                });
                break;
            default:
                throw new InvalidOperationException($"No such format: {Format}.");
        }
    }

    /// <summary>Prints one document, or <paramref name="text"/> as a table.</summary>
    /// <exception cref="UsageException">The document has no rows to print as CSV.</exception>
    public void Document(Action<Utf8JsonWriter> json, Action<ResultWriter> text)
    {
        switch (Format)
        {
            case OutputFormat.Json or OutputFormat.Ndjson:
                using (var writer = new Utf8JsonWriter(output, RowJson.Options with { Indented = Format == OutputFormat.Json }))
                {
                    json(writer);
                }

                output.Write(s_newLine);
                output.Flush();
                break;
            case OutputFormat.Csv:
                throw new UsageException("This command prints one document: --output table, json or ndjson.");
            case OutputFormat.Table:
                text(this);
                break;
            default:
                throw new InvalidOperationException($"No such format: {Format}.");
        }
    }

    /// <summary>Prints a line between tables; only for tables.</summary>
    public void Line(string line) => Text(text => text.WriteLine(line));

    private void Text(Action<TextWriter> print)
    {
        using var text = new StreamWriter(output, new UTF8Encoding(false), FlushBytes, leaveOpen: true);
        print(text);
    }

    private void JsonRows(IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        using (var writer = new Utf8JsonWriter(output, RowJson.Options))
        {
            writer.WriteStartArray();
            foreach (var row in rows)
            {
                RowJson.WriteRow(writer, columns, row);
                FlushWhenFull(writer, cancellationToken);
            }

            writer.WriteEndArray();
        }

        output.Write(s_newLine);
        output.Flush();
    }

    private void NdjsonRows(IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        using var lines = new MemoryStream(FlushBytes);
        using var writer = new Utf8JsonWriter(lines, RowJson.Options);
        foreach (var row in rows)
        {
            RowJson.WriteRow(writer, columns, row);
            writer.Flush();
            writer.Reset();
            lines.Write(s_newLine);
            if (lines.Length > FlushBytes)
            {
                lines.WriteTo(output);
                lines.SetLength(0);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        lines.WriteTo(output);
        output.Flush();
    }

    private static void FlushWhenFull(Utf8JsonWriter writer, CancellationToken cancellationToken)
    {
        if (writer.BytesPending > FlushBytes)
        {
            writer.Flush();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}

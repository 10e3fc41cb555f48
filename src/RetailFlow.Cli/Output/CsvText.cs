using System.Buffers;

namespace RetailFlow.Cli.Output;

/// <summary>Rows as RFC 4180 text, lines ended by a line feed.</summary>
internal static class CsvText
{
    private static readonly SearchValues<char> s_quoted = SearchValues.Create(",\"\r\n");

    public static void Write(TextWriter text, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        WriteLine(text, columns);
        foreach (var row in rows)
        {
            WriteLine(text, row);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static void WriteLine(TextWriter text, IReadOnlyList<object?> cells)
    {
        for (var i = 0; i < cells.Count; i++)
        {
            if (i > 0)
            {
                text.Write(',');
            }

            var cell = CellText.Of(cells[i]);
            if (cell.AsSpan().ContainsAny(s_quoted) || (cell.Length == 0 && cells[i] is string))
            {
                text.Write('"');
                text.Write(cell.Replace("\"", "\"\"", StringComparison.Ordinal));
                text.Write('"');
            }
            else
            {
                text.Write(cell);
            }
        }

        text.Write('\n');
    }
}

namespace RetailFlow.Cli.Output;

/// <summary>Aligned columns without colours or lines. Widths come from the first rows, so that a large result streams.</summary>
internal static class PlainTable
{
    private const int MeasuredRows = 1_000;

    public static void Write(TextWriter text, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        var measured = new List<object?[]>(MeasuredRows);
        using var source = rows.GetEnumerator();
        while (measured.Count < MeasuredRows && source.MoveNext())
        {
            measured.Add(source.Current);
        }

        var widths = columns.Select(c => c.Length).ToArray();
        var right = new bool[columns.Count];
        foreach (var row in measured)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                widths[i] = Math.Max(widths[i], OneLine.Of(CellText.Of(row[i])).Length);
                right[i] |= CellText.IsNumber(row[i]);
            }
        }

        WriteLine(text, [.. columns], widths, right);
        foreach (var row in measured)
        {
            WriteLine(text, row, widths, right);
        }

        while (source.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            WriteLine(text, source.Current, widths, right);
        }
    }

    private static void WriteLine(TextWriter text, object?[] cells, int[] widths, bool[] right)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            var cell = OneLine.Of(CellText.Of(cells[i]));
            var last = i == cells.Length - 1;
            text.Write(right[i] ? cell.PadLeft(widths[i]) : last ? cell : cell.PadRight(widths[i]));
            text.Write(last ? "\n" : "  ");
        }
    }
}

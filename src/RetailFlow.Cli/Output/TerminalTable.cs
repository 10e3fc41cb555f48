using Spectre.Console;

namespace RetailFlow.Cli.Output;

/// <summary>A table drawn for a terminal, in pages so that a large result streams.</summary>
internal static class TerminalTable
{
    private const int PageRows = 500;

    public static void Write(TextWriter text, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text) });
        var any = false;
        foreach (var page in rows.Chunk(PageRows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            any = true;
            console.Write(Draw(columns, page));
        }

        if (!any)
        {
            console.Write(Draw(columns, []));
        }
    }

    private static Table Draw(IReadOnlyList<string> columns, object?[][] page)
    {
        var table = new Table().Border(TableBorder.Rounded);
        for (var i = 0; i < columns.Count; i++)
        {
            var column = new TableColumn(new Text(columns[i], new Style(decoration: Decoration.Bold)));
            if (page.Any(row => CellText.IsNumber(row[i])))
            {
                column.RightAligned();
            }

            table.AddColumn(column);
        }

        foreach (var row in page)
        {
            table.AddRow(row.Select(cell => new Text(OneLine.Of(CellText.Of(cell)))));
        }

        return table;
    }
}

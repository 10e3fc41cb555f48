using System.CommandLine;

namespace RetailFlow.Cli.Commands;

/// <summary><c>sql "SELECT ..."</c>: a query over the tables.</summary>
internal static class SqlCommand
{
    public static ExampledCommand Create()
    {
        var query = new Argument<string>("QUERY") { Description = "A SELECT over layer.table, VERSION AS OF n or TIMESTAMP AS OF '...'; - reads it from standard input." };
        return new ExampledCommand(
            "sql",
            "Queries any table as layer.table; changes nothing.",
            "retailflow sql \"SELECT sku, sum(on_hand) AS units FROM gold.stock_on_hand GROUP BY sku ORDER BY units DESC LIMIT 10\"",
            RunAsync)
        {
            query,
        };

        Task<ExitCode> RunAsync(CommandRun run) => run.WithLakeAsync(
            async lake =>
            {
                var text = run.Get(query)!;
                if (text == "-")
                {
                    text = await run.Host.Input.ReadToEndAsync(run.Cancellation);
                }

                using var result = await lake.Sql.QueryAsync(text, run.Cancellation);
                run.Results().Rows([.. result.Columns.Select(c => c.Name)], result.Rows(), run.Cancellation);
                return ExitCode.Done;
            },
            progress: false);
    }
}

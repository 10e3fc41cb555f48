using System.Text;
using System.Text.RegularExpressions;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Stock records of a CSV or Parquet file: the contract's mapping gives each field's text, the stock rules judge it.</summary>
internal sealed partial class StockMapping(TableEngine engine, FeedContract contract, QuarantineSink sink)
{
    private readonly StockRecordParser _parser = new(new StockRecordRules { SkewAllowance = contract.SkewAllowance, ReservedSource = StockLedger.SalesSource });
    private readonly StockRecordDraft _draft = new();

    /// <summary>Judges every record of <paramref name="raw"/>; accepted ones are appended to the engine's table <paramref name="target"/>.</summary>
    public void Run(DuckDbConnection connection, RawTable raw, string target)
    {
        var layout = contract.LayoutOf(raw.Columns);
        var fields = Fields(raw, layout);
        var unknown = raw.Columns.Where(c => !fields.Any(f => Mentions(f.Expression, c)) && !layout.Rules.Any(r => Mentions(r.Check, c))).ToList();
        if (unknown.Count > 0 && contract.UnknownColumns == UnknownColumns.Reject)
        {
            raw.SetAside(sink, "unknown_column", $"the file has the column '{unknown[0]}', which the contract does not name");
            return;
        }

        var rules = string.Concat(layout.Rules.Select(r => $" when ({r.Check}) is not true then {SqlText.Literal(r.Name)}"));
        var verdict = rules.Length == 0 ? "cast(null as varchar)" : $"case{rules} end";
        var select = $"select _row, _raw, {verdict} as _rule, "
            + string.Join(", ", fields.Select(f => $"cast(({f.Expression}) as varchar)"))
            + string.Concat(unknown.Select(c => $", {SqlText.Name(c)}"))
            + $" from {raw.Name}";
        try
        {
            using var writing = engine.Connect();
            using var appender = writing.CreateAppender(target);
            using var result = connection.Query(select);
            while (result.NextChunk(out var chunk))
            {
                Judge(chunk, raw, layout, fields, unknown, appender);
            }

            appender.Flush();
        }
        catch (DuckDbException e)
        {
            connection.Execute($"delete from {target} where _file = {raw.File.Ordinal}");
            raw.SetAside(sink, "mapping_failed", $"the contract's mapping does not fit the file: {e.Message.Split('\n')[0]}");
        }
    }

    private void Judge(DuckDbChunk chunk, RawTable raw, FileLayout layout, List<(StockField Field, string Expression)> fields, List<string> unknown, DuckDbAppender appender)
    {
        var receivedAt = (raw.File.LandedAt.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        var source = Encoding.UTF8.GetBytes(raw.File.Source);
        var names = unknown.Select(Encoding.UTF8.GetBytes).ToArray();
        var writer = appender.BeginChunk();
        var rows = 0;
        for (var i = 0; i < chunk.RowCount; i++)
        {
            var row = chunk.Column<long>(0)[i];
            if (!chunk.IsNull(2, i))
            {
                var rule = chunk.GetString(2, i)!;
                var check = layout.Rules.First(r => r.Name == rule).Check;
                sink.Add(raw.File, row, rule, "", $"the record breaks the contract's rule {rule}: {check}", chunk.GetUtf8(1, i));
                continue;
            }

            _draft.Begin();
            for (var f = 0; f < fields.Count; f++)
            {
                if (!chunk.IsNull(f + 3, i))
                {
                    _draft.SetText(fields[f].Field, chunk.GetUtf8(f + 3, i));
                }
            }

            for (var u = 0; u < names.Length; u++)
            {
                var column = 3 + fields.Count + u;
                if (!chunk.IsNull(column, i))
                {
                    _draft.RescueText(names[u], chunk.GetUtf8(column, i));
                }
            }

            if (_parser.Validate(_draft, new StockRecordContext(source, receivedAt), out var violation))
            {
                StockColumns.Write(writer, rows++, _draft, receivedAt, raw.File.Ordinal, row);
            }
            else
            {
                sink.Add(raw.File, row, violation.Rule, violation.Field, violation.Detail, chunk.GetUtf8(1, i));
            }
        }

        appender.EndChunk(rows);
    }

    private static List<(StockField Field, string Expression)> Fields(RawTable raw, FileLayout layout)
    {
        var fields = new List<(StockField, string)>();
        foreach (var field in Enum.GetValues<StockField>())
        {
            var name = StockFieldName.Of(field);
            var column = name.Replace('.', '_');
            if (layout.Mapping.TryGetValue(name, out var expression) || layout.Mapping.TryGetValue(column, out expression))
            {
                fields.Add((field, expression));
            }
            else if (raw.Columns.FirstOrDefault(c => c.Equals(name, StringComparison.OrdinalIgnoreCase) || c.Equals(column, StringComparison.OrdinalIgnoreCase)) is { } same)
            {
                fields.Add((field, SqlText.Name(same)));
            }
        }

        return fields;
    }

    private static bool Mentions(string expression, string column) =>
        Word().Matches(expression).Any(m => m.Value.Trim('"').Equals(column, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("\"[^\"]+\"|[\\w]+")]
    private static partial Regex Word();
}

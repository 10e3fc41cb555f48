using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Records of a feed of columns: typed by the contract in the engine, set aside where a type or rule does not hold.</summary>
internal sealed class ColumnMapping(FeedContract contract, QuarantineSink sink)
{
    /// <summary>Types every record of <paramref name="raw"/>; accepted ones are inserted into the engine's table <paramref name="target"/>.</summary>
    public void Run(DuckDbConnection connection, RawTable raw, string target)
    {
        var layout = contract.LayoutOf(raw.Columns);
        var texts = contract.Columns.Select(column => (Column: column, Text: Text(column, raw, layout))).ToList();
        var mentioned = string.Join(' ', layout.Mapping.Values.Concat(layout.Rules.Select(r => r.Check)));
        var unknown = raw.Columns.Where(c => contract.Columns.All(k => !k.Name.Equals(c, StringComparison.OrdinalIgnoreCase))
            && !mentioned.Contains(c, StringComparison.OrdinalIgnoreCase)).ToList();
        if (unknown.Count > 0 && contract.UnknownColumns == UnknownColumns.Reject)
        {
            raw.SetAside(sink, "unknown_column", $"the file has the column '{unknown[0]}', which the contract does not name");
            return;
        }

        var complaints = new List<string>();
        foreach (var (column, text) in texts)
        {
            if (column.NotNull)
            {
                complaints.Add($"when ({text}) is null then struct_pack(rule := 'missing_field', field := {SqlText.Literal(column.Name)}, detail := {SqlText.Literal($"{column.Name} is required")})");
            }

            complaints.Add($"when ({text}) is not null and try_cast(({text}) as {column.SqlType}) is null then struct_pack(rule := 'wrong_type', field := {SqlText.Literal(column.Name)}, "
                + $"detail := {SqlText.Literal($"{column.Name} must be {column.SqlType}, not ")} || ({text}))");
        }

        complaints.AddRange(layout.Rules.Select(rule =>
            $"when ({rule.Check}) is not true then struct_pack(rule := {SqlText.Literal(rule.Name)}, field := '', detail := {SqlText.Literal($"the record breaks the contract's rule {rule.Name}: {rule.Check}")})"));
        var members = $"list_filter(json_keys(_raw), lambda k: not list_contains({SqlText.List(raw.Columns)}, k))";
        if (raw.IsJson && contract.UnknownColumns == UnknownColumns.Reject)
        {
            complaints.Insert(0, $"when len({members}) > 0 then struct_pack(rule := 'unknown_column', field := {members}[1], detail := 'the contract does not name ' || {members}[1])");
        }

        var judged = $"select *, case {string.Join(' ', complaints)} end as _complaint from {raw.Name}";
        var rescued = raw.IsJson
            ? $"nullif(cast(json_merge_patch(cast(_raw as json), cast({SqlText.Literal($"{{{string.Join(",", raw.Columns.Select(c => $"\"{c}\":null"))}}}")} as json)) as varchar), '{{}}')"
            : unknown.Count == 0
            ? "cast(null as varchar)"
            : $"cast(to_json(struct_pack({string.Join(", ", unknown.Select(c => $"{SqlText.Name(c)} := {SqlText.Name(c)}"))})) as varchar)";
        try
        {
            using (var bad = connection.Query($"select _row, _raw, _complaint.rule, _complaint.field, _complaint.detail from ({judged}) where _complaint is not null"))
            {
                while (bad.NextChunk(out var chunk))
                {
                    for (var i = 0; i < chunk.RowCount; i++)
                    {
                        sink.Add(raw.File, chunk.Column<long>(0)[i], chunk.GetString(2, i)!, chunk.GetString(3, i)!, chunk.GetString(4, i) ?? "", chunk.GetUtf8(1, i));
                    }
                }
            }

            var values = string.Join(", ", texts.Select(t => $"try_cast(({t.Text}) as {t.Column.SqlType})"));
            connection.Execute($"insert into {target} select {values}, {SqlText.Instant(raw.File.LandedAt)}, {raw.File.Ordinal}, _row, {rescued} from ({judged}) where _complaint is null");
        }
        catch (DuckDbException e)
        {
            raw.SetAside(sink, "mapping_failed", $"the contract does not fit the file: {e.Message.Split('\n')[0]}");
        }
    }

    private static string Text(ContractColumn column, RawTable raw, FileLayout layout) =>
        layout.Mapping.TryGetValue(column.Name, out var expression)
            ? expression
            : raw.Columns.FirstOrDefault(c => c.Equals(column.Name, StringComparison.OrdinalIgnoreCase)) is { } same
                ? SqlText.Name(same)
                : "cast(null as varchar)";
}

using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Decides, row by row, what a MERGE or an UPDATE does to a table: the SQL of the statement. Reads each chosen file once.
/// </summary>
internal sealed class MergePlan
{
    private const string File = "_merge_file", Row = "_merge_row", Source = "_merge_source", Clause = "_merge_clause";
    private const int BySourceOffset = 1_000;
    private const string Dead = "-2147483647";

    private readonly DuckDbConnection _connection;
    private readonly TableEngine _engine;
    private readonly StructType _schema;
    private readonly RowRules _rules;
    private readonly TableScan _scan;
    private readonly string _source;
    private readonly IReadOnlyList<string> _sourceColumns;

    /// <summary>Plans over a source of rows.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="engine">Names temporary tables.</param>
    /// <param name="schema">Columns of the table.</param>
    /// <param name="rules">Rules of the table.</param>
    /// <param name="scan">The files that may change, with positions.</param>
    /// <param name="source">Temporary table of the source's rows, numbered in the column <see cref="SourceRow"/>.</param>
    public MergePlan(DuckDbConnection connection, TableEngine engine, StructType schema, RowRules rules, TableScan scan, string source)
    {
        _connection = connection;
        _engine = engine;
        _schema = schema;
        _rules = rules;
        _scan = scan;
        _source = source;
        using var described = connection.Query($"describe {source}");
        _sourceColumns = [.. described.Rows().Select(row => (string)row[0]!).Where(name => name != SourceRow)];
    }

    /// <summary>Column with the number of a source row.</summary>
    public static string SourceRow => "_merge_source_row";

    /// <summary>
    /// Whether equality of keys alone chooses rows. Then deletion vectors can be asked for the few rows that match, instead of for all; an
    /// expression of the user is never evaluated on a row that is not in the table, for it may fail there.
    /// </summary>
    public static bool MatchesByKeysAlone(Merge merge) => merge.Keys.Count > 0 && merge.Condition is null && merge.WhenNotMatchedBySource.Count == 0;

    /// <summary>The change of a MERGE.</summary>
    /// <param name="merge">The statement.</param>
    /// <param name="matchable">What leaves most rows without a match out of the scan, or null.</param>
    public RowChange Merge(Merge merge, MatchableKeys? matchable)
    {
        Require(merge);
        var matches = Matches(merge, matchable);
        if (merge.WhenMatched is not [{ IsDelete: true, Condition: null }] && merge.WhenMatched.Count > 0)
        {
            RequireOneMatch(matches);
        }

        if (merge.WhenNotMatchedBySource.Count > 0)
        {
            AddUnmatched(merge, matches);
        }

        var clauses = merge.WhenMatched.Select((c, i) => (c, i + 1)).Concat(merge.WhenNotMatchedBySource.Select((c, i) => (c, i + 1 + BySourceOffset)));
        var inserted = Inserted(merge, matches);
        return Change(matches, [.. clauses.Where(c => !c.c.IsDelete)]) with
        {
            Inserted = inserted,
            InsertedRows = inserted is null ? 0 : Count($"select count(*) from {inserted}"),
        };
    }

    /// <summary>The change of an UPDATE, whose source is empty; the scan gives the rows that its condition chooses.</summary>
    public RowChange Update(IReadOnlyDictionary<string, string> set)
    {
        var clause = MatchedClause.Update(set);
        RequireColumns(set.Keys);
        var matches = _engine.UniqueName("matches");
        _connection.Execute(
            $"create temp table {matches} as select * from (select {Position}, cast(null as bigint) as {Source}, {Action([clause], 0)} as {Clause}, {Names("t")} from {_scan.Relation} t) where {Clause} <> 0");
        return Change(matches, [(clause, 1)]);
    }

    private void Require(Merge merge)
    {
        if (merge.WhenMatched.Count + merge.WhenNotMatched.Count + merge.WhenNotMatchedBySource.Count == 0)
        {
            throw new DeltaException(DeltaErrorKind.InvalidInput, "A merge needs at least one clause.");
        }

        if (merge.Keys.Count == 0 && merge.Condition is null)
        {
            throw new DeltaException(DeltaErrorKind.InvalidInput, "A merge needs keys or a condition by which rows match.");
        }

        foreach (var clause in merge.WhenMatched)
        {
            if (!clause.IsDelete)
            {
                RequireColumns(clause.Set?.Keys ?? AllColumns("update all"));
            }
        }

        foreach (var clause in merge.WhenNotMatchedBySource)
        {
            if (!clause.IsDelete)
            {
                RequireColumns((clause.Set ?? throw new DeltaException(DeltaErrorKind.InvalidInput, "A row without a match in the source cannot be set from the source: name the columns and values.")).Keys);
            }
        }

        foreach (var clause in merge.WhenNotMatched)
        {
            RequireColumns(clause.Values?.Keys ?? []);
        }
    }

    private void RequireColumns(IEnumerable<string> columns)
    {
        foreach (var column in columns)
        {
            var field = _schema.Find(column) ?? throw new DeltaException(DeltaErrorKind.InvalidInput, $"The table has no column '{column}' to set.");
            if (_rules.Generated(field) is not null)
            {
                throw new DeltaException(DeltaErrorKind.InvalidInput, $"The column '{column}' is generated and cannot be set.");
            }
        }
    }

    /// <summary>Columns that a source can set, all of which it must have.</summary>
    private List<string> AllColumns(string clause)
    {
        var names = _schema.Fields.Where(f => _rules.Generated(f) is null).Select(f => f.Name).ToList();
        foreach (var name in names)
        {
            if (!_sourceColumns.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw new DeltaException(DeltaErrorKind.InvalidInput, $"The source has no column '{name}', which '{clause}' takes from it.");
            }
        }

        return names;
    }

    private string Matches(Merge merge, MatchableKeys? matchable)
    {
        var conditions = merge.Keys.Select(k => $"t.{SqlText.Name(k.Column)} = {k.Source}").ToList();
        if (merge.Condition is not null)
        {
            conditions.Add($"({merge.Condition})");
        }

        if (matchable is not null)
        {
            conditions.Add(matchable.Condition);
        }

        var matches = _engine.UniqueName("matches");
        var live = _scan.Live(Of(_scan.FileColumn), Of(_scan.RowColumn));
        var action = Action(merge.WhenMatched, 0);
        _connection.Execute(
            $"create temp table {matches} as select {Position}, s.{SourceRow} as {Source}, {(live is null ? action : $"case when {live} then {action} else {Dead} end")} as {Clause}{KeptColumns(merge)} "
            + $"from {_scan.Relation} t join {_source} s on {string.Join(" and ", conditions)}");
        if (live is not null)
        {
            _connection.Execute($"delete from {matches} where {Clause} = {Dead}");
        }

        return matches;
    }

    private void RequireOneMatch(string matches)
    {
        var rows = Count($"select count(*) from (select 1 from {matches} where {Clause} is not null group by {File}, {Row} having count(*) > 1)");
        if (rows > 0)
        {
            throw new DeltaException(DeltaErrorKind.InvalidInput, $"{rows} rows of the table match more than one row of the source: which of them counts is not defined. Nothing was changed.");
        }
    }

    private void AddUnmatched(Merge merge, string matches)
    {
        _connection.Execute(
            $"insert into {matches} select * from (select {Position}, cast(null as bigint) as {Source}, {Action(merge.WhenNotMatchedBySource, BySourceOffset)} as {Clause}{KeptColumns(merge)} "
            + $"from {_scan.Relation} t where not exists (select 1 from {matches} m where m.{File} = t.{SqlText.Name(_scan.FileColumn)} and m.{Row} = t.{SqlText.Name(_scan.RowColumn)})) where {Clause} <> 0");
    }

    /// <summary>What becomes of a row: number of the update, 0 for one that changes nothing, negative for a deletion, null if no clause holds.</summary>
    private string Action(IReadOnlyList<MatchedClause> clauses, int offset)
    {
        var text = new System.Text.StringBuilder("cast(case");
        for (var i = 0; i < clauses.Count; i++)
        {
            var clause = clauses[i];
            var number = (i + 1 + offset).ToString(CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $" when ({clause.Condition ?? "true"}) then ");
            text.Append(clause.IsDelete ? "-" + number : $"case when {string.Join(" or ", Set(clause).Select(s => $"{s.Value} is distinct from t.{SqlText.Name(s.Key.Name)}"))} then {number} else 0 end");
        }

        return clauses.Count == 0 ? "cast(null as integer)" : text.Append(" end as integer)").ToString();
    }

    /// <summary>New values, of the columns' types.</summary>
    private IEnumerable<KeyValuePair<StructField, string>> Set(MatchedClause clause) =>
        (clause.Set ?? AllColumns("update all").ToDictionary(c => c, c => "s." + SqlText.Name(c), StringComparer.Ordinal))
        .Select(s => (Field: _schema.Find(s.Key)!, s.Value))
        .Select(s => KeyValuePair.Create(s.Field, $"cast(({s.Value}) as {DeltaTypes.ToSql(s.Field.Type)})"));

    private RowChange Change(string matches, List<(MatchedClause Clause, int Number)> updates)
    {
        var gone = _engine.UniqueName("gone");
        _connection.Execute($"create temp table {gone} as select distinct {File} as _file, {Row} as _row, {Clause} > 0 as _updated from {matches} where {Clause} <> 0");
        var updatedRows = Count($"select count(*) from {gone} where _updated");
        var deletedRows = Count($"select count(*) from {gone} where not _updated");
        string? updated = null;
        if (updatedRows > 0)
        {
            updated = _engine.UniqueName("updated");
            var values = updates.ToDictionary(u => u.Number, u => Set(u.Clause).ToDictionary(s => s.Key.Name, s => s.Value, StringComparer.Ordinal));
            var given = _schema.Fields.Where(f => _rules.Generated(f) is null).ToList();
            var columns = given.Select(field =>
            {
                var name = SqlText.Name(field.Name);
                var cases = string.Concat(values.Where(v => v.Value.ContainsKey(field.Name)).Select(v => string.Create(CultureInfo.InvariantCulture, $" when {v.Key} then {v.Value[field.Name]}")));
                return cases.Length == 0 ? $"t.{name}" : $"case t.{Clause}{cases} else t.{name} end as {name}";
            });
            var rows = $"(select {string.Join(", ", columns)}, t.{File} as _file, t.{Row} as _row from {matches} t left join {_source} s on s.{SourceRow} = t.{Source} where t.{Clause} > 0)";
            _connection.Execute($"create temp table {updated} as select * from {_rules.Complete(rows, [.. given.Select(f => f.Name)], "_file, _row")}");
        }

        return new RowChange(_scan, gone, $"(select {File} as _file, {Row} as _row from {matches})", updated, null) { UpdatedRows = updatedRows, DeletedRows = deletedRows };
    }

    private string? Inserted(Merge merge, string matches)
    {
        var parts = new List<string>();
        var earlier = "";
        foreach (var clause in merge.WhenNotMatched)
        {
            var values = clause.Values
                ?? _schema.Fields.Where(f => _rules.Generated(f) is null && _sourceColumns.Contains(f.Name, StringComparer.OrdinalIgnoreCase))
                    .ToDictionary(f => f.Name, f => "s." + SqlText.Name(f.Name), StringComparer.Ordinal);
            var given = values.Select(v => (Field: _schema.Find(v.Key)!, v.Value)).ToList();
            var rows = $"(select {string.Join(", ", given.Select(g => $"{g.Value} as {SqlText.Name(g.Field.Name)}").DefaultIfEmpty("1 as _none"))} from {_source} s "
                + $"where not exists (select 1 from {matches} m where m.{Source} = s.{SourceRow}){(clause.Condition is null ? "" : $" and ({clause.Condition})")}{earlier})";
            parts.Add($"select * from {_rules.Complete(rows, [.. given.Select(g => g.Field.Name)])}");
            earlier += $" and ({clause.Condition ?? "true"}) is not true";
        }

        if (parts.Count == 0)
        {
            return null;
        }

        var inserted = _engine.UniqueName("inserted");
        _connection.Execute($"create temp table {inserted} as {string.Join(" union all ", parts)}");
        return inserted;
    }

    // A deletion needs no more of a row than its place.
    private string KeptColumns(Merge merge) => merge.WhenMatched.Concat(merge.WhenNotMatchedBySource).Any(c => !c.IsDelete) ? ", " + Names("t") : "";

    private string Position => $"{Of(_scan.FileColumn)} as {File}, {Of(_scan.RowColumn)} as {Row}";

    private static string Of(string column) => "t." + SqlText.Name(column);

    private string Names(string alias) => SqlText.Names(_schema.Fields.Select(f => f.Name), alias);

    private long Count(string sql) => _connection.Scalar<long>(sql);
}

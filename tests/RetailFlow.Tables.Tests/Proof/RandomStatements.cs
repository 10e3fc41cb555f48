using System.Globalization;
using RetailFlow.Delta;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>One random statement after the other, done to a table and to its model.</summary>
internal sealed class RandomStatements(DeltaTable table, Random random, bool modern, bool partitioned)
{
    private static readonly string?[] s_parts = ["a", "b", "x y/ü=%", null];
    private static readonly string?[] s_texts = ["", "v", "it's", "größer als zweiunddreißig Zeichen, und zwar deutlich", new string('z', 33), "\U0001F600", null];

    private long _nextId;
    private int _nextColumn;

    /// <summary>The oldest version whose files are certain to be there.</summary>
    public long Floor { get; private set; }

    /// <summary>A statement by chance; the text tells it, the model is what the table should then be.</summary>
    public async Task<(string Text, ModelTable Model)> NextAsync(ModelTable model, IReadOnlyDictionary<long, ModelTable> history)
    {
        var snapshot = await table.LoadAsync();
        switch (random.Next(22))
        {
            case 0 or 1 or 2 or 3:
                var rows = Rows(model, random.Next(1, 12));
                await table.AppendAsync(model.Select(rows));
                return ($"append {rows.Count}", model.With(model.Rows.Concat(rows)));
            case 4 or 5 or 6 or 7:
                return await MergeAsync(model);
            case 8 or 9:
                return await UpdateAsync(model);
            case 10 or 11:
                return await DeleteAsync(model);
            case 12:
                var replacement = Rows(model, random.Next(1, 8));
                await table.OverwriteAsync(model.Select(replacement));
                return ("overwrite", model.With(replacement));
            case 13 or 14:
                return await EvolveAsync(model, snapshot);
            case 15:
                return await ConstrainAsync(model, snapshot);
            case 16:
                await table.CheckpointAsync();
                return ("checkpoint", model);
            case 17:
                var on = snapshot.Metadata.Configuration.GetValueOrDefault("delta.enableChangeDataFeed") != "true";
                await table.AlterAsync([new SchemaChange.SetProperties(new Dictionary<string, string> { ["delta.enableChangeDataFeed"] = on ? "true" : "false" })]);
                return ($"change feed {on}", model);
            case 18:
                await table.OptimizeAsync();
                return ("optimize", model);
            case 19:
                await table.OptimizeAsync(["id", "n"]);
                return ("zorder", model);
            case 20:
                var version = history.Keys.Where(v => v >= Floor).OrderBy(_ => random.Next()).First();
                await table.RestoreAsync(TimeTravel.Version(version));
                return ($"restore {version}", history[version]);
            default:
                await table.VacuumAsync(TimeSpan.Zero, force: true);
                Floor = (await table.LoadAsync()).Version;
                return ("vacuum", model);
        }
    }

    /// <summary>New rows, with ids that no row had.</summary>
    public List<string?[]> Rows(ModelTable model, int count) => [.. Enumerable.Range(0, count).Select(_ => Row(model, _nextId++))];

    private string?[] Row(ModelTable model, long id) => [.. model.Columns.Select(c => c.Name switch
    {
        "id" => Text(id),
        "p" => s_parts[random.Next(s_parts.Length)],
        _ when c.Type == "VARCHAR" => s_texts[random.Next(s_texts.Length)],
        _ => random.Next(8) == 0 ? null : Text(random.Next(-50, 500)),
    })];

    private async Task<(string, ModelTable)> MergeAsync(ModelTable model)
    {
        var known = model.Rows.Where(_ => random.Next(3) == 0).Select(r => Row(model, model.Id(r))).ToList();
        var source = known.Concat(Rows(model, random.Next(1, 5))).ToDictionary(model.Id);
        var limit = random.Next(-50, 500);
        var (deletes, inserts, bySource) = (random.Next(2) == 0, random.Next(4) > 0, random.Next(4));
        MatchedClause[] matched = deletes ? [MatchedClause.Delete($"s.n < {limit}"), MatchedClause.UpdateAll()] : [MatchedClause.UpdateAll()];
        await table.MergeAsync(new Merge
        {
            Source = model.Select(source.Values),
            Keys = Merge.On("id"),
            WhenMatched = matched,
            WhenNotMatched = inserts ? [new InsertClause()] : [],
            WhenNotMatchedBySource = bySource switch
            {
                0 => [MatchedClause.Delete("t.n >= 400")],
                1 => [MatchedClause.Update(new Dictionary<string, string> { ["n"] = "t.n + 1" }, "t.id % 5 = 0")],
                _ => [],
            },
        });

        var n = model.Of("n");
        var there = model.Rows.Select(model.Id).ToHashSet();
        var rows = model.Rows
            .Select(row => source.TryGetValue(model.Id(row), out var change)
                ? (deletes && ModelTable.Number(change[n]) < limit ? null : change)
                : bySource == 0 && ModelTable.Number(row[n]) >= 400 ? null
                : bySource == 1 && model.Id(row) % 5 == 0 ? model.With([row]).Update("n", Incremented, _ => true).Rows[0]
                : row)
            .OfType<string?[]>()
            .Concat(inserts ? source.Values.Where(r => !there.Contains(model.Id(r))) : []);
        return ($"merge of {source.Count} (deletes {deletes} below {limit}, inserts {inserts}, by source {bySource})", model.With(rows));
    }

    private async Task<(string, ModelTable)> UpdateAsync(ModelTable model)
    {
        var (divisor, rest) = (random.Next(1, 6), 0);
        rest = random.Next(divisor);
        bool Hit(string?[] row) => model.Id(row) % divisor == rest;
        if (partitioned && random.Next(4) == 0)
        {
            await table.UpdateAsync(new Dictionary<string, string> { ["p"] = "'moved'" }, $"id % {divisor} = {rest}");
            return ($"update p where id % {divisor} = {rest}", model.Update("p", _ => "moved", Hit));
        }

        await table.UpdateAsync(new Dictionary<string, string> { ["n"] = "n + 1" }, $"id % {divisor} = {rest}");
        return ($"update n where id % {divisor} = {rest}", model.Update("n", Incremented, Hit));
    }

    private async Task<(string, ModelTable)> DeleteAsync(ModelTable model)
    {
        if (random.Next(2) == 0)
        {
            var limit = random.Next(-50, 150);
            await table.DeleteAsync($"n < {limit} or n is null");
            return ($"delete n < {limit} or null", model.Delete(r => ModelTable.Number(r[model.Of("n")]) is not { } n || n < limit));
        }

        var part = s_parts[random.Next(3)];
        await table.DeleteAsync($"p = '{part}' and id % 2 = 0");
        return ($"delete p = {part}, even", model.Delete(r => r[model.Of("p")] == part && model.Id(r) % 2 == 0));
    }

    private async Task<(string, ModelTable)> EvolveAsync(ModelTable model, Snapshot snapshot)
    {
        string[] free = [.. model.Columns.Select(c => c.Name).Except(["id", "p", "n"])];
        var choice = modern ? random.Next(4) : 0;
        if (choice == 1 && free.Length > 0)
        {
            var (old, name) = (free[random.Next(free.Length)], $"renamed {_nextColumn++}");
            await table.AlterAsync([new SchemaChange.RenameColumn(ColumnPath.Of(old), name)]);
            return ($"rename {old} to {name}", model.ChangeColumn(old, name, model.Columns[model.Of(old)].Type));
        }

        if (choice == 2 && free.Length > 0)
        {
            var name = free[random.Next(free.Length)];
            await table.AlterAsync([new SchemaChange.DropColumn(ColumnPath.Of(name))]);
            return ($"drop {name}", model.DropColumn(name));
        }

        if (choice == 3 && !snapshot.Metadata.Configuration.ContainsKey("delta.constraints.bounded") && model.Columns[model.Of("n")].Type == "INTEGER")
        {
            await table.AlterAsync([new SchemaChange.WidenType(ColumnPath.Of("n"), PrimitiveType.Long)]);
            return ("widen n", model.ChangeColumn("n", "n", "BIGINT"));
        }

        // A name that was dropped may come again; the column is another one.
        var added = model.Has("s") ? $"c{_nextColumn++}" : "s";
        var isText = random.Next(2) == 0;
        await table.AlterAsync([new SchemaChange.AddColumn(ColumnPath.Of(added), isText ? PrimitiveType.String : PrimitiveType.Long)]);
        return ($"add {added}", model.AddColumn(added, isText ? "VARCHAR" : "BIGINT"));
    }

    private async Task<(string, ModelTable)> ConstrainAsync(ModelTable model, Snapshot snapshot)
    {
        if (!snapshot.Metadata.Configuration.ContainsKey("delta.constraints.bounded"))
        {
            await table.AlterAsync([new SchemaChange.AddConstraint("bounded", "n is null or n < 1000")]);
        }

        var row = Row(model, _nextId++);
        row[model.Of("n")] = "1000";
        var refused = await Assert.ThrowsAsync<DeltaException>(async () => await table.AppendAsync(model.Select([row])));
        Assert.Equal(DeltaErrorKind.ConstraintViolated, refused.Kind);
        if (random.Next(3) == 0)
        {
            await table.AlterAsync([new SchemaChange.DropConstraint("bounded")]);
        }

        return ("constraint", model);
    }

    private static string? Incremented(string? value) => ModelTable.Number(value) is { } n ? Text(n + 1) : null;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}

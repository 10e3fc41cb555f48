using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>What the steps of models share: rendering of templates over chosen relations, and the inputs' snapshots.</summary>
internal sealed class ModelContext(Lake lake, ModelDefinition model)
{
    /// <summary>Full names of the tables that the model reads, through ephemeral models too.</summary>
    public IReadOnlyList<string> Inputs { get; } = [.. TableInputs(lake.Project, model).Distinct(StringComparer.Ordinal)];

    /// <summary>The SQL of the model, or of <paramref name="sql"/>, with each table as <paramref name="relation"/> says.</summary>
    public string Render(string sql, Func<string, string> relation, string? self = null, Func<string, string>? changes = null) =>
        ModelTemplate.Render(model.File, sql, table => table.IsChanges ? changes!(FullName(table)) : relation(FullName(table)), lake.Project.Variables, self);

    /// <summary>How often a SQL refers to each table, or, through its own name, to what the model itself refers to.</summary>
    public IReadOnlyDictionary<string, int> Uses(string sql)
    {
        var uses = new Dictionary<string, int>(StringComparer.Ordinal);
        Render(sql, Count, "this", name => name);
        return uses;

        string Count(string name)
        {
            if (name == model.Name)
            {
                Render(model.Sql, Count);
            }
            else
            {
                uses[name] = uses.GetValueOrDefault(name) + 1;
            }

            return name;
        }
    }

    /// <summary>The position that <paramref name="input"/> has in the model's commits: the last version of it that the model contains.</summary>
    public static string PositionName(string input) => $"input.{input}";

    /// <summary>Schema of what a select gives, as Delta types.</summary>
    public StructType SchemaOf(DuckDbConnection connection, string select, IReadOnlyList<string> leaveOut)
    {
        var fields = new List<StructField>();
        using var described = connection.Query($"describe {select}");
        foreach (var row in described.Rows())
        {
            var name = (string)row[0]!;
            if (!leaveOut.Contains(name))
            {
                fields.Add(new StructField(name, DeltaTypes.FromSql($"{model.Name}.{name}", (string)row[1]!), !model.UniqueKey.Contains(name)));
            }
        }

        return new StructType(fields);
    }

    /// <summary>The inputs as they are; null if one does not exist yet.</summary>
    public async ValueTask<IReadOnlyDictionary<string, Snapshot>?> SnapshotsAsync(CancellationToken cancellationToken)
    {
        var snapshots = new Dictionary<string, Snapshot>(StringComparer.Ordinal);
        foreach (var input in Inputs)
        {
            if (await lake.Tables[input].TryLatestAsync(cancellationToken) is not { } snapshot)
            {
                return null;
            }

            snapshots[input] = snapshot;
        }

        return snapshots;
    }

    /// <summary>Sets the positions that a commit of the model carries.</summary>
    public static void SetPositions(DeltaTransaction transaction, IReadOnlyDictionary<string, Snapshot> inputs)
    {
        foreach (var (input, snapshot) in inputs)
        {
            transaction.ReadTransaction(PositionName(input));
            transaction.SetTransaction(PositionName(input), snapshot.Version);
        }

        if (JournalOf(inputs) is { } journal)
        {
            transaction.SetTransaction(Bronze.BronzeStep.JournalPosition, journal);
        }
    }

    /// <summary>
    /// Whether the inputs contain more of the journal than the model's last commit says. Then the position is committed although no row
    /// changes: who waits for a sequence would wait for the next row otherwise.
    /// </summary>
    public static bool JournalMoved(Snapshot snapshot, IReadOnlyDictionary<string, Snapshot> inputs) =>
        JournalOf(inputs) is { } journal && journal > LakeTable.Position(snapshot, Bronze.BronzeStep.JournalPosition);

    /// <summary>Makes a relation usable by name; a view, so that it is planned where it is used.</summary>
    public string View(DuckDbConnection connection, string stem, string relation)
    {
        var name = lake.Engine.UniqueName(stem);
        connection.Execute($"create temp view {name} as select * from {relation}");
        return name;
    }

    /// <summary>
    /// The model's SQL over <paramref name="relation"/>, with each ephemeral model that it refers to evaluated once into a temporary
    /// table; their names, by the models' short names, are added to <paramref name="ephemerals"/>.
    /// </summary>
    public string RenderWithEphemerals(DuckDbConnection connection, Func<string, string> relation, Dictionary<string, string> ephemerals)
    {
        return Render(model.Sql, name =>
        {
            if (lake.Project.FindModel(name) is not { IsEphemeral: true } inner)
            {
                return relation(name);
            }

            if (!ephemerals.TryGetValue(inner.ShortName, out var table))
            {
                var select = new ModelContext(lake, inner).RenderWithEphemerals(connection, relation, ephemerals);
                table = TemporaryTable(connection, inner.ShortName, select);
                ephemerals[inner.ShortName] = table;
            }

            return table;
        });
    }

    /// <summary>Evaluates a select once, into a temporary table of the connection.</summary>
    public string TemporaryTable(DuckDbConnection connection, string stem, string select)
    {
        var name = lake.Engine.UniqueName(stem);
        connection.Execute($"create temp table {name} as {select}");
        return name;
    }

    private static long? JournalOf(IReadOnlyDictionary<string, Snapshot> inputs) =>
        inputs.Values.Select(s => LakeTable.Position(s, Bronze.BronzeStep.JournalPosition)).Where(p => p >= 0).Cast<long?>().Min();

    private string FullName(TemplateTable table) =>
        table.Source is { } source
            ? $"{source}.{table.Name}"
            : lake.Project.Models.First(m => m.ShortName == table.Name).Name;

    private static IEnumerable<string> TableInputs(LakeProject project, ModelDefinition model)
    {
        foreach (var input in model.Inputs)
        {
            if (project.FindModel(input) is { IsEphemeral: true } ephemeral)
            {
                foreach (var inner in TableInputs(project, ephemeral))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return input;
            }
        }
    }
}

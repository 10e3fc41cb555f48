using RetailFlow.Delta;

namespace RetailFlow.Lakehouse.Projects;

/// <summary>Reads models: their SQL files, and what <c>schema.yml</c> says of them.</summary>
internal static class ModelReader
{
    /// <summary>The models of these SQL files, by their short names.</summary>
    public static IReadOnlyList<ModelDefinition> Read(
        IReadOnlyDictionary<string, ModelFile> files,
        IReadOnlyDictionary<string, YamlEntry> properties,
        IReadOnlySet<string> feeds) =>
        [.. files.Select(f => Model(f.Key, f.Value, files, properties.GetValueOrDefault(f.Key), feeds))];

    /// <summary>Full name of a table that a template names.</summary>
    public static string FullName(TemplateTable table, Func<string, string?> layerOf, IReadOnlySet<string> feeds, string file)
    {
        if (table.Source is { } source)
        {
            return source == "bronze" && feeds.Contains(table.Name)
                ? $"bronze.{table.Name}"
                : source == "system"
                    ? $"system.{table.Name}"
                    : throw new LakeException(LakeErrorKind.Configuration, $"{file}: source('{source}', '{table.Name}') is not a feed of this project.");
        }

        return layerOf(table.Name) is { } layer
            ? $"{layer}.{table.Name}"
            : throw new LakeException(LakeErrorKind.Configuration, $"{file}: ref('{table.Name}') is not a model of this project.");
    }

    private static ModelDefinition Model(
        string name,
        ModelFile source,
        IReadOnlyDictionary<string, ModelFile> files,
        YamlEntry? entry,
        IReadOnlySet<string> feeds)
    {
        var (projectFolder, file) = source;
        var sql = File.ReadAllText(file);
        var inputs = new List<string>();
        ModelTemplate.Render(
            file,
            sql,
            table =>
            {
                var full = table.IsChanges
                    ? throw new LakeException(LakeErrorKind.Configuration, $"{file}: changes('{table.Name}') has a meaning in a fold only.")
                    : Full(table);
                if (!inputs.Contains(full))
                {
                    inputs.Add(full);
                }

                return full;
            },
            new AnyVariable(),
            self: "this");

        var config = entry?["config"];
        var meta = config?["meta"]?["retailflow"];
        meta?.AllowOnly("strategy", "links", "order_by", "key_holding_rules", "rejected", "keys", "by", "fold", "fold_inputs", "profile", "urgent");
        var key = config?["unique_key"]?.Texts ?? [];
        var strategy = meta?["strategy"]?.Text switch
        {
            "accumulate" => ModelStrategy.Accumulate,
            "keys" => ModelStrategy.Keys,
            "full" => ModelStrategy.Full,
            null => key.Count > 0 ? ModelStrategy.Keys : ModelStrategy.Full,
            _ => throw meta["strategy"]!.Error($"is '{meta["strategy"]!.Text}'; it must be accumulate, keys or full"),
        };
        if (strategy != ModelStrategy.Full && key.Count == 0)
        {
            throw (config ?? entry)!.Error($"needs unique_key for the strategy {strategy}");
        }

        var by = meta?["by"]?.Texts ?? key;
        if (by.Except(key, StringComparer.Ordinal).Any())
        {
            throw meta!["by"]!.Error("names a column that is not in unique_key");
        }

        var folded = meta?["fold_inputs"]?.Texts ?? [];
        if (folded.FirstOrDefault(f => !inputs.Any(i => i.EndsWith("." + f, StringComparison.Ordinal))) is { } unknown)
        {
            throw meta!["fold_inputs"]!.Error($"names '{unknown}', which the model does not refer to");
        }

        var foldSql = meta?["fold"] is { } fold ? FoldSql(projectFolder, fold) : null;
        var layer = LayerOf(projectFolder, file);
        return new ModelDefinition
        {
            Name = $"{layer}.{name}",
            ShortName = name,
            Layer = layer,
            Description = entry?["description"]?.Text,
            Tags = config?["tags"]?.Texts ?? [],
            Sql = sql,
            Inputs = inputs,
            UniqueKey = key,
            Strategy = strategy,
            Links = [.. (meta?["links"]?.Items ?? []).Select(link => link.Texts)],
            OrderColumn = strategy == ModelStrategy.Accumulate
                ? meta!["order_by"]?.Text ?? throw meta.Error("needs order_by for the strategy accumulate")
                : null,
            KeyHoldingRules = meta?["key_holding_rules"]?.Texts ?? [],
            By = by,
            FoldInputs = folded,
            FoldSql = foldSql,
            FoldChanges = foldSql is null ? [] : FoldChanges(file, foldSql, inputs, folded, Full),
            Rejected = meta?["rejected"]?.Text,
            InputKeys = (meta?["keys"]?.Members ?? []).ToDictionary(m => m.Name, m => m.Value.Texts, StringComparer.Ordinal),
            Profile = meta?["profile"] is { } profile ? Profile(profile) : null,
            IsUrgent = meta?["urgent"] is { } urgent && Flag(urgent),
            IsEphemeral = config?["materialized"]?.Text == "ephemeral",
            File = file,
        };

        string Full(TemplateTable table) => FullName(table, n => files.TryGetValue(n, out var f) ? LayerOf(f.Project, f.File) : null, feeds, file);
    }

    /// <summary>The inputs of which a fold asks for changes; of one it can ask for these or for what is new, not for both.</summary>
    private static List<string> FoldChanges(string file, string foldSql, List<string> inputs, IReadOnlyList<string> folded, Func<TemplateTable, string> full)
    {
        var found = new List<string>();
        ModelTemplate.Render(
            file,
            foldSql,
            table =>
            {
                if (table.IsChanges && !found.Contains(full(table)))
                {
                    found.Add(full(table));
                }

                return table.Name;
            },
            new AnyVariable(),
            self: "this");
        return found.Find(f => !inputs.Contains(f) || folded.Contains(f[(f.IndexOf('.', StringComparison.Ordinal) + 1)..])) is { } wrong
            ? throw new LakeException(LakeErrorKind.Configuration, $"{file}: its fold asks for the changes of {wrong}, which must be a table that the model refers to and not one of fold_inputs.")
            : found;
    }

    private static TableProfile Profile(YamlEntry entry) => TableProfile.Find(entry.Text)
        ?? throw entry.Error($"is '{entry.Text}'; it must be {TableProfile.Interop.Name} or {TableProfile.Modern.Name}");

    private static bool Flag(YamlEntry entry) => entry.Text switch
    {
        "true" => true,
        "false" => false,
        _ => throw entry.Error($"is '{entry.Text}'; it must be true or false"),
    };

    private static string FoldSql(string projectFolder, YamlEntry fold)
    {
        var file = Path.Combine(projectFolder, fold.Text);
        return File.Exists(file) ? File.ReadAllText(file) : throw fold.Error($"names the file '{fold.Text}', which does not exist");
    }

    private static string LayerOf(string projectFolder, string file)
    {
        var relative = Path.GetRelativePath(Path.Combine(projectFolder, "models"), file).Replace('\\', '/');
        var slash = relative.IndexOf('/', StringComparison.Ordinal);
        var layer = slash < 0 ? "" : relative[..slash];
        return layer is "silver" or "gold"
            ? layer
            : throw new LakeException(LakeErrorKind.Configuration, $"{file}: a model lies in models/silver or models/gold.");
    }

    /// <summary>Any variable, for finding the inputs of a template without its values.</summary>
    private sealed class AnyVariable : IReadOnlyDictionary<string, string>
    {
        public IEnumerable<string> Keys => [];

        public IEnumerable<string> Values => [];

        public int Count => 0;

        public string this[string key] => "";

        public bool ContainsKey(string key) => true;

        public bool TryGetValue(string key, out string value)
        {
            value = "";
            return true;
        }

        public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => Enumerable.Empty<KeyValuePair<string, string>>().GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

/// <summary>A model's SQL file and the project that it is part of.</summary>
/// <param name="Project">Folder of the project.</param>
/// <param name="File">The file.</param>
internal readonly record struct ModelFile(string Project, string File);

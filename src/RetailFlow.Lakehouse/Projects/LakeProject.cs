namespace RetailFlow.Lakehouse.Projects;

/// <summary>A dbt project: feed contracts and models.</summary>
public sealed class LakeProject
{
    private readonly Dictionary<string, FeedContract> _feeds;
    private readonly Dictionary<string, ModelDefinition> _models;

    private LakeProject(string name, string folder, IReadOnlyDictionary<string, string> variables, IEnumerable<FeedContract> feeds, IEnumerable<ModelDefinition> models)
    {
        Name = name;
        Folder = folder;
        Variables = variables;
        _feeds = feeds.ToDictionary(f => f.Name, StringComparer.Ordinal);
        _models = models.ToDictionary(m => m.Name, StringComparer.Ordinal);
        Models = ModelOrder.Sort(_models);
    }

    /// <summary>Name in <c>dbt_project.yml</c>.</summary>
    public string Name { get; }

    /// <summary>The project's folder.</summary>
    public string Folder { get; }

    /// <summary>Values of <c>var</c>.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>Feed contracts.</summary>
    public IReadOnlyCollection<FeedContract> Feeds => _feeds.Values;

    /// <summary>Models, each after the models that it refers to.</summary>
    public IReadOnlyList<ModelDefinition> Models { get; }

    /// <summary>Reads the project in <paramref name="folder"/>; variables of <c>environments/&lt;environment&gt;.yml</c> win.</summary>
    /// <exception cref="LakeException">There is no project, or a file of it is wrong; the message names file, line and key.</exception>
    public static LakeProject Load(string folder, string environment)
    {
        var root = Path.Combine(folder, "dbt_project.yml");
        if (!File.Exists(root))
        {
            throw new LakeException(LakeErrorKind.Configuration, $"No project in '{folder}': dbt_project.yml is missing; name the project's folder with --project.");
        }

        var document = YamlEntry.Read(root) ?? throw new LakeException(LakeErrorKind.Configuration, $"{root} is empty.");
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var feeds = new Dictionary<string, FeedContract>(StringComparer.Ordinal);
        var properties = new Dictionary<string, YamlEntry>(StringComparer.Ordinal);
        var models = new Dictionary<string, ModelFile>(StringComparer.Ordinal);
        foreach (var part in Packages(folder).Append(folder))
        {
            foreach (var file in Files(Path.Combine(part, "models"), "*.yml"))
            {
                if (YamlEntry.Read(file) is { } content)
                {
                    foreach (var feed in FeedContractReader.Read(content))
                    {
                        feeds[feed.Name] = feed;
                    }

                    foreach (var model in content["models"]?.Items ?? [])
                    {
                        properties[model.Required("name")] = model;
                    }
                }
            }

            foreach (var file in Files(Path.Combine(part, "models"), "*.sql"))
            {
                models[Path.GetFileNameWithoutExtension(file)] = new ModelFile(part, file);
            }

            AddVariables(variables, YamlEntry.Read(Path.Combine(part, "dbt_project.yml"))?["vars"]);
        }

        var environmentFile = Path.Combine(folder, "environments", environment + ".yml");
        if (File.Exists(environmentFile))
        {
            AddVariables(variables, YamlEntry.Read(environmentFile)?["vars"]);
        }

        var definitions = ModelReader.Read(models, properties, feeds.Keys.ToHashSet(StringComparer.Ordinal));
        return new LakeProject(document.Required("name"), Path.GetFullPath(folder), variables, feeds.Values, definitions);
    }

    /// <summary>The contract of a feed.</summary>
    /// <exception cref="LakeException">The project has no such feed.</exception>
    public FeedContract Feed(string name) =>
        _feeds.TryGetValue(name, out var feed)
            ? feed
            : throw new LakeException(LakeErrorKind.InvalidInput, $"Feed '{name}' is not known; the project '{Name}' has {string.Join(", ", _feeds.Keys.Order(StringComparer.Ordinal))}.");

    /// <summary>The model of that full name, or null.</summary>
    public ModelDefinition? FindModel(string name) => _models.GetValueOrDefault(name);

    private static void AddVariables(Dictionary<string, string> variables, YamlEntry? entry)
    {
        foreach (var (name, value) in entry?.Members ?? [])
        {
            variables[name] = value.Text;
        }
    }

    /// <summary>Folders of the local packages that <c>packages.yml</c> names, as dbt does; what the project itself has goes before.</summary>
    private static IEnumerable<string> Packages(string folder)
    {
        var file = Path.Combine(folder, "packages.yml");
        if (!File.Exists(file))
        {
            yield break;
        }

        foreach (var package in YamlEntry.Read(file)?["packages"]?.Items ?? [])
        {
            var path = Path.GetFullPath(Path.Combine(folder, package.Required("local")));
            yield return File.Exists(Path.Combine(path, "dbt_project.yml")) ? path : throw package.Error($"names the folder '{path}', which has no dbt_project.yml");
        }
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            : [];
}

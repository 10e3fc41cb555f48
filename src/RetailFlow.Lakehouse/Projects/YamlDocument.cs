using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RetailFlow.Lakehouse.Projects;

/// <summary>A node of a project file that knows where it is, so that an error can name the file, the line and the key.</summary>
internal sealed class YamlEntry(string file, string key, YamlNode node)
{
    public string Key { get; } = key;

    /// <summary>Reads a YAML file; null if it is empty.</summary>
    public static YamlEntry? Read(string file)
    {
        try
        {
            using var reader = new StreamReader(file);
            var stream = new YamlStream();
            stream.Load(reader);
            return stream.Documents.Count == 0 ? null : new YamlEntry(file, "", stream.Documents[0].RootNode);
        }
        catch (YamlException e)
        {
            throw new LakeException(LakeErrorKind.Configuration, $"{file}:{e.Start.Line}: {e.Message}", e);
        }
    }

    public YamlEntry? this[string name] =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var child)
            ? new YamlEntry(file, Key.Length == 0 ? name : $"{Key}.{name}", child)
            : null;

    public IEnumerable<YamlEntry> Items =>
        node is YamlSequenceNode list
            ? list.Children.Select((child, i) => new YamlEntry(file, $"{Key}[{i}]", child))
            : throw Error("must be a list");

    public IEnumerable<(string Name, YamlEntry Value)> Members =>
        node is YamlMappingNode map
            ? map.Children.Select(c => (((YamlScalarNode)c.Key).Value!, new YamlEntry(file, $"{Key}.{c.Key}", c.Value)))
            : throw Error("must be a mapping");

    public string Text => node is YamlScalarNode { Value: { } value } ? value : throw Error("must be a single value");

    public IReadOnlyList<string> Texts => node is YamlScalarNode ? [Text] : [.. Items.Select(item => item.Text)];

    public string Required(string name) => this[name]?.Text ?? throw Error($"needs '{name}'");

    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        foreach (var (name, _) in Members)
        {
            if (!names.Contains(name))
            {
                throw Error($"has the unknown key '{name}'; known are {string.Join(", ", names.ToArray())}");
            }
        }
    }

    public LakeException Error(string rule) => new(LakeErrorKind.Configuration, $"{file}:{node.Start.Line}: {(Key.Length == 0 ? "the document" : Key)} {rule}.");
}

using System.CommandLine;
using RetailFlow.Cli.Output;

namespace RetailFlow.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class CommonOptions
{
    public const string LakeVariable = "RETAILFLOW_LAKE";
    public const string DefaultLake = "./lake";
    public const string DefaultProject = "./lakehouse";

    public Option<string?> Lake { get; } = new("--lake")
    {
        Description = $"Folder of the lake, or its URL in Azure, abfss:// or https:// (default {DefaultLake}, or {LakeVariable}).",
        HelpName = "PATH|URL",
        Recursive = true,
    };

    public Option<string?> Project { get; } = new("--project")
    {
        Description = $"Folder with the feeds and models (default {DefaultProject}, else the one that comes with the program).",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<string> Environment { get; } = new("--env")
    {
        Description = "Environment whose settings apply.",
        HelpName = "NAME",
        Recursive = true,
        DefaultValueFactory = _ => "dev",
    };

    public Option<OutputFormat?> Output { get; } = new("--output", "-o")
    {
        Description = "How results are printed: table, json (one document), ndjson or csv.",
        HelpName = "table|json|ndjson|csv",
        Recursive = true,
        CustomParser = result =>
        {
            switch (result.Tokens[0].Value)
            {
                case "table":
                    return OutputFormat.Table;
                case "json":
                    return OutputFormat.Json;
                case "ndjson":
                    return OutputFormat.Ndjson;
                case "csv":
                    return OutputFormat.Csv;
                case var other:
                    result.AddError($"--output '{other}' is none of table, json, ndjson, csv.");
                    return null;
            }
        },
    };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(Lake);
        root.Options.Add(Project);
        root.Options.Add(Environment);
        root.Options.Add(Output);
    }

    public string LakePath(ParseResult parsed, CommandHost host)
    {
        var chosen = parsed.GetValue(Lake) ?? host.Variable(LakeVariable);
        return host.PathOrUrl(string.IsNullOrEmpty(chosen) ? DefaultLake : chosen);
    }

    /// <summary>A project that is named must exist; only the default falls back on the one beside the program.</summary>
    public string ProjectPath(ParseResult parsed, CommandHost host)
    {
        if (parsed.GetValue(Project) is { } named)
        {
            return host.FullPath(named);
        }

        var here = host.FullPath(DefaultProject);
        var shipped = Path.Combine(host.ProgramDirectory, "lakehouse");
        return Directory.Exists(here) || !Directory.Exists(shipped) ? here : shipped;
    }
}

using System.Xml.Linq;
using Xunit;

namespace RetailFlow.Cli.Tests;

/// <summary>The references between projects are the architecture (architecture.md section 3): exactly these.</summary>
public sealed class ProjectGraphTests
{
    private static readonly Dictionary<string, string[]> s_graph = new(StringComparer.Ordinal)
    {
        ["RetailFlow.Storage"] = [],
        ["RetailFlow.Storage.Azure"] = ["RetailFlow.Storage"],
        ["RetailFlow.Delta"] = ["RetailFlow.Storage"],
        ["RetailFlow.DuckDb"] = [],
        ["RetailFlow.Stock"] = ["RetailFlow.Storage"],
        ["RetailFlow.Connectors"] = ["RetailFlow.Stock"],
        ["RetailFlow.Tables"] = ["RetailFlow.Delta", "RetailFlow.DuckDb"],
        ["RetailFlow.Lakehouse"] = ["RetailFlow.Stock", "RetailFlow.Storage.Azure", "RetailFlow.Tables"],
        ["RetailFlow.Node"] = ["RetailFlow.Connectors", "RetailFlow.Lakehouse", "RetailFlow.Stock"],
        ["RetailFlow.Bench"] = ["RetailFlow.Node"],
        ["RetailFlow.Cli"] = ["RetailFlow.Bench", "RetailFlow.Node"],
    };

    [Fact]
    public void The_projects_under_src_and_bench_refer_to_each_other_exactly_as_the_architecture_says()
    {
        var found = new[] { "src", "bench" }
            .SelectMany(folder => Directory.GetDirectories(Path.Combine(Repository.Root, folder)))
            .SelectMany(folder => Directory.GetFiles(folder, "*.csproj"))
            .Select(file => $"{Path.GetFileNameWithoutExtension(file)} -> {string.Join(", ", ReferencesOf(file))}")
            .Order(StringComparer.Ordinal);

        var expected = s_graph
            .Select(p => $"{p.Key} -> {string.Join(", ", p.Value)}")
            .Order(StringComparer.Ordinal);

        Assert.Equal(expected, found);
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = XDocument.Load(Path.Combine(Repository.Root, "RetailFlow.slnx"))
            .Descendants("Project").Select(p => p.Attribute("Path")!.Value).Order(StringComparer.Ordinal);

        var onDisk = new[] { "src", "bench", "tests" }
            .SelectMany(folder => Directory.GetDirectories(Path.Combine(Repository.Root, folder)))
            .SelectMany(folder => Directory.GetFiles(folder, "*.csproj"))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

        Assert.Equal(onDisk, solution);
    }

    [Theory]
    [InlineData("RetailFlow.Delta", "RetailFlow.DuckDb")]
    [InlineData("RetailFlow.Stock", "RetailFlow.Delta")]
    [InlineData("RetailFlow.Connectors", "Microsoft.AspNetCore")]
    [InlineData("RetailFlow.Stock", "Microsoft.AspNetCore")]
    public void A_project_names_nothing_that_the_architecture_keeps_from_it(string project, string forbidden)
    {
        var uses = Directory.GetFiles(Path.Combine(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines)
            .Where(line => line.StartsWith("using ", StringComparison.Ordinal) && line.Contains(forbidden, StringComparison.Ordinal));

        Assert.Empty(uses);
    }

    private static IEnumerable<string> ReferencesOf(string project) => XDocument.Load(project)
        .Descendants("ProjectReference")
        .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))
        .Order(StringComparer.Ordinal);
}

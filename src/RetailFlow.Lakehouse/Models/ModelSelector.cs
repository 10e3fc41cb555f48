using RetailFlow.Lakehouse.Projects;

namespace RetailFlow.Lakehouse.Models;

/// <summary>dbt-style selection: names, <c>+name</c> with what it needs, <c>name+</c> with what needs it, <c>tag:x</c>.</summary>
internal static class ModelSelector
{
    /// <summary>Full names of the feeds' and models' tables that <paramref name="selector"/> selects; all without one.</summary>
    /// <exception cref="LakeException">A term names nothing.</exception>
    public static IReadOnlySet<string> Select(LakeProject project, string? selector)
    {
        var parents = project.Models.ToDictionary(m => m.Name, m => m.Inputs, StringComparer.Ordinal);
        var all = parents.Keys.Concat(project.Feeds.Select(f => $"bronze.{f.Name}")).ToHashSet(StringComparer.Ordinal);
        if (string.IsNullOrWhiteSpace(selector))
        {
            return all;
        }

        var selected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var term in selector.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            var name = term.Trim('+');
            var matches = name.StartsWith("tag:", StringComparison.Ordinal)
                ? project.Models.Where(m => m.Tags.Contains(name[4..])).Select(m => m.Name).ToList()
                : all.Where(table => table == name || table.EndsWith("." + name, StringComparison.Ordinal)).ToList();
            if (matches.Count == 0)
            {
                throw new LakeException(LakeErrorKind.InvalidInput, $"Selector '{term}' names no feed, model or tag of the project '{project.Name}'.");
            }

            foreach (var match in matches)
            {
                selected.Add(match);
                if (term.StartsWith('+'))
                {
                    Follow(match, table => parents.GetValueOrDefault(table, []), selected);
                }

                if (term.EndsWith('+'))
                {
                    Follow(match, table => parents.Where(p => p.Value.Contains(table)).Select(p => p.Key), selected);
                }
            }
        }

        return selected;
    }

    private static void Follow(string table, Func<string, IEnumerable<string>> next, HashSet<string> selected)
    {
        foreach (var other in next(table))
        {
            selected.Add(other);
            Follow(other, next, selected);
        }
    }
}

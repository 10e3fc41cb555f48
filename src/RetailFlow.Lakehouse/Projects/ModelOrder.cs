namespace RetailFlow.Lakehouse.Projects;

/// <summary>Puts models after the models that they refer to, and those that are urgent, with what they refer to, before others.</summary>
internal static class ModelOrder
{
    /// <summary>The models in an order in which they can run.</summary>
    /// <exception cref="LakeException">Models refer to each other in a circle; the message names it.</exception>
    public static IReadOnlyList<ModelDefinition> Sort(IReadOnlyDictionary<string, ModelDefinition> models)
    {
        var sorted = new List<ModelDefinition>(models.Count);
        var done = new HashSet<string>(StringComparer.Ordinal);
        var path = new List<string>();
        foreach (var name in models.Keys.OrderBy(name => !models[name].IsUrgent).ThenBy(name => name, StringComparer.Ordinal))
        {
            Visit(name);
        }

        return sorted;

        void Visit(string name)
        {
            if (done.Contains(name) || !models.TryGetValue(name, out var model))
            {
                return;
            }

            var at = path.IndexOf(name);
            if (at >= 0)
            {
                throw new LakeException(LakeErrorKind.Configuration, $"Models refer to each other in a circle: {string.Join(" -> ", path.Skip(at).Append(name))}.");
            }

            path.Add(name);
            foreach (var input in model.Inputs)
            {
                Visit(input);
            }

            path.RemoveAt(path.Count - 1);
            done.Add(name);
            sorted.Add(model);
        }
    }
}

using System.Text;
using System.Text.RegularExpressions;

namespace RetailFlow.Lakehouse.Projects;

/// <summary>
/// The part of dbt's templates that models use: <c>ref</c>, <c>source</c>, <c>var</c>, <c>this</c>, <c>config</c> and comments; and <c>changes</c> for folds.
/// </summary>
internal static partial class ModelTemplate
{
    /// <summary>Replaces every expression of <paramref name="sql"/>.</summary>
    /// <param name="file">File that an error names.</param>
    /// <param name="sql">Template.</param>
    /// <param name="table">Gives the relation for a <c>ref</c>, <c>source</c> or <c>changes</c>.</param>
    /// <param name="variables">Values of <c>var</c>.</param>
    /// <param name="self">The relation for <c>this</c>, or null where it means nothing.</param>
    public static string Render(string file, string sql, Func<TemplateTable, string> table, IReadOnlyDictionary<string, string> variables, string? self)
    {
        var output = new StringBuilder(sql.Length);
        var position = 0;
        foreach (Match match in Expression().Matches(sql))
        {
            output.Append(sql, position, match.Index - position);
            position = match.Index + match.Length;
            if (match.Value.StartsWith("{#", StringComparison.Ordinal))
            {
                continue;
            }

            if (match.Value.StartsWith("{%", StringComparison.Ordinal))
            {
                throw Error(file, match.Value, "statements are not supported; only ref, source, var, this and config are");
            }

            output.Append(Value(file, match.Groups["code"].Value.Trim(), table, variables, self));
        }

        return output.Append(sql, position, sql.Length - position).ToString();
    }

    private static string Value(string file, string code, Func<TemplateTable, string> table, IReadOnlyDictionary<string, string> variables, string? self)
    {
        if (code == "this")
        {
            return self ?? throw Error(file, code, "has no meaning here");
        }

        var call = Call().Match(code);
        if (!call.Success)
        {
            throw Error(file, code, "is not understood; only ref, source, var, this and config are");
        }

        var arguments = Text().Matches(call.Groups["arguments"].Value).Select(m => m.Groups["text"].Value).ToList();
        switch (call.Groups["name"].Value)
        {
            case "config":
                return "";
            case "ref" when arguments.Count == 1:
                return table(new TemplateTable(null, arguments[0]));
            case "source" when arguments.Count == 2:
                return table(new TemplateTable(arguments[0], arguments[1]));
            case "changes" when arguments.Count is 1 or 2:
                return table(new TemplateTable(arguments.Count == 2 ? arguments[0] : null, arguments[^1], IsChanges: true));
            case "var" when arguments.Count >= 1:
                return variables.TryGetValue(arguments[0], out var value)
                    ? value
                    : arguments.Count > 1 ? arguments[1] : throw Error(file, code, $"names the variable '{arguments[0]}', which dbt_project.yml does not set");
            default:
                throw Error(file, code, "has the wrong arguments");
        }
    }

    private static LakeException Error(string file, string code, string rule) =>
        new(LakeErrorKind.Configuration, $"{file}: the expression '{code}' {rule}.");

    [GeneratedRegex(@"\{\{(?<code>.*?)\}\}|\{#.*?#\}|\{%.*?%\}", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Expression();

    [GeneratedRegex(@"^(?<name>\w+)\s*\((?<arguments>.*)\)$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Call();

    [GeneratedRegex(@"(['""])(?<text>.*?)\1|(?<text>-?\d+(\.\d+)?)", RegexOptions.None)]
    private static partial Regex Text();
}

/// <summary>A table that a template names.</summary>
/// <param name="Source">The source, or null for a model.</param>
/// <param name="Name">The table's or the model's name.</param>
/// <param name="IsChanges">True if not its rows are wanted but those that came and left.</param>
internal readonly record struct TemplateTable(string? Source, string Name, bool IsChanges = false);

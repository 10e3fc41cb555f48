using System.Globalization;
using System.Text;

namespace RetailFlow.Lakehouse.Landing;

/// <summary>Names of RAW files: <c>raw/&lt;feed&gt;/ingestion_date=YYYY-MM-DD/source=&lt;source&gt;/&lt;batch_id&gt;.&lt;ext&gt;</c>.</summary>
internal static class RawPath
{
    /// <summary>Path of a batch.</summary>
    public static string Of(string feed, DateTimeOffset landedAt, string source, string batchId, string ending) =>
        $"raw/{feed}/ingestion_date={landedAt.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}/source={source}/{batchId}{ending}";

    /// <summary>The source that a path names, or null.</summary>
    public static string? SourceOf(string path) =>
        path.Split('/').FirstOrDefault(part => part.StartsWith("source=", StringComparison.Ordinal))?["source=".Length..];

    /// <summary>The batch that a path names.</summary>
    public static string BatchOf(string path)
    {
        var name = Path.GetFileName(path);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? name[..dot] : name;
    }

    /// <summary>A name as it is, if it can be part of a path.</summary>
    /// <exception cref="LakeException">It has other characters, or is too long.</exception>
    public static string Checked(string field, string value, int longest) =>
        value.Length >= 1 && value.Length <= longest && value.All(IsSafe) && value[0] != '.'
            ? value
            : throw new LakeException(LakeErrorKind.InvalidInput, $"{field} '{value}': must be 1 to {longest} of the characters A-Z, a-z, 0-9, '.', '_' and '-', not starting with '.'.");

    /// <summary>A name made safe to be part of a path.</summary>
    public static string Safe(string value)
    {
        var text = new StringBuilder();
        foreach (var c in value.Take(96))
        {
            text.Append(IsSafe(c) ? c : '_');
        }

        return text.Length == 0 || text[0] == '.' ? "_" + text : text.ToString();
    }

    private static bool IsSafe(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}

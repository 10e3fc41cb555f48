using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>The checksum of <c>_last_checkpoint</c> (protocol section "JSON checksum").</summary>
internal static class JsonChecksum
{
    /// <summary>The member that holds the checksum, and so is no part of what it covers.</summary>
    public const string Name = "checksum";

    /// <summary>The MD5 of the canonical form in lower-case hexadecimal digits; null if a name occurs twice, which is not allowed.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The protocol asks for MD5, against accidents only.")]
    public static string? Of(JsonElement root) =>
        Canonical(root) is { } text ? Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text))) : null;

    /// <summary>Every leaf as path and value, in the order of the paths; null if a name occurs twice.</summary>
    internal static string? Canonical(JsonElement root)
    {
        var leaves = new List<(string Path, string Value)>();
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name != Name)
            {
                Collect(Quoted(member.Name), member.Value, leaves);
            }
        }

        // Everything in a path is ASCII, so that ordinal order is the order of its bytes.
        leaves.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        for (var i = 1; i < leaves.Count; i++)
        {
            if (leaves[i].Path == leaves[i - 1].Path)
            {
                return null;
            }
        }

        return string.Join(',', leaves.Select(l => $"{l.Path}={l.Value}"));
    }

    private static void Collect(string path, JsonElement value, List<(string Path, string Value)> leaves)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Collect($"{path}+{Quoted(member.Name)}", member.Value, leaves);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var element in value.EnumerateArray())
                {
                    Collect(FormattableString.Invariant($"{path}+{index++}"), element, leaves);
                }

                break;
            case JsonValueKind.String:
                leaves.Add((path, Quoted(value.GetString()!)));
                break;
            default:
                leaves.Add((path, value.GetRawText()));
                break;
        }
    }

    private static string Quoted(string text)
    {
        var encoded = new StringBuilder("\"");
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || (char)b is '-' or '.' or '_' or '~')
            {
                encoded.Append((char)b);
            }
            else
            {
                encoded.Append('%').Append(Convert.ToHexString([b]));
            }
        }

        return encoded.Append('"').ToString();
    }
}

using System.Text;

namespace RetailFlow.Delta;

/// <summary>Paths of files as the log writes them: RFC 2396 URI references.</summary>
public static class DeltaPath
{
    private const string UnreservedMarks = "-_.!~*'()/=@&$+,;";

    /// <summary>
    /// Percent-encodes a path relative to the table, or an absolute path. Letters, digits and the marks that a URI path may
    /// carry stay; everything else, <c>%</c> and <c>:</c> included, becomes UTF-8 percent triplets.
    /// </summary>
    public static string Encode(string path)
    {
        StringBuilder? encoded = null;
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < path.Length;)
        {
            var c = path[i];
            if (char.IsAsciiLetterOrDigit(c) || UnreservedMarks.Contains(c, StringComparison.Ordinal))
            {
                encoded?.Append(c);
                i++;
                continue;
            }

            encoded ??= new StringBuilder(path, 0, i, path.Length + 16);
            Rune.DecodeFromUtf16(path.AsSpan(i), out var rune, out var consumed);
            foreach (var b in utf8[..rune.EncodeToUtf8(utf8)])
            {
                encoded.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }

            i += consumed;
        }

        return encoded?.ToString() ?? path;
    }

    /// <summary>Undoes percent encoding; <c>+</c> stays a plus sign.</summary>
    public static string Decode(string path) => path.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(path) : path;

    /// <summary>True for a path that does not depend on the table's folder: rooted, or with a URI scheme.</summary>
    public static bool IsAbsolute(string decodedPath)
    {
        if (decodedPath.StartsWith('/'))
        {
            return true;
        }

        var colon = decodedPath.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !char.IsAsciiLetter(decodedPath[0]))
        {
            return false;
        }

        foreach (var c in decodedPath.AsSpan(0, colon))
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>One spelling per file: <c>file:/x</c>, <c>file:///x</c> and <c>/x</c> name the same local file.</summary>
    internal static string Canonical(string decodedPath)
    {
        if (!decodedPath.StartsWith("file:/", StringComparison.Ordinal))
        {
            return decodedPath;
        }

        var rest = decodedPath.AsSpan("file:".Length);
        return rest.StartsWith("///") ? rest[2..].ToString() : rest.StartsWith("//") ? decodedPath : rest.ToString();
    }
}

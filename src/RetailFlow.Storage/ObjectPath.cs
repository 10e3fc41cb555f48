namespace RetailFlow.Storage;

/// <summary>The rules that a path in an <see cref="IObjectStore"/> obeys, the same in every implementation.</summary>
public static class ObjectPath
{
    /// <summary>Names that begin so are files in the making: no listing shows them and no object may have such a name.</summary>
    public const string TemporaryPrefix = ".tmp-";

    /// <summary>Refuses a path that is empty, absolute, not normal, or reserved.</summary>
    /// <exception cref="ArgumentException">The path breaks a rule; the message says which.</exception>
    public static void Validate(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ValidateCharacters(path);
        ReadOnlySpan<char> rest = path;
        foreach (Range range in rest.Split('/'))
        {
            ValidateSegment(rest[range], path);
        }
    }

    /// <summary>Whether <see cref="Validate"/> accepts the path.</summary>
    public static bool IsValid(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        ReadOnlySpan<char> rest = path;
        if (rest.IndexOfAny('\0', '\\') >= 0)
        {
            return false;
        }

        foreach (Range range in rest.Split('/'))
        {
            if (Broken(rest[range]) is not null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Refuses a listing prefix that could not be the beginning of a valid path. The empty prefix means everything;
    /// the part after the last <c>/</c> may be any beginning of a name.
    /// </summary>
    /// <exception cref="ArgumentException">The prefix breaks a rule; the message says which.</exception>
    public static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ValidateCharacters(prefix);
        int lastSlash = prefix.LastIndexOf('/');
        if (lastSlash < 0)
        {
            return;
        }

        ReadOnlySpan<char> directories = prefix.AsSpan(0, lastSlash);
        foreach (Range range in directories.Split('/'))
        {
            ValidateSegment(directories[range], prefix);
        }
    }

    private static void ValidateCharacters(string path)
    {
        if (path.AsSpan().IndexOfAny('\0', '\\') >= 0)
        {
            throw new ArgumentException($"The object path '{path.Replace('\0', '?')}' contains a NUL or a backslash.", nameof(path));
        }
    }

    private static void ValidateSegment(ReadOnlySpan<char> segment, string path)
    {
        if (Broken(segment) is { } rule)
        {
            throw new ArgumentException($"The object path '{path}' {rule}.", nameof(path));
        }
    }

    /// <summary>What is wrong with a segment, or null.</summary>
    private static string? Broken(ReadOnlySpan<char> segment) => segment switch
    {
        "" => "must be relative, with '/' only between names",
        "." or ".." => $"contains the segment '{segment}'",
        _ when segment.StartsWith(TemporaryPrefix, StringComparison.Ordinal) =>
            $"uses a name that begins with '{TemporaryPrefix}', which is kept for unfinished files",
        _ => null,
    };
}

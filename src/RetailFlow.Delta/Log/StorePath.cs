using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>Where in the store a file lies that the log names.</summary>
public static class StorePath
{
    /// <summary>The path in the store of a file of the log.</summary>
    /// <param name="store">The store of the table.</param>
    /// <param name="folder">Folder in the store that relative paths begin at; empty for the root.</param>
    /// <param name="decodedPath">The path without percent encoding: relative, rooted or with a URI scheme.</param>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.UnsupportedFeature"/> for an absolute path that is not known to lie in the store;
    /// <see cref="DeltaErrorKind.Corrupt"/> for one that is no path.
    /// </exception>
    public static string Of(IObjectStore store, string folder, string decodedPath)
    {
        var path = decodedPath;
        if (!DeltaPath.IsAbsolute(decodedPath))
        {
            path = folder.Length == 0 ? decodedPath : $"{folder}/{decodedPath}";
        }
        else if (LocalRoot(store) is { } root && DeltaPath.Canonical(decodedPath).StartsWith(root, StringComparison.Ordinal))
        {
            path = DeltaPath.Canonical(decodedPath)[root.Length..];
        }
        else
        {
            throw DeltaException.Unsupported($"The file '{decodedPath}' has an absolute path that is not below the store of the table; such files are not read.");
        }

        try
        {
            ObjectPath.Validate(path);
            return path;
        }
        catch (ArgumentException e)
        {
            throw DeltaException.Corrupt($"The log names a file '{decodedPath}', which is no path: {e.Message}", e);
        }
    }

    private static string? LocalRoot(IObjectStore store)
    {
        const string any = "x";
        return store.LocalPath(any) is { } local ? local[..^any.Length] : null;
    }
}

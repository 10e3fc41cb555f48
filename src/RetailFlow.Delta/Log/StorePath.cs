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
    /// <see cref="DeltaErrorKind.UnsupportedFeature"/> for an absolute path that does not lie below the store;
    /// <see cref="DeltaErrorKind.Corrupt"/> for one that is no path.
    /// </exception>
    public static string Of(IObjectStore store, string folder, string decodedPath)
    {
        string path;
        if (!DeltaPath.IsAbsolute(decodedPath))
        {
            path = folder.Length == 0 ? decodedPath : $"{folder}/{decodedPath}";
        }
        else
        {
            path = store.Location?.PathOf(decodedPath) ?? throw DeltaException.Unsupported(
                $"The file '{decodedPath}' has an absolute path that is not below {(store.Location is { } at ? $"'{at}'" : "the store")}: the files of a table are read from the store of the table and from nowhere else.");
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

    /// <summary>The absolute URI of an object or a folder, percent-encoded, in the spelling that other readers know; null where the store has no address.</summary>
    /// <param name="store">The store.</param>
    /// <param name="path">The path in the store; empty for its root.</param>
    public static string? UriOf(IObjectStore store, string path) => store.Location is { Spellings: [var root, ..] }
        ? root.Authority + DeltaPath.Encode(path.Length == 0 ? root.Path : $"{root.Path}/{path}")
        : null;
}

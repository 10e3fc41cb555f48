namespace RetailFlow.Storage;

/// <summary>One way to write the beginning of the absolute URIs of a store's objects, without percent encoding.</summary>
/// <param name="Authority">Scheme and host, for example <c>https://account.blob.core.windows.net</c>; empty for a plain path. Its case does not matter.</param>
/// <param name="Path">The folder: empty, or with a slash in front and none behind.</param>
public readonly record struct StoreRoot(string Authority, string Path)
{
    /// <inheritdoc/>
    public override string ToString() => Authority + Path;
}

/// <summary>
/// Where a store is, in every spelling that names it. Decides by text alone which absolute URIs lie below it: an object
/// outside is never one of the store.
/// </summary>
public sealed class StoreLocation
{
    /// <summary>A location.</summary>
    /// <param name="spellings">All spellings of the root; the first is the one that is written.</param>
    public StoreLocation(params IReadOnlyList<StoreRoot> spellings)
    {
        ArgumentNullException.ThrowIfNull(spellings);
        ArgumentOutOfRangeException.ThrowIfZero(spellings.Count);
        if (spellings.FirstOrDefault(s => s.Path.Length > 0 && (s.Path[0] != '/' || s.Path[^1] == '/')) is { Path: not null } wrong)
        {
            throw new ArgumentException($"The path '{wrong.Path}' of a store's location must begin with '/' and not end with it.", nameof(spellings));
        }

        Spellings = spellings;
    }

    /// <summary>All spellings of the root; the first is the one that is written.</summary>
    public IReadOnlyList<StoreRoot> Spellings { get; }

    /// <summary>The location of a folder of this machine.</summary>
    /// <param name="folder">Its absolute path.</param>
    public static StoreLocation OfFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string path = folder.TrimEnd('/');
        return new StoreLocation(new("file://", path), new("file:", path), new("file://localhost", path), new("", path));
    }

    /// <summary>
    /// The path in the store of the object that an absolute URI names, or null if the URI does not lie below the store. The path is
    /// what the URI says: whether it is a valid one is for <see cref="ObjectPath.Validate"/>.
    /// </summary>
    /// <param name="decodedUri">The URI without percent encoding.</param>
    public string? PathOf(string decodedUri)
    {
        ArgumentNullException.ThrowIfNull(decodedUri);
        foreach (StoreRoot root in Spellings)
        {
            int end = root.Authority.Length + root.Path.Length;
            if (decodedUri.Length > end + 1
                && decodedUri[end] == '/'
                && decodedUri.StartsWith(root.Authority, StringComparison.OrdinalIgnoreCase)
                && decodedUri.AsSpan(root.Authority.Length).StartsWith(root.Path, StringComparison.Ordinal))
            {
                return decodedUri[(end + 1)..];
            }
        }

        return null;
    }

    /// <summary>The root as it is written, without percent encoding.</summary>
    public override string ToString() => Spellings[0].ToString();
}

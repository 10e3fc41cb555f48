using System.Globalization;

namespace RetailFlow.Lakehouse.Stores;

/// <summary>How a lake that is not a folder of this machine is reached, and what it may use of the machine. Folders need none of it.</summary>
public sealed record RemoteOptions
{
    /// <summary>The environment variable of <see cref="Folder"/>.</summary>
    public const string FolderVariable = "RETAILFLOW_LOCAL";

    /// <summary>The environment variable of <see cref="CacheBytes"/>.</summary>
    public const string CacheVariable = "RETAILFLOW_CACHE_BYTES";

    /// <summary>What the read cache may hold unless told otherwise.</summary>
    public const long DefaultCacheBytes = 8L << 30;

    /// <summary>
    /// Folder on a local disk for the read cache and for what is derived from each lake; null takes <see cref="FolderVariable"/>,
    /// else a folder <c>retailflow</c> in the user's application data.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Most bytes that the read cache may hold, for all lakes that share the folder; null takes <see cref="CacheVariable"/>, else
    /// <see cref="DefaultCacheBytes"/>. The files that one step reads at a time must fit in it.
    /// </summary>
    public long? CacheBytes { get; init; }

    /// <summary>The value of an environment variable, or null: folder, cache, and the credential of the store.</summary>
    public Func<string, string?> Variable { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <exception cref="LakeException">No folder is named, and the user has none for application data.</exception>
    internal string FolderOrDefault()
    {
        if ((Folder ?? Value(FolderVariable)) is { } named)
        {
            return Path.GetFullPath(named);
        }

        var data = System.Environment.GetFolderPath(System.Environment.SpecialFolder.LocalApplicationData, System.Environment.SpecialFolderOption.DoNotVerify);
        return data.Length > 0
            ? Path.Combine(data, "retailflow")
            : throw new LakeException(LakeErrorKind.Configuration, $"{FolderVariable} is not set, and this user has no folder for application data; set it to a folder on a local disk.");
    }

    /// <exception cref="LakeException">The variable holds no number of bytes.</exception>
    internal long CacheBytesOrDefault()
    {
        if (CacheBytes is { } given)
        {
            return given > 0 ? given : throw new LakeException(LakeErrorKind.Configuration, $"The cache may hold {given} bytes; it must be more than 0.");
        }

        return Value(CacheVariable) is not { } text
            ? DefaultCacheBytes
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0
                ? bytes
                : throw new LakeException(LakeErrorKind.Configuration, $"{CacheVariable} is '{text}'; it must be a number of bytes above 0.");
    }

    private string? Value(string name) => Variable(name) is { Length: > 0 } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}

using System.IO.Enumeration;

namespace RetailFlow.Storage;

/// <summary>
/// Walks files in ordinal order of their paths. A directory sorts as its name followed by <c>/</c>, which is how its
/// content compares with its siblings; directories that lie wholly before the start are not opened.
/// </summary>
internal sealed class LocalListing
{
    private const int PageSize = 1000;

    private static readonly EnumerationOptions s_everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
        ReturnSpecialDirectories = false,
    };

    private readonly string _root;
    private readonly string _prefix;
    private readonly string? _startAfter;
    private readonly Action<string>? _opening;

    // The open directories from the outside in, each with its entries not yet visited, last first.
    private Stack<Stack<string>>? _open;

    /// <param name="root">The store's directory.</param>
    /// <param name="prefix">What paths start with.</param>
    /// <param name="startAfter">What paths sort after, if given.</param>
    /// <param name="opening">Told each directory that is read, for observation.</param>
    public LocalListing(string root, string prefix, string? startAfter, Action<string>? opening = null)
    {
        _root = root;
        _prefix = prefix;
        _startAfter = startAfter;
        _opening = opening;
    }

    /// <summary>Length and time of the file at <paramref name="file"/>, or null if there is none.</summary>
    public static ObjectInfo? Describe(string path, string file)
    {
        try
        {
            FileInfo info = new(file);
            FileAttributes attributes = info.Attributes;
            bool isFile = attributes != (FileAttributes)(-1) && !attributes.HasFlag(FileAttributes.Directory);
            return isFile ? new ObjectInfo(path, info.Length, new DateTimeOffset(info.LastWriteTimeUtc, TimeSpan.Zero)) : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("look at", file, exception);
        }
    }

    /// <summary>Every unfinished file below <paramref name="root"/>.</summary>
    public static List<string> Temporaries(string root)
    {
        if (!Directory.Exists(root))
        {
            return [];
        }

        EnumerationOptions options = new()
        {
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = true,
            RecurseSubdirectories = true,
        };
        FileSystemEnumerable<string> files = new(root, (ref FileSystemEntry entry) => entry.ToFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                !entry.IsDirectory && entry.FileName.StartsWith(ObjectPath.TemporaryPrefix, StringComparison.Ordinal),
        };
        return [.. files];
    }

    /// <summary>The next objects in order, or null after the last.</summary>
    public List<ObjectInfo>? NextPage(CancellationToken cancellationToken)
    {
        _open ??= Begin();
        List<ObjectInfo> page = [];
        while (page.Count < PageSize && _open.TryPeek(out Stack<string>? entries))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!entries.TryPop(out string? path))
            {
                _open.Pop();
            }
            else if (path.EndsWith('/'))
            {
                _open.Push(Entries(path, namePrefix: ""));
            }
            else if (Describe(path, Path.Join(_root, path)) is { } info)
            {
                page.Add(info);
            }
        }

        return page.Count > 0 ? page : null;
    }

    private Stack<Stack<string>> Begin()
    {
        int nameStart = _prefix.LastIndexOf('/') + 1;
        Stack<Stack<string>> open = new();
        open.Push(Entries(_prefix[..nameStart], _prefix[nameStart..]));
        return open;
    }

    private Stack<string> Entries(string directory, string namePrefix)
    {
        _opening?.Invoke(directory);
        List<string> paths = [];
        string location = Path.Join(_root, directory);
        try
        {
            FileSystemEnumerable<string?> entries = new(
                location, (ref FileSystemEntry entry) => Select(ref entry, directory, namePrefix), s_everything);
            foreach (string? path in entries)
            {
                if (path is not null)
                {
                    paths.Add(path);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.HResult == Errno.NotDirectory || File.Exists(location.TrimEnd('/'))
                ? []
                : throw Errno.Failure("list the directory", location, exception);
        }

        paths.Sort(static (left, right) => string.CompareOrdinal(right, left));
        return new Stack<string>(paths);
    }

    private string? Select(ref FileSystemEntry entry, string directory, string namePrefix)
    {
        if (!entry.FileName.StartsWith(namePrefix, StringComparison.Ordinal)
            || entry.FileName.StartsWith(ObjectPath.TemporaryPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        if (entry.IsDirectory)
        {
            string inner = string.Concat(directory, entry.FileName, "/");
            bool holdsLater = _startAfter is null
                || _startAfter.StartsWith(inner, StringComparison.Ordinal)
                || string.CompareOrdinal(inner, _startAfter) > 0;
            return holdsLater ? inner : null;
        }

        string path = string.Concat(directory, entry.FileName);
        return _startAfter is null || string.CompareOrdinal(path, _startAfter) > 0 ? path : null;
    }
}

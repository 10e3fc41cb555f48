using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>The files under a journal: found by name, opened, and removed while still empty. Paths are relative to the lake, with <c>/</c>.</summary>
public interface IJournalFiles
{
    /// <summary>Every path that begins with <c>raw/inventory/</c> and is named like a segment, in any order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens a segment for its one writer; when it does not exist, creates it and its folders durably.</summary>
    ILogFile OpenWrite(string path);

    /// <summary>Opens a segment for reading, also while it is written.</summary>
    ILogFile OpenRead(string path);

    /// <summary>Removes a segment that holds no record.</summary>
    void Delete(string path);
}

/// <summary>The journal's files on a local disk.</summary>
public sealed class LocalJournalFiles(string lakeRoot) : IJournalFiles
{
    private readonly string root = Path.GetFullPath(lakeRoot);

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        string feed = Path.Join(root, SegmentPath.FeedFolder);
        if (!Directory.Exists(feed))
        {
            return [];
        }

        return
        [
            .. Directory.EnumerateFiles(feed, "journal-*.ndjson", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/')),
        ];
    }

    /// <inheritdoc/>
    public ILogFile OpenWrite(string path)
    {
        string full = Path.Join(root, path);
        EnsureFolder(Path.GetDirectoryName(full)!);
        return LocalLogFile.Open(full);
    }

    /// <inheritdoc/>
    public ILogFile OpenRead(string path) => LocalLogFile.OpenRead(Path.Join(root, path));

    /// <inheritdoc/>
    public void Delete(string path)
    {
        string full = Path.Join(root, path);
        File.Delete(full);
        LocalDurability.FsyncDirectory(Path.GetDirectoryName(full)!);
    }

    /// <summary>
    /// Creates the folder, and syncs every parent down from the lake's own: a folder that exists may have been made by a process
    /// that died before its name was durable.
    /// </summary>
    private void EnsureFolder(string folder)
    {
        string parent = Path.GetDirectoryName(folder)!;
        if (folder != root)
        {
            EnsureFolder(parent);
        }

        Directory.CreateDirectory(folder);
        LocalDurability.FsyncDirectory(parent);
    }
}

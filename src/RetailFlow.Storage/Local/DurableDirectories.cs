using System.Collections.Concurrent;

namespace RetailFlow.Storage;

/// <summary>
/// Directories whose own names are known to survive power loss. A directory that another process has just made may not be
/// on the device yet, so each is synced once by each process, not only by the one that created it.
/// </summary>
internal sealed class DurableDirectories(string root)
{
    // Partition directories are many; forgetting them costs one more sync each, never correctness.
    private const int MostRemembered = 100_000;

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>Makes <paramref name="directory"/> (the root or below it) exist durably.</summary>
    /// <exception cref="StorageException">It cannot be created or synced.</exception>
    public void Ensure(string directory)
    {
        if (_known.ContainsKey(directory))
        {
            return;
        }

        if (string.Equals(directory, root, StringComparison.Ordinal))
        {
            CreateRoot(root);
        }
        else
        {
            string parent = Path.GetDirectoryName(directory)!;
            Ensure(parent);
            Create(directory);
            LocalDurability.FsyncDirectory(parent);
        }

        if (_known.Count >= MostRemembered)
        {
            _known.Clear();
        }

        _known[directory] = true;
    }

    public void Forget() => _known.Clear();

    /// <summary>The root's parents are not ours: they are synced only if they had to be created.</summary>
    private static void CreateRoot(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(directory);
        if (parent is not null)
        {
            CreateRoot(parent);
        }

        Create(directory);
        if (parent is not null)
        {
            LocalDurability.FsyncDirectory(parent);
        }
    }

    private static void Create(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The runtime reports a file in the way as "exists already".
            throw exception is IOException && File.Exists(directory)
                ? Errno.Failure("create the directory", directory, Errno.NotDirectory, exception)
                : Errno.Failure("create the directory", directory, exception);
        }
    }
}

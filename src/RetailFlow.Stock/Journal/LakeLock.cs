namespace RetailFlow.Stock.Journal;

/// <summary>
/// Keeps a second writer from one lake on one machine: an exclusive lock on <c>.node.lock</c> in its root, which the system
/// releases when the process ends, however it ends.
/// </summary>
public sealed class LakeLock : IDisposable
{
    private const string FileName = ".node.lock";

    private readonly FileStream stream;

    private LakeLock(FileStream stream) => this.stream = stream;

    /// <summary>Takes the lock of the lake at <paramref name="lakeRoot"/>, creating the folder if need be.</summary>
    /// <exception cref="LakeInUseException">Another process, or another part of this one, holds it.</exception>
    public static LakeLock Acquire(string lakeRoot)
    {
        Directory.CreateDirectory(lakeRoot);
        string path = Path.Join(lakeRoot, FileName);
        try
        {
            return new LakeLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new LakeInUseException(Path.GetFullPath(lakeRoot), exception);
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => stream.Dispose();
}

/// <summary>Another writer works on the lake.</summary>
public sealed class LakeInUseException : IOException
{
    /// <summary>Names the lake.</summary>
    public LakeInUseException(string lakeRoot, Exception cause)
        : base($"The lake '{lakeRoot}' is in use by another process: a lake has one writer at a time. Stop the other one first.", cause) =>
        LakeRoot = lakeRoot;

    /// <summary>The lake's full path.</summary>
    public string LakeRoot { get; }
}

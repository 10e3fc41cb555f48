using System.IO.MemoryMappedFiles;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Identities;

/// <summary>The files of an index of identities: small in number, written once as a whole, mapped for reading.</summary>
public interface IIdentityFiles
{
    /// <summary>The names there are, in any order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Writes a file durably; under its name there is the old content or all of the new one, whenever the process ends.</summary>
    /// <exception cref="IOException">The device fails; the file is the old one or the new one.</exception>
    void Write(string name, Action<Stream> content);

    /// <summary>The content of a file; null if there is none.</summary>
    byte[]? Read(string name);

    /// <summary>Maps a file into memory; null if there is none or if it is empty.</summary>
    MappedFile? Map(string name);

    /// <summary>Removes a file, if there is one. Not durable.</summary>
    void Delete(string name);
}

/// <summary>A file mapped into memory, valid until it is disposed of.</summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private bool isOpen = true;

    /// <summary>Maps the file at <paramref name="path"/>, which must not be empty.</summary>
    public MappedFile(string path)
    {
        Length = new FileInfo(path).Length;
        map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = start;
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    internal byte* Start { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (isOpen)
        {
            isOpen = false;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map.Dispose();
        }
    }
}

/// <summary>Files in a folder of a local disk.</summary>
public sealed class LocalIdentityFiles : IIdentityFiles
{
    private const string Unfinished = ".tmp";

    private readonly string folder;
    private readonly bool isDurable;

    /// <summary>The folder, made if there is none.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="isDurable">False for files that nobody wants after this process: nothing is synced.</param>
    public LocalIdentityFiles(string folder, bool isDurable = true)
    {
        this.folder = Directory.CreateDirectory(folder).FullName;
        this.isDurable = isDurable;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))];

    /// <inheritdoc/>
    public void Write(string name, Action<Stream> content)
    {
        string path = Path.Join(folder, name);
        using (FileStream file = new(path + Unfinished, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            content(file);
            file.Flush(isDurable);
        }

        LocalDurability.Replace(path + Unfinished, path);
        if (isDurable)
        {
            LocalDurability.FsyncDirectory(folder);
        }
    }

    /// <inheritdoc/>
    public byte[]? Read(string name)
    {
        string path = Path.Join(folder, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    /// <inheritdoc/>
    public MappedFile? Map(string name)
    {
        string path = Path.Join(folder, name);
        return File.Exists(path) && new FileInfo(path).Length > 0 ? new MappedFile(path) : null;
    }

    /// <inheritdoc/>
    public void Delete(string name) => File.Delete(Path.Join(folder, name));
}

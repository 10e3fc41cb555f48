using System.Collections.Concurrent;
using RetailFlow.Stock.Journal;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Stock.Tests.Journal;

/// <summary>Journal segments in memory that lose power as one disk.</summary>
internal sealed class CrashableJournalFiles : IJournalFiles
{
    private readonly ConcurrentDictionary<string, CrashableLogFile> files = new(StringComparer.Ordinal);

    /// <summary>Runs when a segment is opened for writing for the first time.</summary>
    public Action<CrashableLogFile>? Created { get; set; }

    public int Syncs => files.Values.Sum(file => file.Syncs);

    public CrashableLogFile this[string path] => files[path];

    public IReadOnlyList<string> List() => [.. files.Keys];

    public IReadOnlyList<string> Sorted() => [.. files.Keys.OrderBy(path => path[^27..], StringComparer.Ordinal)];

    public ILogFile OpenWrite(string path) => files.GetOrAdd(path, _ =>
    {
        CrashableLogFile file = new();
        Created?.Invoke(file);
        return file;
    });

    public ILogFile OpenRead(string path) => files[path];

    public void Delete(string path)
    {
        if (!files.TryRemove(path, out _))
        {
            throw new InvalidOperationException($"There is no segment '{path}'.");
        }
    }

    public void Crash(Random random)
    {
        foreach (string path in Sorted())
        {
            files[path].Crash(random);
        }
    }

    /// <summary>Puts a segment with these bytes on the disk, all of them durable.</summary>
    public void Place(string path, ReadOnlySpan<byte> bytes)
    {
        CrashableLogFile file = new();
        file.Write(0, bytes);
        file.Sync();
        files[path] = file;
    }
}

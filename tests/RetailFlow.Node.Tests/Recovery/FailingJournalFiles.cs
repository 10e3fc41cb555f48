using RetailFlow.Stock.Journal;
using RetailFlow.Storage;

namespace RetailFlow.Node.Tests.Recovery;

/// <summary>The journal's files on a disk whose syncs fail once <see cref="Fail"/> is set.</summary>
internal sealed class FailingJournalFiles(string lakeRoot) : IJournalFiles
{
    private readonly LocalJournalFiles _files = new(lakeRoot);

    public volatile bool Fail;

    public IReadOnlyList<string> List() => _files.List();

    public ILogFile OpenWrite(string path) => new FailingLogFile(this, _files.OpenWrite(path));

    public ILogFile OpenRead(string path) => _files.OpenRead(path);

    public void Delete(string path) => _files.Delete(path);

    private sealed class FailingLogFile(FailingJournalFiles disk, ILogFile file) : ILogFile
    {
        public string Name => file.Name;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public void Truncate(long length) => file.Truncate(length);

        public void Sync()
        {
            if (disk.Fail)
            {
                throw new StorageException("The device reports an error.", file.Name, "EIO");
            }

            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}

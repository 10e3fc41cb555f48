using RetailFlow.Storage;

namespace RetailFlow.Tables.Tests.Support;

/// <summary>A store as one behind a network is seen: the engine cannot open its files in place. Counts the objects that are opened.</summary>
internal sealed class RemoteView(IObjectStore inner) : IObjectStore
{
    private int _opened;

    public StoreLocation? Location => inner.Location;

    /// <summary>Objects that were opened to be copied.</summary>
    public int Opened => Volatile.Read(ref _opened);

    public ValueTask<PutOutcome> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutIfAbsentAsync(path, content, cancellationToken);

    public ValueTask PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutAsync(path, content, cancellationToken);

    public ValueTask<PutOutcome> ImportIfAbsentAsync(string path, string localFile, CancellationToken cancellationToken = default) =>
        inner.ImportIfAbsentAsync(path, localFile, cancellationToken);

    public ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default) => inner.ReadAsync(path, cancellationToken);

    public ValueTask<byte[]> ReadRangeAsync(string path, long offset, int length, CancellationToken cancellationToken = default) =>
        inner.ReadRangeAsync(path, offset, length, cancellationToken);

    public ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _opened);
        return inner.OpenReadAsync(path, cancellationToken);
    }

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) => inner.HeadAsync(path, cancellationToken);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, startAfter, cancellationToken);

    public ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken = default) => inner.DeleteAsync(path, cancellationToken);

    public string? LocalPath(string path) => null;
}

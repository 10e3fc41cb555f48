using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Support;

/// <summary>A store as one behind a network is seen: the engine cannot open its files in place. Counts the objects that are opened.</summary>
internal sealed class RemoteView(IObjectStore inner) : PassingObjectStore(inner)
{
    private int _opened;

    /// <summary>Objects that were opened to be copied.</summary>
    public int Opened => Volatile.Read(ref _opened);

    public override ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _opened);
        return base.OpenReadAsync(path, cancellationToken);
    }

    public override string? LocalPath(string path) => null;
}

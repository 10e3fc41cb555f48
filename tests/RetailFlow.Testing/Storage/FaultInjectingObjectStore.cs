using System.Runtime.CompilerServices;
using RetailFlow.Storage;

namespace RetailFlow.Testing.Storage;

/// <summary>
/// A store whose calls fail as a plan says, before or after they took effect, over a store that works. It counts calls.
/// Failures are <see cref="StorageException"/>, as those of real stores.
/// </summary>
public sealed class FaultInjectingObjectStore(IObjectStore inner, FaultPlan plan) : IObjectStore
{
    private readonly int[] _calls = new int[Enum.GetValues<StoreOperation>().Length];
    private int _faults;
    private FaultPlan _plan = plan;

    /// <summary>The number of faults so far.</summary>
    public int Faults => _faults;

    /// <summary>The number of calls of <paramref name="operation"/> so far, failed ones included.</summary>
    public int Calls(StoreOperation operation) => Volatile.Read(ref _calls[(int)operation]);

    /// <summary>Goes on with another plan; calls keep their numbers.</summary>
    public void Follow(FaultPlan plan) => _plan = plan;

    public ValueTask<PutOutcome> PutIfAbsentAsync(
        string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        Run(StoreOperation.PutIfAbsent, path, () => inner.PutIfAbsentAsync(path, content, cancellationToken));

    public async ValueTask PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        await Run(
            StoreOperation.Put,
            path,
            async () =>
            {
                await inner.PutAsync(path, content, cancellationToken);
                return true;
            });

    public ValueTask<PutOutcome> ImportIfAbsentAsync(
        string path, string localFile, CancellationToken cancellationToken = default) =>
        Run(StoreOperation.ImportIfAbsent, path, () => inner.ImportIfAbsentAsync(path, localFile, cancellationToken));

    public ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default) =>
        Run(StoreOperation.Read, path, () => inner.ReadAsync(path, cancellationToken));

    public ValueTask<byte[]> ReadRangeAsync(
        string path, long offset, int length, CancellationToken cancellationToken = default) =>
        Run(StoreOperation.ReadRange, path, () => inner.ReadRangeAsync(path, offset, length, cancellationToken));

    public async ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        StoreFault fault = Next(StoreOperation.OpenRead, path);
        if (fault is StoreFault.FailBefore or StoreFault.FailAfter)
        {
            throw Failure(StoreOperation.OpenRead, path);
        }

        Stream stream = await inner.OpenReadAsync(path, cancellationToken);
        if (fault == StoreFault.None)
        {
            return stream;
        }

        long half = (await inner.HeadAsync(path, cancellationToken))!.Value.Length / 2;
        return fault == StoreFault.ShortReads
            ? new FaultyStream(stream, breakAt: null)
            : new FaultyStream(stream, (half, Failure(StoreOperation.OpenRead, path)));
    }

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) =>
        Run(StoreOperation.Head, path, () => inner.HeadAsync(path, cancellationToken));

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        StoreFault fault = Next(StoreOperation.List, prefix);
        if (fault == StoreFault.FailBefore)
        {
            throw Failure(StoreOperation.List, prefix);
        }

        List<ObjectInfo> all = [];
        await foreach (ObjectInfo info in inner.ListAsync(prefix, startAfter, cancellationToken))
        {
            all.Add(info);
        }

        int most = fault == StoreFault.BreakOff ? all.Count / 2 : all.Count;
        foreach (ObjectInfo info in all.Take(most))
        {
            yield return info;
        }

        if (fault is StoreFault.FailAfter or StoreFault.BreakOff)
        {
            throw Failure(StoreOperation.List, prefix);
        }
    }

    public ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken = default) =>
        Run(StoreOperation.Delete, path, () => inner.DeleteAsync(path, cancellationToken));

    public string? LocalPath(string path) => inner.LocalPath(path);

    public StoreLocation? Location => inner.Location;

    private static StorageException Failure(StoreOperation operation, string path) =>
        new($"Injected failure of {operation} '{path}' (EIO).", path, "EIO");

    private StoreFault Next(StoreOperation operation, string path)
    {
        int call = Interlocked.Increment(ref _calls[(int)operation]);
        StoreFault fault = _plan.Decide(operation, path, call);
        if (fault != StoreFault.None)
        {
            Interlocked.Increment(ref _faults);
        }

        return fault;
    }

    private async ValueTask<T> Run<T>(StoreOperation operation, string path, Func<ValueTask<T>> call)
    {
        StoreFault fault = Next(operation, path);
        if (fault is StoreFault.FailBefore or StoreFault.BreakOff)
        {
            throw Failure(operation, path);
        }

        T result = await call();
        return fault == StoreFault.FailAfter ? throw Failure(operation, path) : result;
    }
}

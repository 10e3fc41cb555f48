using System.Runtime.CompilerServices;

namespace RetailFlow.Storage;

/// <summary>Objects in memory, for tests and for lakes that need not outlive the process. Safe for many threads.</summary>
/// <param name="timeProvider">Where the time of last modification comes from.</param>
public sealed class InMemoryObjectStore(TimeProvider timeProvider) : IObjectStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (byte[] Content, DateTimeOffset Modified)> _objects = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _paths = new(StringComparer.Ordinal);

    /// <summary>A store that takes times from the system's clock.</summary>
    public InMemoryObjectStore()
        : this(TimeProvider.System)
    {
    }

    /// <inheritdoc/>
    public ValueTask<PutOutcome> PutIfAbsentAsync(
        string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_objects.ContainsKey(path))
            {
                return new ValueTask<PutOutcome>(PutOutcome.AlreadyExists);
            }

            Store(path, content.ToArray());
            return new ValueTask<PutOutcome>(PutOutcome.Created);
        }
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            Store(path, content.ToArray());
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="FileNotFoundException"><paramref name="localFile"/> does not exist.</exception>
    public async ValueTask<PutOutcome> ImportIfAbsentAsync(
        string path, string localFile, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        byte[] content = await File.ReadAllBytesAsync(localFile, cancellationToken).ConfigureAwait(false);
        PutOutcome outcome = await PutIfAbsentAsync(path, content, cancellationToken).ConfigureAwait(false);
        if (outcome == PutOutcome.Created)
        {
            File.Delete(localFile);
        }

        return outcome;
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<byte[]?>((byte[]?)Find(path)?.Clone());
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> ReadRangeAsync(string path, long offset, int length, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        cancellationToken.ThrowIfCancellationRequested();
        byte[] content = Find(path) ?? throw NotFound(path);
        int start = (int)Math.Min(offset, content.Length);
        int count = Math.Min(length, content.Length - start);
        return new ValueTask<byte[]>(content.AsSpan(start, count).ToArray());
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<Stream>(new MemoryStream(Find(path) ?? throw NotFound(path), writable: false));
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return new ValueTask<ObjectInfo?>(_objects.ContainsKey(path) ? Describe(path) : null);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix,
        string? startAfter = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.ValidatePrefix(prefix);
        foreach (ObjectInfo info in Snapshot(prefix, startAfter))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return info;
        }

        await ValueTask.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            _paths.Remove(path);
            return new ValueTask<bool>(_objects.Remove(path));
        }
    }

    /// <inheritdoc/>
    public StoreLocation? Location => null;

    /// <inheritdoc/>
    /// <returns>Always null: there is no file.</returns>
    public string? LocalPath(string path)
    {
        ObjectPath.Validate(path);
        return null;
    }

    private static FileNotFoundException NotFound(string path) => new($"There is no object '{path}'.", path);

    private byte[]? Find(string path)
    {
        ObjectPath.Validate(path);
        lock (_gate)
        {
            // Contents are replaced, never changed, so a reader may keep the array.
            return _objects.TryGetValue(path, out (byte[] Content, DateTimeOffset Modified) found) ? found.Content : null;
        }
    }

    private List<ObjectInfo> Snapshot(string prefix, string? startAfter)
    {
        List<ObjectInfo> found = [];
        lock (_gate)
        {
            string from = startAfter is not null && string.CompareOrdinal(startAfter, prefix) > 0 ? startAfter : prefix;
            if (_paths.Max is not { } last || string.CompareOrdinal(from, last) > 0)
            {
                return found;
            }

            foreach (string path in _paths.GetViewBetween(from, last))
            {
                if (!path.StartsWith(prefix, StringComparison.Ordinal))
                {
                    break;
                }

                if (!string.Equals(path, startAfter, StringComparison.Ordinal))
                {
                    found.Add(Describe(path));
                }
            }
        }

        return found;
    }

    private ObjectInfo Describe(string path)
    {
        (byte[] content, DateTimeOffset modified) = _objects[path];
        return new ObjectInfo(path, content.Length, modified);
    }

    private void Store(string path, byte[] content)
    {
        _objects[path] = (content, timeProvider.GetUtcNow());
        _paths.Add(path);
    }
}

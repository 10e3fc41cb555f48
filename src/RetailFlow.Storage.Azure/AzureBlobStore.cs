namespace RetailFlow.Storage.Azure;

/// <summary>
/// Objects in a container of Azure Blob Storage or ADLS Gen2, over the Blob REST API. Requests are tried again by
/// Azure.Core's pipeline. A put-if-absent whose answer was lost is resolved by the mark that each write leaves in the
/// object's metadata; a replacing put may, when its answer was lost, take effect twice, and with it come after another
/// writer's; a deletion that finds nothing after a lost answer counts as done. Directories of a hierarchical namespace
/// are not objects. Failures are <see cref="StorageException"/> with the service's error code.
/// </summary>
public sealed class AzureBlobStore : IObjectStore
{
    // How often a whole read begins again because the object was replaced in the middle.
    private const int MostRestarts = 20;

    private readonly AzureStoreOptions _options;
    private readonly BlobService _service;
    private readonly StoreLocation _spellings;
    private readonly BlobWriter _writer;

    /// <summary>A store of what is below <paramref name="location"/>; nothing is sent yet.</summary>
    /// <exception cref="ArgumentException">An option is out of its range, or an access token would be sent without TLS.</exception>
    public AzureBlobStore(AzureLocation location, AzureCredential credential, AzureStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(location);
        ArgumentNullException.ThrowIfNull(credential);
        _options = options ?? new AzureStoreOptions();
        _options.Validate();
        Location = location;
        _spellings = location.Spellings();
        _service = new BlobService(location, credential, _options);
        _writer = new BlobWriter(_service, _options);
    }

    /// <summary>Where the objects are.</summary>
    public AzureLocation Location { get; }

    /// <inheritdoc/>
    StoreLocation? IObjectStore.Location => _spellings;

    /// <summary>Creates the container; false if it exists.</summary>
    /// <exception cref="StorageException">The service refused.</exception>
    public ValueTask<bool> CreateContainerAsync(CancellationToken cancellationToken = default) =>
        _service.CreateContainerAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<PutOutcome> PutIfAbsentAsync(
        string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        return _writer.WriteAsync(path, content, onlyIfAbsent: true, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        await _writer.WriteAsync(path, content, onlyIfAbsent: false, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="FileNotFoundException"><paramref name="localFile"/> does not exist.</exception>
    public async ValueTask<PutOutcome> ImportIfAbsentAsync(
        string path, string localFile, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        PutOutcome outcome = await _writer.ImportAsync(path, localFile, cancellationToken);
        if (outcome == PutOutcome.Created)
        {
            File.Delete(localFile);
        }

        return outcome;
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        for (int restart = 0; restart < MostRestarts; restart++)
        {
            if (await FirstRangeAsync(path, cancellationToken) is not { } first)
            {
                return null;
            }

            if (first.Content.Length == first.TotalLength)
            {
                return first.Content;
            }

            if (await ReadRestAsync(path, first, cancellationToken) is { } whole)
            {
                return whole;
            }
        }

        throw _service.Failure.Create("read", path, "the object is replaced faster than it can be read", "ObjectChanged");
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]> ReadRangeAsync(
        string path, long offset, int length, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        BlobRange range = length == 0
            ? BlobRange.Beyond
            : await _service.GetRangeAsync(path, offset, length, ifMatch: null, cancellationToken);
        return range.Answer switch
        {
            RangeAnswer.Found => range.Content,
            RangeAnswer.Beyond when await HeadAsync(path, cancellationToken) is not null => [],
            _ => throw NotFound(path),
        };
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        BlobRange first = await FirstRangeAsync(path, cancellationToken) ?? throw NotFound(path);
        return first.Content.Length == first.TotalLength
            ? new MemoryStream(first.Content, writable: false)
            : new RangeStream(_service, path, first, _options.ReadBytes);
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        return await _service.HeadAsync(path, cancellationToken) is { IsDirectory: false } found
            ? new ObjectInfo(path, found.Length, found.LastModified)
            : null;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, CancellationToken cancellationToken = default)
    {
        ObjectPath.ValidatePrefix(prefix);
        return Listing.RunAsync(_service, prefix, startAfter, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        return _service.DeleteAsync(path, cancellationToken);
    }

    /// <inheritdoc/>
    /// <returns>Always null: there is no file.</returns>
    public string? LocalPath(string path)
    {
        ObjectPath.Validate(path);
        return null;
    }

    private static FileNotFoundException NotFound(string path) => new($"There is no object '{path}'.", path);

    /// <summary>The first range and with it the length and version of the whole, or null if there is no object.</summary>
    private async ValueTask<BlobRange?> FirstRangeAsync(string path, CancellationToken cancellationToken)
    {
        for (int restart = 0; restart < MostRestarts; restart++)
        {
            BlobRange first = await _service.GetRangeAsync(path, 0, _options.ReadBytes, ifMatch: null, cancellationToken);
            if (first.Answer != RangeAnswer.Beyond)
            {
                return first.Answer == RangeAnswer.Found ? first : null;
            }

            // An empty object has no range, and neither has a directory.
            BlobProperties? found = await _service.HeadAsync(path, cancellationToken);
            if (found is null or { IsDirectory: true })
            {
                return null;
            }

            if (found.Length == 0)
            {
                return new BlobRange(RangeAnswer.Found, [], 0, "");
            }
        }

        throw _service.Failure.Create("read", path, "the object is replaced faster than it can be read", "ObjectChanged");
    }

    /// <summary>The whole content, or null if the object was replaced or deleted before all of it was read.</summary>
    private async ValueTask<byte[]?> ReadRestAsync(string path, BlobRange first, CancellationToken cancellationToken)
    {
        if (first.TotalLength > Array.MaxLength)
        {
            throw _service.Failure.Create(
                "read", path, $"its {first.TotalLength} bytes do not fit in one array; read it by ranges", "TooLarge");
        }

        byte[] whole = new byte[first.TotalLength];
        first.Content.CopyTo(whole, 0);
        int ranges = (int)((first.TotalLength - first.Content.Length + _options.ReadBytes - 1) / _options.ReadBytes);
        bool changed = false;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = _options.Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, ranges, parallel, async (n, token) =>
        {
            int offset = first.Content.Length + (n * _options.ReadBytes);
            int length = Math.Min(_options.ReadBytes, whole.Length - offset);
            BlobRange range = await _service.GetRangeAsync(path, offset, length, first.ETag, token);
            if (range.Answer == RangeAnswer.Found)
            {
                range.Content.CopyTo(whole, offset);
            }
            else
            {
                Volatile.Write(ref changed, true);
            }
        });
        return changed ? null : whole;
    }
}

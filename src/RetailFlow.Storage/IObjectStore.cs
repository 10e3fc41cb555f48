namespace RetailFlow.Storage;

/// <summary>
/// Bytes by name: what a lake needs of a folder, an ADLS Gen2 container or a memory twin.
/// Paths are relative, separated by <c>/</c>, compared ordinally, and never start with <c>/</c> or contain <c>..</c>.
/// Every implementation passes the same conformance suite.
/// </summary>
public interface IObjectStore
{
    /// <summary>
    /// Creates <paramref name="path"/> with exactly <paramref name="content"/> if no object of that name exists.
    /// Of many callers racing for one name exactly one gets <see cref="PutOutcome.Created"/>; a reader sees the whole
    /// content or nothing; when the call returns, the object and its name survive power loss.
    /// </summary>
    ValueTask<PutOutcome> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Replaces or creates <paramref name="path"/>; a reader sees the old or the new content, never a mixture.</summary>
    ValueTask PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes a finished local file in as <paramref name="path"/> if no object of that name exists. The local file is
    /// consumed (moved, or copied and deleted) when the outcome is <see cref="PutOutcome.Created"/>. Durable on return.
    /// </summary>
    ValueTask<PutOutcome> ImportIfAbsentAsync(string path, string localFile, CancellationToken cancellationToken = default);

    /// <summary>The whole content, or null if there is no such object.</summary>
    ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// Bytes <paramref name="offset"/> .. <paramref name="offset"/> + <paramref name="length"/>, fewer at the end of the object.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    ValueTask<byte[]> ReadRangeAsync(string path, long offset, int length, CancellationToken cancellationToken = default);

    /// <summary>A forward stream over the object.</summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Length and time of the object, or null if there is none.</summary>
    ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// Every object whose path starts with <paramref name="prefix"/> (a plain string prefix), in ordinal order of the path,
    /// after <paramref name="startAfter"/> if given. An object created before the call began is listed.
    /// </summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes the object; false if there was none.</summary>
    ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>The absolute local path at which an engine can open the object in place, or null where the store is remote.</summary>
    string? LocalPath(string path);

    /// <summary>Where the store is, by which absolute URIs of its objects are known; null where it has no address, as in memory.</summary>
    StoreLocation? Location { get; }
}

/// <summary>What a conditional put did.</summary>
public enum PutOutcome
{
    /// <summary>The object did not exist and now has this content.</summary>
    Created,

    /// <summary>An object of that name existed; nothing was changed.</summary>
    AlreadyExists,
}

/// <summary>One object of a listing.</summary>
/// <param name="Path">Path relative to the store's root.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="LastModified">Time of last modification, UTC.</param>
public readonly record struct ObjectInfo(string Path, long Length, DateTimeOffset LastModified);

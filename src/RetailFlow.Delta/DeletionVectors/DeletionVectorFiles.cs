using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>Reads and writes the deletion vectors of one table (protocol sections "Deletion Vectors" and "Deletion Vector File Storage Format").</summary>
/// <param name="store">The store that holds the table.</param>
/// <param name="tablePath">Path of the table in the store; empty for the store's root.</param>
public sealed class DeletionVectorFiles(IObjectStore store, string tablePath)
{
    /// <summary>
    /// Vectors up to this many serialized bytes are kept in the log itself: there they take no more room than the statistics beside
    /// them, and spare every reader a request.
    /// </summary>
    public const int LargestInline = 100;

    private const byte FormatVersion = 1;
    private const string Inline = "i", Relative = "u", Absolute = "p";
    private const int SizeLength = 4, ChecksumLength = 4;

    private const int FilesAtOnce = 8;

    private readonly RangeReader ranges = new(store);
    private readonly string table = tablePath.TrimEnd('/');

    /// <summary>
    /// The decoded path of the file that holds the vector, relative to the table or absolute as in the log; null for an inline vector.
    /// </summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/> if the descriptor has no path of its kind.</exception>
    public static string? PathOf(DeletionVectorDescriptor descriptor)
    {
        switch (descriptor.StorageType)
        {
            case Inline:
                return null;
            case Absolute:
                return DeltaPath.Decode(descriptor.PathOrInlineDv);
            case Relative:
                const int encodedUuid = 20;
                var text = descriptor.PathOrInlineDv;
                if (text.Length < encodedUuid || Z85.TryDecode(text.AsSpan(text.Length - encodedUuid)) is not { } uuid)
                {
                    throw DeltaException.Corrupt($"The deletion vector '{descriptor.UniqueId}' does not end in a UUID in base 85.");
                }

                var prefix = text[..^encodedUuid];
                return (prefix.Length == 0 ? "" : prefix + "/") + FileName(new Guid(uuid, bigEndian: true));
            default:
                throw DeltaException.Corrupt($"The deletion vector '{descriptor.UniqueId}' has the storage type '{descriptor.StorageType}', which is none of u, p and i.");
        }
    }

    /// <summary>Reads one vector.</summary>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.Corrupt"/> when the vector is not there, or its length, checksum or number of rows is not what it should
    /// be; <see cref="DeltaErrorKind.UnsupportedFeature"/> when it lies outside of the store.
    /// </exception>
    public async ValueTask<DeletionVector> ReadAsync(DeletionVectorDescriptor descriptor, CancellationToken cancellationToken = default) =>
        (await ReadAllAsync([descriptor], cancellationToken))[descriptor.UniqueId];

    /// <summary>Reads vectors, each once, by their <see cref="DeletionVectorDescriptor.UniqueId"/>. Vectors of one file are read together.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async ValueTask<IReadOnlyDictionary<string, DeletionVector>> ReadAllAsync(
        IEnumerable<DeletionVectorDescriptor> descriptors, CancellationToken cancellationToken = default)
    {
        var vectors = new ConcurrentDictionary<string, DeletionVector>(StringComparer.Ordinal);
        var stored = new List<(string Path, DeletionVectorDescriptor Descriptor)>();
        foreach (var descriptor in descriptors.DistinctBy(d => d.UniqueId, StringComparer.Ordinal))
        {
            if (PathOf(descriptor) is { } path)
            {
                stored.Add((StorePath.Of(store, table, path), RequireRange(descriptor)));
            }
            else
            {
                vectors[descriptor.UniqueId] = ParseInline(descriptor);
            }
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancellationToken };
        var reading = Parallel.ForEachAsync(stored.GroupBy(s => s.Path, s => s.Descriptor), options, async (file, token) =>
        {
            DeletionVectorDescriptor[] some = [.. file];
            foreach (var (descriptor, bytes) in some.Zip(await ReadFileAsync(file.Key, some, token)))
            {
                vectors[descriptor.UniqueId] = ParseStored(file.Key, descriptor, bytes.Span);
            }
        });
        await new ValueTask(reading).OrUnavailable(table, "was not read");
        return vectors;
    }

    /// <summary>
    /// Writes the vectors, durable on return: small ones as inline descriptors, the others into one file
    /// <c>deletion_vector_UUID.bin</c> of the table, which a commit can then refer to.
    /// </summary>
    /// <param name="vectors">The vectors; the descriptors come in their order.</param>
    /// <param name="fileId">Unique name of the file.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.InvalidCommit"/> if the file exists or would pass 2 GiB.</exception>
    public async ValueTask<IReadOnlyList<DeletionVectorDescriptor>> WriteAsync(
        IReadOnlyList<DeletionVector> vectors, Guid fileId, CancellationToken cancellationToken = default)
    {
        var name = Z85.Encode(fileId.ToByteArray(bigEndian: true));
        using var content = new MemoryStream();
        content.WriteByte(FormatVersion);
        var descriptors = new List<DeletionVectorDescriptor>(vectors.Count);
        foreach (var vector in vectors)
        {
            var data = vector.Serialize();
            if (data.Length <= LargestInline)
            {
                descriptors.Add(new(Inline, Z85.Encode(data), null, data.Length, vector.Cardinality));
                continue;
            }

            if (content.Length + data.Length > int.MaxValue - 64)
            {
                throw DeltaException.InvalidCommit($"The deletion vectors of one commit to '{table}' do not fit into a file of 2 GiB.");
            }

            descriptors.Add(new(Relative, name, (int)content.Length, data.Length, vector.Cardinality));
            Append(content, data);
        }

        if (content.Length == 1)
        {
            return descriptors;
        }

        var path = StorePath.Of(store, table, FileName(fileId));
        if (await store.PutIfAbsentAsync(path, content.GetBuffer().AsMemory(0, (int)content.Length), cancellationToken) != PutOutcome.Created)
        {
            throw DeltaException.InvalidCommit($"The deletion vector file '{path}' exists already; file names must be unique.");
        }

        return descriptors;
    }

    private static string FileName(Guid id) => $"deletion_vector_{id:D}.bin";

    private static void Append(MemoryStream content, byte[] data)
    {
        Span<byte> number = stackalloc byte[SizeLength];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        content.Write(number);
        content.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Compute(data));
        content.Write(number);
    }

    private static DeletionVectorDescriptor RequireRange(DeletionVectorDescriptor descriptor) =>
        descriptor is { Offset: >= 0, SizeInBytes: >= 0 and < int.MaxValue - SizeLength - ChecksumLength }
            ? descriptor
            : throw DeltaException.Corrupt($"The deletion vector '{descriptor.UniqueId}' has no place in its file: offset {Text(descriptor.Offset)}, size {descriptor.SizeInBytes}.");

    private static DeletionVector ParseInline(DeletionVectorDescriptor descriptor)
    {
        if (Z85.TryDecode(descriptor.PathOrInlineDv) is not { } bytes || descriptor.SizeInBytes < 0 || descriptor.SizeInBytes > bytes.Length
            || bytes.AsSpan(descriptor.SizeInBytes) is { Length: > 3 })
        {
            throw DeltaException.Corrupt($"The inline deletion vector '{descriptor.PathOrInlineDv}' is not {descriptor.SizeInBytes} bytes in base 85.");
        }

        return RequireCardinality(DeletionVector.Parse(bytes.AsSpan(0, descriptor.SizeInBytes)), descriptor, "inline");
    }

    private static DeletionVector ParseStored(string path, DeletionVectorDescriptor descriptor, ReadOnlySpan<byte> stored)
    {
        var where = $"'{path}' at offset {Text(descriptor.Offset)}";
        var length = SizeLength + descriptor.SizeInBytes + ChecksumLength;
        if (stored.Length < length)
        {
            throw DeltaException.Corrupt($"The deletion vector {where} is cut off: its {length} bytes are not there.");
        }

        if (BinaryPrimitives.ReadInt32BigEndian(stored) is var size && size != descriptor.SizeInBytes)
        {
            throw DeltaException.Corrupt($"The deletion vector {where} has {size} bytes; the log says {descriptor.SizeInBytes}.");
        }

        var data = stored.Slice(SizeLength, size);
        var (expected, found) = (BinaryPrimitives.ReadUInt32BigEndian(stored[(SizeLength + size)..]), Crc32.Compute(data));
        if (expected != found)
        {
            throw DeltaException.Corrupt($"The deletion vector {where} has the CRC-32 {found:x8}; its file says {expected:x8}.");
        }

        try
        {
            return RequireCardinality(DeletionVector.Parse(data), descriptor, where);
        }
        catch (DeltaException e)
        {
            throw new DeltaException(e.Kind, $"The deletion vector {where} cannot be read: {e.Message}", e);
        }
    }

    private static DeletionVector RequireCardinality(DeletionVector vector, DeletionVectorDescriptor descriptor, string where) =>
        vector.Cardinality == descriptor.Cardinality
            ? vector
            : throw DeltaException.Corrupt($"The deletion vector {where} has {vector.Cardinality} rows; the log says {descriptor.Cardinality}.");

    private static string Text(int? offset) => offset?.ToString(CultureInfo.InvariantCulture) ?? "none";

    /// <summary>The stored vectors with what stands around each, and fewer bytes where the file ends.</summary>
    private async ValueTask<IEnumerable<ReadOnlyMemory<byte>>> ReadFileAsync(string path, DeletionVectorDescriptor[] descriptors, CancellationToken cancellationToken)
    {
        var wanted = descriptors.Select(d => new ByteRange(d.Offset!.Value, SizeLength + d.SizeInBytes + ChecksumLength));
        try
        {
            // The first byte tells the version of the file; close to a vector, as it mostly is, it costs no request of its own.
            var bytes = await ranges.ReadAsync(path, [new ByteRange(0, 1), .. wanted], cancellationToken);
            return bytes[0].Span is [FormatVersion]
                ? bytes.Skip(1)
                : throw DeltaException.Corrupt($"The deletion vector file '{path}' has no content of version {FormatVersion}.");
        }
        catch (FileNotFoundException e)
        {
            throw DeltaException.Corrupt($"The deletion vector file '{path}' is missing.", e);
        }
    }
}

using System.Buffers;
using System.Globalization;
using System.Text;

namespace RetailFlow.Storage.Azure;

/// <summary>
/// Writes whole objects. Each write carries a mark of its own in the object's metadata, so that when an answer was lost
/// the writer finds out whose object is there: <c>Created</c> is told to exactly the one whose mark it has.
/// </summary>
internal sealed class BlobWriter(BlobService service, AzureStoreOptions options)
{
    public async ValueTask<PutOutcome> WriteAsync(
        string path, ReadOnlyMemory<byte> content, bool onlyIfAbsent, CancellationToken cancellationToken)
    {
        PutCondition condition = new(options.NewMark().ToString("N"), onlyIfAbsent);
        cancellationToken.ThrowIfCancellationRequested();

        // Replacing writers must not race with blocks: the first block list removes the blocks of the others.
        if (!onlyIfAbsent || content.Length <= options.SinglePutBytes)
        {
            return await FinishAsync(path, condition, service.PutBlobAsync(path, content, condition));
        }

        string[] blocks = BlockIds(condition.Mark, content.Length);
        await Parallel.ForAsync(0, blocks.Length, ParallelOptions(cancellationToken), async (n, token) =>
        {
            int start = n * options.BlockBytes;
            int count = Math.Min(options.BlockBytes, content.Length - start);
            await service.PutBlockAsync(path, blocks[n], content.Slice(start, count), token);
        });
        cancellationToken.ThrowIfCancellationRequested();
        return await FinishAsync(path, condition, service.PutBlockListAsync(path, blocks, condition));
    }

    public async ValueTask<PutOutcome> ImportAsync(string path, string localFile, CancellationToken cancellationToken)
    {
        using FileStream file = new(
            localFile, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        long length = file.Length;
        if (length <= options.SinglePutBytes)
        {
            byte[] content = new byte[length];
            await file.ReadExactlyAsync(content, cancellationToken);
            return await WriteAsync(path, content, onlyIfAbsent: true, cancellationToken);
        }

        if (await service.HeadAsync(path, cancellationToken) is { IsDirectory: false })
        {
            return PutOutcome.AlreadyExists;
        }

        PutCondition condition = new(options.NewMark().ToString("N"), OnlyIfAbsent: true);
        string[] blocks = BlockIds(condition.Mark, length);
        await Parallel.ForAsync(0, blocks.Length, ParallelOptions(cancellationToken), async (n, token) =>
        {
            long start = (long)n * options.BlockBytes;
            int count = (int)Math.Min(options.BlockBytes, length - start);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(count);
            try
            {
                await ReadExactlyAsync(file, buffer.AsMemory(0, count), start, token);
                await service.PutBlockAsync(path, blocks[n], buffer.AsMemory(0, count), token);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        });
        cancellationToken.ThrowIfCancellationRequested();
        return await FinishAsync(path, condition, service.PutBlockListAsync(path, blocks, condition));
    }

    private static async ValueTask ReadExactlyAsync(
        FileStream file, Memory<byte> buffer, long position, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            int read = await RandomAccess.ReadAsync(file.SafeFileHandle, buffer, position, cancellationToken);
            if (read == 0)
            {
                throw new EndOfStreamException($"The file '{file.Name}' became shorter while it was imported.");
            }

            buffer = buffer[read..];
            position += read;
        }
    }

    private ParallelOptions ParallelOptions(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };

    /// <summary>
    /// Ids of one length, as the service demands, that contain the mark: blocks of writers that race for one name are
    /// kept under that name together and must not replace each other.
    /// </summary>
    private string[] BlockIds(string mark, long length)
    {
        int count = (int)((length + options.BlockBytes - 1) / options.BlockBytes);
        return
        [
            .. Enumerable.Range(0, count).Select(n => Convert.ToBase64String(
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{mark}-{n:d6}")))),
        ];
    }

    private async ValueTask<PutOutcome> FinishAsync(string path, PutCondition condition, ValueTask<PutAnswer> request)
    {
        PutAnswer answer;
        try
        {
            answer = await request;
        }
        catch (StorageException) when (condition.OnlyIfAbsent)
        {
            if (await FindAsync(path) is { } found)
            {
                return OutcomeOf(path, found, condition);
            }

            throw;
        }

        if (answer == PutAnswer.Done)
        {
            return PutOutcome.Created;
        }

        // Always asked: a connection may repeat a request below the pipeline, where nobody sees it.
        return await service.HeadAsync(path, CancellationToken.None) switch
        {
            { } found => OutcomeOf(path, found, condition),
            null when answer == PutAnswer.Refused => PutOutcome.AlreadyExists,
            _ => throw service.Failure.Create(
                "write", path, "an object of that name came and went while an answer was lost, so whose it was is not known", "OutcomeUnknown"),
        };
    }

    private PutOutcome OutcomeOf(string path, BlobProperties found, PutCondition condition) =>
        found.IsDirectory
            ? throw service.Failure.Create("write", path, "a directory has that name", "PathIsDirectory")
            : found.Mark == condition.Mark ? PutOutcome.Created : PutOutcome.AlreadyExists;

    private async ValueTask<BlobProperties?> FindAsync(string path)
    {
        try
        {
            return await service.HeadAsync(path, CancellationToken.None);
        }
        catch (StorageException)
        {
            // The failure of the write itself says more than that of looking after it.
            return null;
        }
    }
}

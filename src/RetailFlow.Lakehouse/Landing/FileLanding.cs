using System.Globalization;
using System.Security.Cryptography;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse.Landing;

/// <summary>Puts records into RAW, byte for byte, and registers them for the pipeline. RAW files are never changed.</summary>
public sealed class FileLanding
{
    private const int FilesAtOnce = 3;

    private readonly Lake _lake;
    private readonly LandedFiles _registry;
    private JournalHome? _home;

    internal FileLanding(Lake lake)
    {
        _lake = lake;
        _registry = new LandedFiles(lake);
    }

    internal LandedFiles Registry => _registry;

    /// <summary>
    /// Lands files, and the files of folders. A batch that has been landed before is left as it is; its identity is the batch id,
    /// which by default follows from the file's name and content.
    /// </summary>
    /// <exception cref="LakeException">The feed or a file is unknown, or a batch id was used for other content.</exception>
    public async ValueTask<LandReport> LandAsync(
        string feed,
        IReadOnlyList<string> paths,
        string? source,
        string? batchId,
        CancellationToken cancellationToken)
    {
        var contract = Landable(feed);
        var files = paths.SelectMany(Expand).ToList();
        if (batchId is not null && files.Count > 1)
        {
            throw new LakeException(LakeErrorKind.InvalidInput, $"Batch id '{batchId}' names one batch, but {files.Count} files were given.");
        }

        files.ForEach(file => RawFormat.Of(Path.GetFileName(file)));
        var arrivals = new Arrival[files.Count];
        var stored = 0;

        // One file waits for the disk while another is copied and hashed; their order of acceptance is that of the list.
        await Parallel.ForEachAsync(
            Enumerable.Range(0, files.Count),
            new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancellationToken },
            async (i, cancellation) =>
            {
                await using var content = new FileStream(files[i], FileMode.Open, FileAccess.Read, FileShare.Read, 1);
                arrivals[i] = await StoreAsync(contract, Path.GetFileName(files[i]), source, batchId, content, files[i], cancellation);
                var done = Interlocked.Increment(ref stored);
                _lake.Options.Progress?.Invoke(new LakeProgress("land", Path.GetFileName(files[i]), (double)done / files.Count));
            });

        var landed = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < arrivals.Length; i++)
        {
            if (!arrivals[i].Batch.AlreadyThere && !landed.Add(arrivals[i].File.Path))
            {
                arrivals[i] = arrivals[i] with { Batch = arrivals[i].Batch with { AlreadyThere = true } };
            }
        }

        await _registry.RegisterAsync([.. arrivals.Where(a => !a.Batch.AlreadyThere).Select(a => a.File)], cancellationToken);
        return new LandReport([.. arrivals.Select(a => a.Batch)]);
    }

    /// <summary>Lands bytes that came over the network.</summary>
    /// <param name="feed">Feed.</param>
    /// <param name="source">The system it came from; null means the feed's default.</param>
    /// <param name="batchId">Name of the batch; null derives it from the content.</param>
    /// <param name="extension">Format as a file ending without the first dot, for example <c>csv</c> or <c>ndjson.gz</c>.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="cancellationToken">Stops before the batch is registered.</param>
    public async ValueTask<LandReport> LandBytesAsync(
        string feed,
        string? source,
        string? batchId,
        string extension,
        Stream content,
        CancellationToken cancellationToken)
    {
        var contract = Landable(feed);
        var arrival = await StoreAsync(contract, "batch." + extension, source, batchId, content, null, cancellationToken);
        if (!arrival.Batch.AlreadyThere)
        {
            await _registry.RegisterAsync([arrival.File], cancellationToken);
        }

        return new LandReport([arrival.Batch]);
    }

    /// <summary>The greatest journal sequence that the pipeline knows, 0 if none.</summary>
    public async ValueTask<long> JournalPositionAsync(CancellationToken cancellationToken) =>
        Math.Max(0, await _registry.JournalPositionAsync(cancellationToken));

    /// <summary>The next offset of every partition that the pipeline has records of, or whose beginning was set.</summary>
    public ValueTask<IReadOnlyDictionary<MessagePartition, long>> MessagePositionsAsync(CancellationToken cancellationToken) =>
        _registry.MessagePositionsAsync(cancellationToken);

    /// <summary>Sets where partitions begin that no record came from yet.</summary>
    public ValueTask StartMessagesAsync(IReadOnlyDictionary<MessagePartition, long> positions, CancellationToken cancellationToken) =>
        _registry.StartMessagesAsync(positions, cancellationToken);

    /// <summary>Says whose journal the lake has, before its writer opens it. A remote lake takes the one in <see cref="Lake.LocalFolder"/>.</summary>
    /// <param name="takeOver">Begins a journal in an empty folder although the lake's is in another one.</param>
    /// <param name="cancellationToken">Stops before the lake is changed.</param>
    /// <exception cref="LakeException">The lake's journal is somewhere else.</exception>
    public async ValueTask<JournalHome> OpenJournalAsync(bool takeOver, CancellationToken cancellationToken) =>
        _home = await JournalHome.OpenAsync(_lake, takeOver, cancellationToken);

    /// <summary>
    /// Makes durable journal ranges known to the pipeline. What is known already is passed over. In a remote lake they are copied to RAW first.
    /// </summary>
    /// <param name="ranges">The ranges, in order.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <param name="positions">The next offsets of the partitions that their records came from, committed with them.</param>
    /// <exception cref="LakeException">Another machine has taken over the journal of the lake.</exception>
    public async ValueTask RegisterJournalAsync(
        IReadOnlyList<JournalRange> ranges, CancellationToken cancellationToken, IReadOnlyDictionary<MessagePartition, long>? positions = null)
    {
        var known = await _registry.JournalPositionAsync(cancellationToken);
        var fresh = ranges.Where(r => r.LastSequence > known);
        if (_lake.IsRemote)
        {
            var home = _home?.Id ?? throw new InvalidOperationException("The journal of a remote lake is opened before ranges of it are registered.");
            fresh = await new JournalShipment(_lake.Store, _lake.LocalFolder, home).ShipAsync(fresh, cancellationToken);
        }

        var files = fresh.Select(r => new LandedFile
        {
            Ordinal = 0,
            Feed = LandedFile.JournalFeed,
            Source = "journal",
            BatchId = $"{r.FirstSequence.ToString("D20", CultureInfo.InvariantCulture)}-{r.LastSequence.ToString("D20", CultureInfo.InvariantCulture)}",
            Path = r.Path,
            Kind = "journal",
            FromOffset = r.FromOffset,
            ToOffset = r.ToOffset,
            FirstSequence = r.FirstSequence,
            LastSequence = r.LastSequence,
            LandedAt = _lake.Options.Clock.GetUtcNow(),
        }).ToList();
        await _registry.RegisterAsync(files, cancellationToken, _home?.Id, positions);
    }

    /// <summary>Registers files that another tool has put below <c>raw/</c>; returns how many.</summary>
    internal async ValueTask<int> DiscoverAsync(CancellationToken cancellationToken)
    {
        var found = new List<(FeedContract Feed, ObjectInfo Object)>();
        foreach (var feed in _lake.Project.Feeds.Where(f => !f.IsNoted))
        {
            await foreach (var item in _lake.Store.ListAsync($"raw/{feed.Name}/", null, cancellationToken))
            {
                if (!Path.GetFileName(item.Path).StartsWith("journal-", StringComparison.Ordinal))
                {
                    found.Add((feed, item));
                }
            }
        }

        var known = await _registry.PathsAsync(found.Count, cancellationToken);
        var files = new List<LandedFile>();
        foreach (var (feed, item) in found.Where(f => !known.Contains(f.Object.Path)))
        {
            await using var content = await _lake.Store.OpenReadAsync(item.Path, cancellationToken);
            var sha = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
            files.Add(new LandedFile
            {
                Ordinal = 0,
                Feed = feed.Name,
                Source = RawPath.SourceOf(item.Path) ?? feed.DefaultSource,
                BatchId = RawPath.BatchOf(item.Path),
                Path = item.Path,
                Kind = "file",
                FromOffset = 0,
                ToOffset = item.Length,
                Sha256 = sha,
                LandedAt = _lake.Options.Clock.GetUtcNow(),
            });
        }

        await _registry.RegisterAsync(files, cancellationToken);
        return files.Count;
    }

    private FeedContract Landable(string feed) =>
        _lake.Project.Feed(feed) is { IsNoted: false } contract
            ? contract
            : throw new LakeException(LakeErrorKind.InvalidInput, $"Feed {feed} comes from the node's journal alone; nothing can be landed in it.");

    private static IEnumerable<string> Expand(string path)
    {
        if (Directory.Exists(path))
        {
            return Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        }

        return File.Exists(path) ? [path] : throw new LakeException(LakeErrorKind.InvalidInput, $"File '{path}' does not exist.");
    }

    private async ValueTask<Arrival> StoreAsync(
        FeedContract contract,
        string fileName,
        string? source,
        string? batchId,
        Stream content,
        string? from,
        CancellationToken cancellationToken)
    {
        using var stage = _lake.Engine.Stage();
        var staged = Path.Combine(stage.Path, "raw");
        var (sha, bytes) = await CopyAsync(content, staged, cancellationToken);
        var ending = RawFormat.EndingOf(fileName);
        var stem = fileName[..^ending.Length];
        var origin = RawPath.Checked("source", source ?? contract.DefaultSource, 64);
        if (contract.Record == RecordKind.Stock && origin == StockLedger.SalesSource)
        {
            throw new LakeException(LakeErrorKind.InvalidInput, $"source '{origin}' is the node's own: name the system that the records come from.");
        }

        var batch = batchId is null ? $"{RawPath.Safe(stem)}-{sha[..16]}" : RawPath.Checked("batch", batchId, 128);
        var landed = await _registry.FindAsync(contract.Name, origin, batch, cancellationToken);
        if (landed is not null)
        {
            return landed.Sha256 == sha
                ? new Arrival(landed, new LandedBatch(contract.Name, origin, batch, landed.Path, bytes, true, from))
                : throw new LakeException(LakeErrorKind.Conflict, $"Batch '{batch}' of feed {contract.Name}, source {origin}, has been landed with other content; a batch never changes.");
        }

        var now = _lake.Options.Clock.GetUtcNow();
        var path = RawPath.Of(contract.Name, now, origin, batch, ending);
        if (await _lake.Store.ImportIfAbsentAsync(path, staged, cancellationToken) == PutOutcome.AlreadyExists)
        {
            await using var there = await _lake.Store.OpenReadAsync(path, cancellationToken);
            if (Convert.ToHexStringLower(await SHA256.HashDataAsync(there, cancellationToken)) != sha)
            {
                throw new LakeException(LakeErrorKind.Conflict, $"RAW file {path} exists with other content; RAW is never changed.");
            }
        }

        var file = new LandedFile
        {
            Ordinal = 0,
            Feed = contract.Name,
            Source = origin,
            BatchId = batch,
            Path = path,
            Kind = "file",
            FromOffset = 0,
            ToOffset = bytes,
            Sha256 = sha,
            LandedAt = now,
        };
        return new Arrival(file, new LandedBatch(contract.Name, origin, batch, path, bytes, false, from));
    }

    private static async ValueTask<(string Sha256, long Bytes)> CopyAsync(Stream content, string target, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        var buffer = new byte[1 << 20];
        var bytes = 0L;
        int read;
        while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            bytes += read;
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), bytes);
    }

    private readonly record struct Arrival(LandedFile File, LandedBatch Batch);
}

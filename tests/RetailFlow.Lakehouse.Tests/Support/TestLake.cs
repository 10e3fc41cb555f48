using System.Collections.Concurrent;
using System.Text;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Stores;
using RetailFlow.Storage;
using RetailFlow.Storage.Azure;
using RetailFlow.Tables.Tests.Proof;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Support;

/// <summary>A lake in a temporary folder, with the repository's own project unless another is named.</summary>
public sealed class TestLake : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<string, bool> s_proven = new(StringComparer.Ordinal);

    private readonly TemporaryDirectory _folder;
    private readonly bool _ownsFolder;
    private readonly IObjectStore? _remote;
    private int _files;

    private TestLake(TemporaryDirectory folder, bool ownsFolder, Lake lake, IObjectStore? remote)
    {
        _remote = remote;
        _folder = folder;
        _ownsFolder = ownsFolder;
        Lake = lake;
    }

    public Lake Lake { get; }

    public string Folder => _folder.Path;

    /// <summary>False for a lake that cannot be read, so that there is nothing for a second reader to find.</summary>
    public bool IsReadable { get; set; } = true;

    public static async Task<TestLake> OpenAsync(string? project = null, TemporaryDirectory? folder = null, IObjectStore? store = null, TimeProvider? clock = null, string? url = null, Func<string, string?>? variable = null, long? cacheBytes = null)
    {
        var where = folder ?? new TemporaryDirectory();
        var lake = await Lake.OpenAsync(new LakeOptions
        {
            LakePath = url ?? where.File("lake"),
            ProjectPath = project ?? Repository.Folder("lakehouse"),
            Threads = 2,
            MemoryLimitBytes = 1L << 30,
            Store = store,
            Remote = new RemoteOptions { Folder = where.File("local"), Variable = variable ?? (_ => null), CacheBytes = cacheBytes },
            Clock = clock ?? TimeProvider.System,
        });
        AzureBlobStore? remote = null;
        if (url is not null && !AzureStores.TryOpen(url, variable ?? (_ => null), null, out remote))
        {
            throw new ArgumentException($"'{url}' is no URL of a lake.", nameof(url));
        }

        return new TestLake(where, folder is null, lake, remote);
    }

    /// <summary>Lands text as a file of this ending.</summary>
    public Task LandAsync(string content, string ending = ".ndjson", string? source = null, string feed = "inventory") =>
        LandAsync(Encoding.UTF8.GetBytes(content), ending, source, feed);

    /// <summary>Lands bytes as a file of this ending.</summary>
    public async Task LandAsync(byte[] content, string ending = ".ndjson", string? source = null, string feed = "inventory")
    {
        var file = _folder.File($"in-{_files++:D5}{ending}");
        await File.WriteAllBytesAsync(file, content);
        await Lake.Landing.LandAsync(feed, [file], source, null, default);
    }

    public async Task<RunReport> RunAsync(bool fullRefresh = false) =>
        await Lake.Pipeline.RunAsync(new RunOptions { FullRefresh = fullRefresh }, default);

    public async Task<IReadOnlyList<object?[]>> QueryAsync(string sql)
    {
        using var result = await Lake.Sql.QueryAsync(sql, default);
        return [.. result.Rows()];
    }

    public async Task<object?> ScalarAsync(string sql) => (await QueryAsync(sql))[0][0];

    /// <summary>Rows as text, one line each, for comparisons that show the difference.</summary>
    public async Task<string> TextAsync(string sql) =>
        string.Join('\n', (await QueryAsync(sql)).Select(row => string.Join('|', row.Select(Text))));

    /// <summary>Closes the lake, once a second reader has found its tables to be what they are read as.</summary>
    public async ValueTask DisposeAsync()
    {
        await Lake.DisposeAsync();
        try
        {
            // One lake for each test: those that open hundreds write the same tables again.
            if (IsReadable && s_proven.TryAdd(TestContext.Current.TestMethod?.UniqueID ?? "", true))
            {
                await (_remote is null ? TableProof.OfFolderAsync(_folder.File("lake")) : TableProof.OfStoreAsync(_remote));
            }
        }
        finally
        {
            if (_ownsFolder)
            {
                _folder.Dispose();
            }
        }
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}

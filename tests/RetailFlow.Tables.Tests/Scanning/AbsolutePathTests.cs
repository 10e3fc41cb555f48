using System.Text;
using System.Text.Json.Nodes;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Storage.Azure;
using RetailFlow.Tables.Tests.Proof;
using RetailFlow.Testing.Azure;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Scanning;

/// <summary>Tables whose logs name data files and deletion vectors by absolute URIs.</summary>
public sealed class AbsolutePathTests(AzuriteServer server) : IClassFixture<AzuriteServer>, IDisposable
{
    private const string Service = "abfss://lake@retail.dfs.core.windows.net/prod";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("file:")]
    [InlineData("file://")]
    [InlineData("file%3A//")]
    public async Task A_table_on_disk_may_name_its_files_by_absolute_paths(string scheme)
    {
        var store = new LocalObjectStore(_folder.File("my store"));
        await WriteAsync(store);
        var root = scheme + DeltaPath.Encode(_folder.File("my store"));
        await RewriteAsync(store, root);

        await AssertReadAndWrittenAsync(store);
        if (scheme != "file%3A//")
        {
            await TableProof.OfFolderAsync(_folder.File("my store"));
        }
    }

    [Fact]
    public async Task A_table_in_azure_may_name_its_files_by_urls_of_its_store()
    {
        var url = await server.CreateContainerAsync() + "/prod";
        Assert.True(AzureStores.TryOpen(url, server.Environment, null, out var store));
        await WriteAsync(store);
        await RewriteAsync(store, url);

        await AssertReadAndWrittenAsync(store);
        await TableProof.OfStoreAsync(store);
    }

    [Theory]
    [InlineData(Service)]
    [InlineData("abfs://lake@RETAIL.dfs.core.windows.net/prod")]
    [InlineData("abfss%3A//lake%40retail.dfs.core.windows.net/prod")]
    [InlineData("wasbs://lake@retail.blob.core.windows.net/prod")]
    [InlineData("https://retail.blob.core.windows.net/lake/prod")]
    [InlineData("https://retail.dfs.core.windows.net/lake/prod")]
    public async Task Any_spelling_of_the_services_names_a_file_of_the_store(string root)
    {
        var store = await RelocatedAsync();
        await RewriteAsync(store, root);

        await AssertReadAndWrittenAsync(store);
    }

    [Theory]
    [InlineData("abfss://other@retail.dfs.core.windows.net/prod")]
    [InlineData("abfss://lake@other.dfs.core.windows.net/prod")]
    [InlineData("https://retail.blob.core.windows.net/lake/elsewhere")]
    [InlineData("file:///etc")]
    [InlineData("/etc")]
    public async Task A_file_outside_of_the_store_is_refused_with_its_path_the_store_and_the_rule(string root)
    {
        var store = await RelocatedAsync();
        await RewriteAsync(store, root);
        using var session = Open(store);

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await SumAsync(DeltaTable.Open(session, "t")));

        Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
        Assert.StartsWith($"The file '{root}/t/", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            $"has an absolute path that is not below '{Service}': the files of a table are read from the store of the table and from nowhere else.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clone_in_azure_is_read_and_written_and_its_vacuum_leaves_the_source_alone()
    {
        var url = await server.CreateContainerAsync() + "/my%20lake";
        Assert.True(AzureStores.TryOpen(url, server.Environment, null, out var store));
        await WriteAsync(store);
        using var session = Open(store);
        var (source, clone, second) = (DeltaTable.Open(session, "t"), DeltaTable.Open(session, "clones/c 1"), DeltaTable.Open(session, "clones/c2"));

        var first = await source.CloneShallowAsync(clone);
        Assert.All(first.Files, f => Assert.StartsWith(url + "/t/", f.Path, StringComparison.Ordinal));
        Assert.Contains(first.Files, f => f.DeletionVector is { StorageType: "p" } vector && vector.PathOrInlineDv.StartsWith(url + "/t/", StringComparison.Ordinal));
        Assert.Equal((2001, 3_010_000), await SumAsync(clone));
        Assert.Equal((3001, 4_508_500), await SumAsync(DeltaTable.Open(session, (await source.CloneShallowAsync(second, TimeTravel.Version(2))).TablePath)));

        await clone.DeleteAsync("id = 10000");
        await clone.AppendAsync("select -1 as id");
        await clone.OptimizeAsync();
        Assert.Equal((2001, 2_999_999), await SumAsync(clone));
        Assert.Equal((2001, 3_010_000), await SumAsync(source));

        await clone.OverwriteAsync("select 1 as id");
        await TableProof.OfStoreAsync(store);
        var gone = (await clone.VacuumAsync(TimeSpan.Zero, force: true)).Files;
        Assert.NotEmpty(gone);
        Assert.All(gone, f => Assert.StartsWith("clones/c 1/", f, StringComparison.Ordinal));
        Assert.Equal((2001, 3_010_000), await SumAsync(source));
        Assert.Equal((1, 1), await SumAsync(clone));
    }

    private async Task<IObjectStore> RelocatedAsync()
    {
        Assert.True(AzureStores.TryOpen(await server.CreateContainerAsync(), server.Environment, null, out var emulator));
        await WriteAsync(emulator);
        return new RelocatedObjectStore(emulator, AzureLocation.Parse(Service).Spellings());
    }

    private DeltaTables Open(IObjectStore store) => DeltaTables.Open(store, new DeltaTablesOptions { WorkFolder = _folder.File("work"), Threads = 1 });

    // Two files, one of them with a deletion vector that is too large for the log.
    private async Task WriteAsync(IObjectStore store)
    {
        using var session = Open(store);
        var table = DeltaTable.Open(session, "t");
        await table.CreateAsync(new TableDefinition { Schema = new([new("id", PrimitiveType.Long)]), Profile = TableProfile.Find("modern") });
        await table.AppendAsync("select range as id from range(3000)");
        await table.AppendAsync("select 10000 as id");
        await table.DeleteAsync("id % 3 = 0");
        Assert.Contains((await table.LoadAsync()).Files, f => f.DeletionVector is { StorageType: "u" });
    }

    private static async Task RewriteAsync(IObjectStore store, string root)
    {
        for (var version = 0; version < 4; version++)
        {
            var path = $"t/_delta_log/{version:D20}.json";
            var lines = Encoding.UTF8.GetString((await store.ReadAsync(path))!).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
            {
                var action = JsonNode.Parse(line)!;
                if ((action["add"] ?? action["remove"]) is { } file)
                {
                    file["path"] = $"{root}/t/{file["path"]}";
                    if (file["deletionVector"] is { } vector && (string)vector["storageType"]! == "u")
                    {
                        var name = DeletionVectorFiles.PathOf(new("u", (string)vector["pathOrInlineDv"]!, 0, 0, 0));
                        (vector["storageType"], vector["pathOrInlineDv"]) = ("p", $"{root}/t/{name}");
                    }
                }

                return action.ToJsonString();
            });
            await store.PutAsync(path, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        }
    }

    private async Task AssertReadAndWrittenAsync(IObjectStore store)
    {
        using var session = Open(store);
        var table = DeltaTable.Open(session, "t");
        Assert.All((await table.LoadAsync()).Files, f => Assert.True(DeltaPath.IsAbsolute(f.DecodedPath)));
        Assert.Equal((2001, 3_010_000), await SumAsync(table));

        await table.DeleteAsync("id = 1");
        await table.AppendAsync("select 5 as id");

        Assert.Equal((2001, 3_010_004), await SumAsync(table));
        Assert.DoesNotContain((await table.VacuumAsync(TimeSpan.Zero, force: true, dryRun: true)).Files, f => f.EndsWith(".parquet", StringComparison.Ordinal));
    }

    private static async Task<(long Rows, long Sum)> SumAsync(DeltaTable table)
    {
        using var rows = await table.QueryAsync("select count(*), sum(id)::bigint from {table}");
        var row = rows.Rows().Single();
        return ((long)row[0]!, (long)row[1]!);
    }
}

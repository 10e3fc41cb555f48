using System.Diagnostics;
using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Storage.Azure;
using RetailFlow.Testing.Azure;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>
/// Processes that write to one table at once, over stores that fail before and after calls: afterwards the table is what their books
/// say. <c>RETAILFLOW_RACE_PROCESSES</c> and <c>RETAILFLOW_RACE_COMMITS</c> (of all together) make it larger, <c>RETAILFLOW_SEED</c> other.
/// </summary>
public sealed class RaceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("modern")]
    [InlineData("interop")]
    public async Task Processes_that_write_to_a_table_in_a_folder_lose_nothing(string profile)
    {
        var store = _folder.File("store");
        await RaceAsync(store, new LocalObjectStore(store), profile, processes: 4, commits: profile == "modern" ? 100 : 48, null);
        await AssertSoundAsync(store);
    }

    [Fact]
    public async Task Processes_that_write_to_a_table_in_a_container_lose_nothing()
    {
        await using var server = await AzuriteServer.StartAsync();
        var url = await server.CreateContainerAsync() + "/tables";
        Assert.True(AzureStores.TryOpen(url, server.Environment, null, out var store));
        await RaceAsync(url, store, "modern", processes: 3, commits: 36, server.AccountKey);
        await AssertSoundAsync(_folder.File("copy"));
    }

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : fallback;

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static async Task AssertSoundAsync(string folder)
    {
        var wrong = await TableProof.ComplaintsAsync(folder, "t");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(10)));
    }

    private async Task RaceAsync(string location, IObjectStore store, string profile, int processes, int commits, string? accountKey)
    {
        processes = Setting("RETAILFLOW_RACE_PROCESSES", processes);
        commits = Setting("RETAILFLOW_RACE_COMMITS", commits);
        var seed = Setting("RETAILFLOW_SEED", 20260131);
        await CreateAsync(store, profile);
        var clock = Stopwatch.StartNew();
        var books = Enumerable.Range(0, processes).Select(n => _folder.File($"book-{n}.txt")).ToList();
        var running = books.Select((book, n) => RunAsync(accountKey, location, _folder.File("work"), book, Text(n), Text(Math.Max(1, commits / processes)), Text(seed), "0.03")).ToList();
        var errors = await Task.WhenAll(running);
        var seconds = clock.Elapsed.TotalSeconds;
        Assert.True(errors.All(e => e.Length == 0), $"seed {seed}: {string.Join('\n', errors)}");

        if (store.LocalPath("t") is not { } copy)
        {
            await store.CopyToAsync(_folder.File("copy"));
            copy = Path.Combine(_folder.File("copy"), "t");
        }

        var audit = new RaceAudit();
        var wrong = audit.Check(books, copy);
        var newest = Directory.GetFiles(Path.Combine(copy, "_delta_log"), "*.json").Count(f => Path.GetFileName(f).Length == 25) - 1;
        var figures = string.Create(
            CultureInfo.InvariantCulture,
            $"{processes} processes, seed {seed}: {newest} versions, {audit.Acknowledged} statements acknowledged, {audit.Conflicts} given up to conflicts and tried again, {audit.Repeated} planned again within, {audit.OtherFailures} failed on faults, {audit.Unknown} without an answer, {audit.Faults} faults, {wrong.Count} wrong, {seconds:F1} s, {newest / seconds:F1} commits/s");
        TestContext.Current.TestOutputHelper?.WriteLine(figures);
        if (Environment.GetEnvironmentVariable("RETAILFLOW_RACE_FIGURES") is { } file)
        {
            await File.AppendAllTextAsync(file, $"{location.Split(':')[0]} {profile}: {figures}\n");
        }

        Assert.True(wrong.Count == 0, $"{figures}\n{string.Join('\n', wrong.Take(20))}");
    }

    private async Task CreateAsync(IObjectStore store, string profile)
    {
        using var session = DeltaTables.Open(store, new DeltaTablesOptions { WorkFolder = _folder.File("setup") });
        var table = DeltaTable.Open(session, "t");
        await table.CreateAsync(new TableDefinition
        {
            Schema = new([new("id", PrimitiveType.Long), new("n", PrimitiveType.Long), new("text", PrimitiveType.String)]),
            Profile = TableProfile.Find(profile),
            Properties = new Dictionary<string, string> { ["delta.checkpointInterval"] = "20" },
        });
        await table.AppendAsync($"select -1 - range as id, 0::bigint as n, 'shared' as text from range({TableRace.Worker.SharedRows})");
    }

    private static async Task<string> RunAsync(string? accountKey, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "RetailFlow.TableRace.exe" : "RetailFlow.TableRace"), arguments)
        {
            RedirectStandardError = true,
        };
        if (accountKey is not null)
        {
            start.Environment["AZURE_STORAGE_ACCOUNT_KEY"] = accountKey;
        }

        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? "" : $"exit {process.ExitCode}: {error}";
    }
}

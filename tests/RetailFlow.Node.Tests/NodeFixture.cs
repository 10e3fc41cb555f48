using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using RetailFlow.Lakehouse;
using Xunit;

namespace RetailFlow.Node.Tests;

/// <summary>A node on a free port of this machine with a lake of its own, and a client that knows its answers.</summary>
public class NodeFixture : IAsyncLifetime
{
    private static readonly MediaTypeHeaderValue s_lines = new("application/x-ndjson");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("retailflow-node-");
    private NodeHost? _host;
    private int _crashes;

    public static string RepositoryRoot { get; } = Metadata("RepositoryRoot");

    public string LakePath => Path.Combine(_folder.FullName, $"lake{_crashes}");

    public HttpClient Client { get; private set; } = new();

    public StringWriter Log { get; } = new();

    internal Func<NodeOptions, NodeOptions> Configure { get; set; } = options => options;

    internal NodeHost Host => _host!;

    public async ValueTask InitializeAsync() => await StartAsync();

    public async Task StartAsync()
    {
        _host = await NodeHost.StartAsync(Configure(Options(LakePath)), CancellationToken.None);
        Client.Dispose();
        Client = new HttpClient { BaseAddress = _host.Address };
    }

    public async Task StopAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await host.DisposeAsync();
        }
    }

    /// <summary>
    /// Goes on with the lake as it is on the disk at this moment, as after a power cut: whatever the node would still have done does not
    /// happen. The pipeline must be at rest.
    /// </summary>
    public async Task CrashAsync()
    {
        var from = LakePath;
        _crashes++;
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != ".node.lock"))
        {
            var to = Path.Combine(LakePath, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await StopAsync();
        await StartAsync();
    }

    public NodeOptions Options(string lakePath) => new()
    {
        Lake = new LakeOptions { LakePath = lakePath, ProjectPath = Path.Combine(RepositoryRoot, "lakehouse") },
        Urls = "http://127.0.0.1:0",
        RunInterval = TimeSpan.FromMilliseconds(200),
        ReconcileInterval = TimeSpan.Zero,
        Log = TextWriter.Synchronized(Log),
    };

    public static string Sale(string id, string sku = "A", string location = "L", string quantity = "1", string time = "2026-01-02T00:00:00Z") =>
        Record(id, "sale", sku, location, quantity, time);

    public static string Record(string id, string type, string sku, string location, string quantity, string time) =>
        $"{{\"event_id\":\"{id}\",\"type\":\"{type}\",\"sku\":\"{sku}\",\"location\":\"{location}\",\"quantity\":{quantity},\"event_time\":\"{time}\"}}";

    /// <summary>Posts records as lines and returns the answer, which must be a success.</summary>
    public async Task<EventsReply> PostAsync(string source, params string[] records)
    {
        using var content = new StringContent(string.Join('\n', records), Encoding.UTF8, s_lines);
        using var response = await Client.PostAsync(new Uri($"/v1/events?source={source}", UriKind.Relative), content);
        return await EventsReply.OfAsync(response);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    /// <summary>Rows of a query.</summary>
    public async Task<JsonElement> QueryAsync(string sql)
    {
        using var content = new StringContent(JsonSerializer.Serialize(new { sql }), Encoding.UTF8, "application/json");
        using var response = await Client.PostAsync(new Uri("/v1/sql", UriKind.Relative), content);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{sql}: {(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("rows");
    }

    /// <summary>Waits until Gold contains a sequence and the run that brought it is through, and reads.</summary>
    public async Task<JsonElement> CarriedAsync(string sku, long sequence)
    {
        var before = Host.State.LastRun.Runs;
        Host.State.Wake();
        Assert.NotNull(await Host.State.Gold.WaitForAsync(sequence, TimeSpan.FromSeconds(60), CancellationToken.None));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        JsonElement stock;
        do
        {
            // Stock is told of before the other models of the run are written.
            patience.Token.ThrowIfCancellationRequested();
            stock = await GetAsync($"/v1/stock/{sku}?min_sequence={sequence}");
        }
        while (Host.State.LastRun.Runs == before);

        return stock;
    }

    /// <summary>Sends a command on reservations and returns the answer with its status.</summary>
    public async Task<(int Status, JsonElement Body)> CommandAsync(string path, string key, string body = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>Holds one line, which must be granted, and returns the reservation's id.</summary>
    public async Task<string> HoldAsync(string key, string sku, string quantity, string location = "L", int ttlSeconds = 900)
    {
        var (status, body) = await CommandAsync(
            "/v1/reservations", key, $"{{\"lines\":[{{\"sku\":\"{sku}\",\"location\":\"{location}\",\"quantity\":{quantity}}}],\"ttl_seconds\":{ttlSeconds}}}");
        Assert.True(status == 201, body.GetRawText());
        return body.GetProperty("id").GetString()!;
    }

    /// <summary>On hand, held, committed and available of a SKU in total, as they are written.</summary>
    public async Task<string> TotalAsync(string sku)
    {
        var total = (await GetAsync($"/v1/stock/{sku}")).GetProperty("total");
        return string.Join(' ', new[] { "on_hand", "held", "committed", "available" }.Select(name => total.GetProperty(name).GetRawText()));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
        await Log.DisposeAsync();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private static string Metadata(string key) =>
        typeof(NodeFixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}

/// <summary>The answer to posted records.</summary>
public sealed record EventsReply(int Accepted, int Duplicates, IReadOnlyList<(int Index, string Rule)> Quarantined, long Sequence)
{
    public static async Task<EventsReply> OfAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {body}");
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        return new EventsReply(
            root.GetProperty("accepted").GetInt32(),
            root.GetProperty("duplicates").GetInt32(),
            [.. root.GetProperty("quarantined").EnumerateArray().Select(q => (q.GetProperty("index").GetInt32(), q.GetProperty("rule").GetString()!))],
            root.GetProperty("sequence").GetInt64());
    }
}

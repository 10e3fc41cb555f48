using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Testing.Azure;

/// <summary>
/// A blob server (azurite) of its own on a free port of this machine, with an account and a key that nobody else has and
/// everything in memory. It ends with the fixture, and with the test process if that is killed.
/// </summary>
public sealed partial class AzuriteServer : IAsyncLifetime
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(64);
    private readonly HttpClient _http = new();
    private readonly TemporaryDirectory? _tls;
    private Process? _process;
    private string _endpoint = "";
    private int _containers;

    /// <summary>A server for <c>http</c>.</summary>
    public AzuriteServer()
    {
    }

    private AzuriteServer(X509Certificate2 certificate)
    {
        _tls = new TemporaryDirectory();
        File.WriteAllText(_tls.File("cert.pem"), certificate.ExportCertificatePem());
        using RSA key = certificate.GetRSAPrivateKey()!;
        File.WriteAllText(_tls.File("key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The storage account.</summary>
    public string Account => "retailflowtest";

    /// <summary>The account's key in Base64.</summary>
    public string AccountKey => Convert.ToBase64String(_key);

    /// <summary>The URL below which containers are, with a slash at the end.</summary>
    public string Endpoint => _endpoint;

    /// <summary>Environment variables with which a store opens the server's account.</summary>
    public string? Environment(string name) => name == "AZURE_STORAGE_ACCOUNT_KEY" ? AccountKey : null;

    /// <summary>Starts a server, for callers that are no fixtures.</summary>
    public static async Task<AzuriteServer> StartAsync()
    {
        AzuriteServer server = new();
        await server.InitializeAsync();
        return server;
    }

    /// <summary>Starts a server for <c>https</c> with this certificate, which takes access tokens too.</summary>
    public static async Task<AzuriteServer> StartAsync(X509Certificate2 certificate)
    {
        AzuriteServer server = new(certificate);
        await server.InitializeAsync();
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        string[] tls = _tls is null ? [] : ["--cert", _tls.File("cert.pem"), "--key", _tls.File("key.pem"), "--oauth", "basic"];
        ProcessStartInfo start = new(
            "node",
            ["serve.cjs", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence", "--silent", "--blobPort", "0", .. tls])
        {
            WorkingDirectory = await AzuriteInstall.FolderAsync(),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AZURITE_ACCOUNTS"] = $"{Account}:{AccountKey}";
        TaskCompletionSource<string> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StringBuilder said = new();
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        void Hear(string? line)
        {
            lock (said)
            {
                said.AppendLine(line);
            }

            if (Listening().Match(line ?? "") is { Success: true } match)
            {
                listening.TrySetResult(match.Groups[1].Value);
            }
        }

        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.Exited += (_, _) => listening.TrySetException(
            new InvalidOperationException("The blob server ended before it listened: " + said));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _endpoint = $"{await listening.Task.WaitAsync(s_startLimit)}/{Account}/";
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _tls?.Dispose();
        if (_process is { } process)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(s_startLimit);
            process.Dispose();
        }
    }

    /// <summary>Makes an empty container and gives its URL, without a slash at the end.</summary>
    public async Task<string> CreateContainerAsync()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"c{Interlocked.Increment(ref _containers):d4}");
        using HttpResponseMessage response = await SendAsync(HttpMethod.Put, name, "restype=container", new ByteArrayContent([]));
        if (response.StatusCode != HttpStatusCode.Created)
        {
            throw new InvalidOperationException($"The blob server made no container '{name}': {response}");
        }

        return _endpoint + name;
    }

    /// <summary>
    /// Sends a request past the code under test, authorised by a shared access signature.
    /// </summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Container, or container and name, percent-encoded.</param>
    /// <param name="query">Further parameters, or empty.</param>
    /// <param name="content">The body and its headers, or null.</param>
    /// <param name="headers">Further headers.</param>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string query, HttpContent? content, params (string Name, string Value)[] headers)
    {
        string separator = query.Length == 0 ? "" : "&";
        using HttpRequestMessage request = new(method, $"{_endpoint}{path}?{query}{separator}{SharedAccessSignature()}")
        {
            Content = content,
        };
        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await _http.SendAsync(request);
    }

    /// <summary>A signature over the account, valid from an hour ago for <paramref name="permissions"/> for a day.</summary>
    public string SharedAccessSignature(string permissions = "rwdlac")
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string start = Time(now.AddHours(-1));
        string expiry = Time(now.AddDays(1));
        const string Version = "2022-11-02";

        // account, permissions, services, resource types, start, expiry, addresses, protocols, version, encryption scope
        string text = $"{Account}\n{permissions}\nb\nsco\n{start}\n{expiry}\n\nhttps,http\n{Version}\n\n";
        string signature = Convert.ToBase64String(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)));
        return $"sv={Version}&ss=b&srt=sco&sp={permissions}&st={Uri.EscapeDataString(start)}&se={Uri.EscapeDataString(expiry)}" +
            $"&spr=https,http&sig={Uri.EscapeDataString(signature)}";
    }

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"successfully listens on (https?://127\.0\.0\.1:[0-9]+)")]
    private static partial Regex Listening();
}

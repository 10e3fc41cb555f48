using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RetailFlow.Node.Http.Transport;

namespace RetailFlow.Node.Tests.Http.Transport;

/// <summary>The web server on loops with some endpoints, and clients of bare sockets.</summary>
internal sealed class LoopServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private LoopServer(WebApplication web) => _web = web;

    private int Port { get; set; }

    public static async Task<LoopServer> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => OperatingSystem.IsLinux()
            ? new LoopTransport(services.GetRequiredService<IMemoryPoolFactory<byte>>())
            : throw new PlatformNotSupportedException());
        var web = builder.Build();
        web.UseRouting();
        web.UseLoopPlace();
        map(web);
        await web.StartAsync();
        var address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new LoopServer(web) { Port = new Uri(address).Port };
    }

    public async Task<Socket> ConnectAsync(int? receiveBuffer = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return socket;
    }

    public async Task StopAsync() => await _web.StopAsync();

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();

    public static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");

    /// <summary>Reads until so much text has come, or the other side ends.</summary>
    public static async Task<string> ReadAsync(Socket socket, Func<string, bool> isEnough)
    {
        var text = new StringBuilder();
        var buffer = new byte[8192];
        while (!isEnough(text.ToString()))
        {
            var count = await socket.ReceiveAsync(buffer);
            if (count == 0)
            {
                break;
            }

            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}

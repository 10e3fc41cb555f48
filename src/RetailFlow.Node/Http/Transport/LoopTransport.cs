using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace RetailFlow.Node.Http.Transport;

/// <summary>Takes connections of the web server on <see cref="SocketLoop"/>s in place of the pool, for IP addresses on Linux.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LoopTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    // The other processors are the journal's writer's, the pipeline's and the clients'.
    private const int ProcessorsOfALoop = 4;

    private readonly SocketLoop[] _loops;
    private readonly MemoryPool<byte> _memory;

    public LoopTransport(IMemoryPoolFactory<byte> memory)
    {
        _memory = memory.Create();
        _loops = new SocketLoop[Math.Max(1, Environment.ProcessorCount / ProcessorsOfALoop)];
        for (var i = 0; i < _loops.Length; i++)
        {
            _loops[i] = new SocketLoop();
        }
    }

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(new SocketTransportOptions().Backlog);
            return ValueTask.FromResult<IConnectionListener>(new Listener(socket, this));
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(taken.Message, taken);
        }
    }

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Dispose();
        }

        _memory.Dispose();
    }

    private sealed class Listener(Socket socket, LoopTransport transport) : IConnectionListener
    {
        private int _next;

        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                Socket accepted;
                try
                {
                    accepted = await socket.AcceptAsync(cancellationToken);
                }
                catch (Exception unbound) when (unbound is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    return null;
                }
                catch (SocketException)
                {
                    // It was reset before it was taken.
                    continue;
                }

                try
                {
                    accepted.NoDelay = true;
                    var connection = new LoopConnection(accepted, transport._loops[_next], transport._memory);
                    _next = (_next + 1) % transport._loops.Length;
                    connection.Start();
                    return connection;
                }
                catch (SocketException)
                {
                    accepted.Dispose();
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace RetailFlow.Node.Http.Transport;

/// <summary>
/// A connection of the web server on a <see cref="SocketLoop"/>. What arrives is read on the loop, and the server takes it there and then. Answers are sent by
/// the thread that has them, as far as there is room.
/// </summary>
/// <remarks>What is read, watched and closed is so on the loop alone; so the descriptor is not another connection's while one of them is under way.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class LoopConnection : DefaultConnectionContext, IMemoryPoolFeature, ILoopFeature
{
    // As the server's own transport has them: a request of that much waits for its reader, an answer of that much for its receiver.
    private const int MostUnread = 1 << 20;
    private const int MostUnsent = 1 << 16;

    // So that a large body does not keep the other connections waiting.
    private const int ReadsAtOnce = 16;

    private static long s_last;

    private readonly Socket _socket;
    private readonly SocketLoop _loop;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _isTold = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _isClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _sending = Task.CompletedTask;
    private uint _watched;
    private bool _isBehind;
    private bool _hasEnded;
    private TaskCompletionSource? _room;
    private volatile bool _isAway;
    private volatile ConnectionAbortedException? _aborted;
    private volatile bool _isReset;

    public LoopConnection(Socket socket, SocketLoop loop, MemoryPool<byte> memory)
    {
        Key = Interlocked.Increment(ref s_last);
        ConnectionId = Key.ToString("X", CultureInfo.InvariantCulture);
        _socket = socket;
        _loop = loop;
        Descriptor = (int)socket.Handle;
        MemoryPool = memory;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        _input = new Pipe(new PipeOptions(memory, new Reader(this), new Writer(this), MostUnread, MostUnread / 2, useSynchronizationContext: false));
        _output = new Pipe(new PipeOptions(memory, PipeScheduler.Inline, PipeScheduler.ThreadPool, MostUnsent, MostUnsent / 2, useSynchronizationContext: false));
        Transport = new Duplex(_input.Reader, _output.Writer);
        Application = new Duplex(_output.Reader, _input.Writer);
        ConnectionClosed = _ended.Token;
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<ILoopFeature>(this);
    }

    /// <summary>Tells the connection from all others of the process, past ones too.</summary>
    public long Key { get; }

    /// <summary>Valid until the connection is closed.</summary>
    public int Descriptor { get; }

    public MemoryPool<byte> MemoryPool { get; }

    public bool IsAway
    {
        set => _isAway = value;
    }

    /// <summary>Begins to read and to send.</summary>
    public void Start()
    {
        _sending = SendAsync();
        _loop.Post(new Work(this, static connection =>
        {
            connection._loop.Opened();
            connection.Watch(Epoll.In | Epoll.PeerEnded);
        }));
    }

    /// <summary>Does what has become possible. On the loop.</summary>
    public void Ready(uint events)
    {
        if ((events & (Epoll.Out | Epoll.Failed)) != 0 && _room is { } room)
        {
            Watch(_watched & ~Epoll.Out);
            _room = null;
            room.TrySetResult();
        }

        if ((events & (Epoll.In | Epoll.PeerEnded | Epoll.Failed)) != 0 && !_isBehind && !_hasEnded)
        {
            try
            {
                Receive();
            }
            catch (Exception failure)
            {
                // What the reader ended with is thrown here, too.
                End(failure);
            }
        }
    }

    /// <summary>
    /// Breaks the connection off: whoever reads or sends finds out, and it closes, whatever the request is doing. For any thread.
    /// </summary>
    /// <param name="abortReason">With a reason the other side is told by a reset, so that half an answer does not look whole; null where it has gone by itself.</param>
    public override void Abort(ConnectionAbortedException? abortReason)
    {
        _isReset |= abortReason is not null;
        _aborted ??= abortReason ?? new ConnectionAbortedException("The other side has ended the connection.");
        _output.Reader.CancelPendingRead();
        _loop.Post(new Work(this, static connection =>
        {
            connection._room?.TrySetResult();
            connection.End(null);
        }));
    }

    /// <summary>Sends what is left, if the other side takes it, and closes.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _input.Reader.CompleteAsync();
        await _output.Writer.CompleteAsync();
        await _sending;
        await _isClosed.Task;
        await _isTold.Task;
        _ended.Dispose();
        await base.DisposeAsync();
    }

    private void Watch(uint now)
    {
        try
        {
            _loop.Watch(this, _watched, now);
            _watched = now;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // As good as cut off: nothing more would be told of it.
            Abort(new ConnectionAbortedException(failure.Message, failure));
            End(null);
        }
    }

    private void Receive()
    {
        var writer = _input.Writer;
        int count;
        var reads = 0;
        bool isFull;
        do
        {
            var into = writer.GetSpan();
            count = Epoll.Receive(Descriptor, into);
            isFull = count == into.Length;
            if (count > 0)
            {
                writer.Advance(count);
            }
        }
        while (isFull && ++reads < ReadsAtOnce);

        var read = writer.FlushAsync();
        if (!read.IsCompletedSuccessfully)
        {
            // Its reader is behind. The end, if it was found, is found again.
            _isBehind = true;
            Watch(_watched & Epoll.Out);
            _ = ReadOnAsync(read);
        }
        else if (read.Result.IsCompleted || count == 0)
        {
            End(null);
        }
        else if (count is < 0 and not -Epoll.Errors.WouldBlock and not -Epoll.Errors.Interrupted)
        {
            End(new ConnectionResetException("The connection was reset by the other side."));
        }
    }

    private async Task ReadOnAsync(ValueTask<FlushResult> behind)
    {
        var isCompleted = false;
        Exception? failure = null;
        try
        {
            isCompleted = (await behind).IsCompleted;
        }
        catch (Exception ended)
        {
            failure = ended;
        }

        _isBehind = false;
        if (isCompleted || failure is not null)
        {
            End(failure);
        }
        else if (!_hasEnded)
        {
            Watch(_watched | Epoll.In | Epoll.PeerEnded);
        }
    }

    /// <summary>Nothing more is read. On the loop.</summary>
    private void End(Exception? why)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        Watch(_watched & Epoll.Out);
        _input.Writer.Complete(_aborted ?? why);

        // What is told of it may do anything.
        ThreadPool.UnsafeQueueUserWorkItem(
            static connection =>
            {
                try
                {
                    connection._ended.Cancel();
                }
                catch (AggregateException)
                {
                    // Of whoever asked to be told. The connection has ended all the same.
                }

                connection._isTold.SetResult();
            },
            this,
            preferLocal: false);
    }

    private void Close()
    {
        End(null);
        Watch(0);
        try
        {
            if (_isReset)
            {
                _socket.LingerState = new LingerOption(true, 0);
            }
            else
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
        }
        catch (SocketException)
        {
            // There is no connection any more.
        }

        _socket.Dispose();
        _loop.Closed();
        _isClosed.SetResult();
    }

    private async Task SendAsync()
    {
        Exception? failure = null;
        try
        {
            while (failure is null)
            {
                var read = await _output.Reader.ReadAsync();
                foreach (var part in read.Buffer)
                {
                    failure ??= await SendAsync(part);
                }

                _output.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || _aborted is not null)
                {
                    break;
                }
            }
        }
        catch (Exception ended)
        {
            // What the writer ended with is thrown here.
            failure = ended;
        }

        // Who writes on writes to nobody, and is told by the connection's end.
        await _output.Reader.CompleteAsync();
        if (failure is not null)
        {
            Abort(failure as ConnectionAbortedException ?? new ConnectionAbortedException(failure.Message, failure));
        }

        _loop.Post(new Work(this, static connection => connection.Close()));
    }

    /// <summary>Sends a part of an answer; what comes back is why it could not be sent.</summary>
    private ValueTask<Exception?> SendAsync(ReadOnlyMemory<byte> part)
    {
        var sent = _aborted is null ? Epoll.Send(Descriptor, part.Span) : 0;
        return sent == part.Length ? default : SendRestAsync(part, sent);
    }

    private async ValueTask<Exception?> SendRestAsync(ReadOnlyMemory<byte> part, int sent)
    {
        while (true)
        {
            if (_aborted is { } aborted)
            {
                return aborted;
            }

            if (sent >= 0)
            {
                part = part[sent..];
                if (part.IsEmpty)
                {
                    return null;
                }
            }
            else if (sent == -Epoll.Errors.WouldBlock)
            {
                var room = new TaskCompletionSource();
                _loop.Post(new Work(this, connection => connection.AwaitRoom(room)));
                await room.Task;
            }
            else if (sent != -Epoll.Errors.Interrupted)
            {
                return new ConnectionResetException("The connection was reset by the other side.");
            }

            sent = Epoll.Send(Descriptor, part.Span);
        }
    }

    private void AwaitRoom(TaskCompletionSource room)
    {
        if (_aborted is not null)
        {
            room.SetResult();
            return;
        }

        _room = room;
        Watch(_watched | Epoll.Out);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    /// <summary>The server goes on on the loop, where the bytes are; with a request that has left it, on the pool.</summary>
    private sealed class Reader(LoopConnection connection) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state)
        {
            if (connection._isAway)
            {
                System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
            }
            else
            {
                action(state);
            }
        }
    }

    /// <summary>Reading goes on on the loop, when there is room again.</summary>
    private sealed class Writer(LoopConnection connection) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state) => connection._loop.Post(new Work(connection, _ => action(state)));
    }

    private sealed class Work(LoopConnection connection, Action<LoopConnection> work) : IThreadPoolWorkItem
    {
        public void Execute() => work(connection);
    }
}

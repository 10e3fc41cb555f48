using System.Collections.Concurrent;
using System.Runtime.Versioning;
using RetailFlow.Storage;

namespace RetailFlow.Node.Http.Transport;

/// <summary>
/// A thread that reads what arrives on its connections, begins the requests, and ends those that the journal has answered: a hold comes and goes without another thread of
/// the web server, and one waking serves all that came meanwhile.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SocketLoop : EventLoop, IDisposable
{
    private readonly Epoll _epoll = new();
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();

    // Of the loop's thread alone.
    private readonly Dictionary<long, LoopConnection> _connections = [];

    private readonly Thread _thread;
    private int _open;
    private int _isWaiting;
    private bool _isEnding;
    private volatile bool _hasEnded;

    public SocketLoop()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "RetailFlow web" };
        _thread.Start();
    }

    public override void Post(IThreadPoolWorkItem work)
    {
        _posted.Enqueue(work);
        if (_hasEnded)
        {
            LeaveToPool();
        }
        else if (Current != this && Volatile.Read(ref _isWaiting) == 1 && Interlocked.Exchange(ref _isWaiting, 0) == 1)
        {
            _epoll.Wake();
        }
    }

    /// <summary>Changes what is awaited of a connection. On the loop alone.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    public void Watch(LoopConnection connection, uint before, uint now)
    {
        if (now == 0)
        {
            _connections.Remove(connection.Key);
        }
        else
        {
            _connections[connection.Key] = connection;
        }

        _epoll.Watch(connection.Descriptor, connection.Key, before, now);
    }

    /// <summary>There is a connection more. On the loop alone.</summary>
    public void Opened() => _open++;

    /// <summary>There is a connection less. On the loop alone.</summary>
    public void Closed() => _open--;

    /// <summary>Ends the thread when every connection is closed.</summary>
    public void Dispose()
    {
        Post(new Ending(this));
        _thread.Join();
        _epoll.Dispose();
    }

    private void Run()
    {
        Current = this;
        while (!_isEnding || _open > 0)
        {
            // Either this sees what is posted now, or whoever posts it sees that this waits.
            Interlocked.Exchange(ref _isWaiting, 1);
            var found = _epoll.Wait(_posted.IsEmpty);
            Volatile.Write(ref _isWaiting, 0);
            for (var i = 0; i < found; i++)
            {
                // One that was closed by an event before it is not known any more.
                if (_epoll.Event(i) is { } ready && _connections.TryGetValue(ready.Key, out var connection))
                {
                    connection.Ready(ready.Events);
                }
            }

            while (_posted.TryDequeue(out var work))
            {
                work.Execute();
            }
        }

        _hasEnded = true;
        Interlocked.MemoryBarrier();
        LeaveToPool();
    }

    private void LeaveToPool()
    {
        while (_posted.TryDequeue(out var work))
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        }
    }

    private sealed class Ending(SocketLoop loop) : IThreadPoolWorkItem
    {
        public void Execute() => loop._isEnding = true;
    }
}

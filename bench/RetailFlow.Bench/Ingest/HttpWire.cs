using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace RetailFlow.Bench.Ingest;

/// <summary>
/// One HTTP/1.1 connection that posts JSON lines to <c>/v1/events</c>, or sends requests that were made before. It does no more than
/// that, so that the load generator takes little of the machine it shares with the server.
/// </summary>
internal sealed partial class HttpWire : IDisposable
{
    private const int Interrupted = 4;

    private readonly Socket _socket;
    private readonly byte[] _head;
    private readonly int _headPrefix;
    private readonly byte[] _answer = new byte[1 << 16];
    private readonly List<ArraySegment<byte>> _parts = [default, default];
    private int _received;

    private HttpWire(Socket socket, int port)
    {
        _socket = socket;
        var prefix = Encoding.ASCII.GetBytes(
            $"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}\r\nContent-Type: application/x-ndjson\r\nContent-Length: ");
        _head = new byte[prefix.Length + 32];
        prefix.CopyTo(_head, 0);
        _headPrefix = prefix.Length;
    }

    public static HttpWire Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
            return new HttpWire(socket, port);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Posts a body and waits for the answer.</summary>
    /// <returns>The answer's body, valid until the next call.</returns>
    /// <exception cref="BenchException">The answer is not 200.</exception>
    public async Task<ReadOnlyMemory<byte>> PostAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        Utf8Formatter.TryFormat(body.Length, _head.AsSpan(_headPrefix), out var digits);
        "\r\n\r\n"u8.CopyTo(_head.AsSpan(_headPrefix + digits));
        _parts[0] = new ArraySegment<byte>(_head, 0, _headPrefix + digits + 4);
        MemoryMarshal.TryGetArray(body, out var segment);
        _parts[1] = segment;
        var sent = await _socket.SendAsync(_parts, SocketFlags.None);
        var total = _parts[0].Count + body.Length;
        while (sent < total)
        {
            sent += await _socket.SendAsync(body[(sent - _parts[0].Count)..], cancellationToken);
        }

        return await ReceiveAsync("HTTP/1.1 200"u8.ToArray(), cancellationToken);
    }

    /// <summary>Sends a request as it is and waits for the answer.</summary>
    /// <param name="request">Head and body.</param>
    /// <param name="status">How the answer must begin.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The answer's body, valid until the next call.</returns>
    /// <exception cref="BenchException">The answer begins otherwise.</exception>
    public async Task<ReadOnlyMemory<byte>> SendAsync(ReadOnlyMemory<byte> request, byte[] status, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < request.Length;)
        {
            sent += await _socket.SendAsync(request[sent..], cancellationToken);
        }

        return await ReceiveAsync(status, cancellationToken);
    }

    /// <summary>The socket, for a caller that waits for several at once.</summary>
    public Socket Socket => _socket;

    /// <summary>Sends a request without waiting for anything but room in the socket's buffer.</summary>
    public void Send(ReadOnlySpan<byte> request)
    {
        _received = 0;
        while (!request.IsEmpty)
        {
            request = request[Transferred(Send(_socket.SafeHandle, request, request.Length, 0))..];
        }
    }

    /// <summary>Takes what has come of the answer; true when it is whole.</summary>
    /// <param name="status">How the answer must begin.</param>
    /// <exception cref="BenchException">It begins otherwise, or the connection was closed.</exception>
    public bool TryReceive(byte[] status)
    {
        var room = _answer.AsSpan(_received);
        var read = Receive(_socket.SafeHandle, room, room.Length, 0);
        if (read == 0)
        {
            throw new BenchException("The node closed a connection without an answer.");
        }

        _received += Transferred(read);
        return IsAnswer(_received, status, out _);
    }

    /// <summary>The integer after <paramref name="name"/>, or 0.</summary>
    public static long Number(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var at = json.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(json[(at + name.Length)..].TrimStart((byte)' '), out long value, out _) ? value : 0;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<ReadOnlyMemory<byte>> ReceiveAsync(byte[] status, CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(_answer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                throw new BenchException("The node closed a connection without an answer.");
            }

            length += read;
            if (IsAnswer(length, status, out var bodyStart))
            {
                return _answer.AsMemory(bodyStart..length);
            }
        }
    }

    private static int Transferred(nint count) => count >= 0 ? (int)count
        : Marshal.GetLastPInvokeError() == Interrupted ? 0
        : throw new BenchException($"A connection failed: {Marshal.GetLastPInvokeErrorMessage()}");

    // As the clients of other servers call them: what lies between costs more than all else that the load generator does itself.
    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, ReadOnlySpan<byte> bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeHandle socket, Span<byte> bytes, nint length, int flags);

    private bool IsAnswer(int length, byte[] status, out int bodyStart)
    {
        bodyStart = _answer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) + 4;
        if (bodyStart < 4 || !IsWhole(bodyStart, length))
        {
            return false;
        }

        return _answer.AsSpan().StartsWith(status)
            ? true
            : throw new BenchException($"The node answered: {Encoding.UTF8.GetString(_answer, 0, Math.Min(length, 500))}");
    }

    private bool IsWhole(int bodyStart, int length)
    {
        var head = _answer.AsSpan(0, bodyStart);
        var at = head.IndexOf("Content-Length: "u8);
        return at >= 0
            ? Utf8Parser.TryParse(head[(at + 16)..], out int size, out _) && length - bodyStart >= size
            : _answer.AsSpan(0, length).EndsWith("\r\n0\r\n\r\n"u8) || _answer.AsSpan(bodyStart, length - bodyStart).StartsWith("0\r\n\r\n"u8);
    }
}

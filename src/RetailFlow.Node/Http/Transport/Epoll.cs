using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace RetailFlow.Node.Http.Transport;

/// <summary>
/// A set of descriptors and what is awaited of them (epoll(7)), level-triggered: what was not taken is told again. Made for one thread that waits; <see cref="Wake"/>
/// ends its waiting from any other.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe partial class Epoll : IDisposable
{
    /// <summary>EPOLLIN: there is something to read.</summary>
    public const uint In = 0x1;

    /// <summary>EPOLLOUT: there is room to write.</summary>
    public const uint Out = 0x4;

    /// <summary>EPOLLERR, EPOLLHUP: told without being asked for.</summary>
    public const uint Failed = 0x8 | 0x10;

    /// <summary>EPOLLRDHUP: the other side has ended its sending.</summary>
    public const uint PeerEnded = 0x2000;

    private const int ControlAdd = 1;
    private const int ControlDelete = 2;
    private const int ControlModify = 3;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int NoSignal = 0x4000;
    private const int DoNotWait = 0x40;

    private const int EventsAtOnce = 256;
    private const long WakeKey = -1;

    // struct epoll_event: the mask and 64 bits of the caller's, packed on x86-64 alone.
    private static readonly int s_dataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_eventBytes = s_dataAt + sizeof(long);

    private readonly byte[] _events = GC.AllocateArray<byte>(EventsAtOnce * 16, pinned: true);
    private readonly SafeFileHandle _epoll;
    private readonly SafeFileHandle _wake;

    public Epoll()
    {
        _epoll = new SafeFileHandle(Checked(CreateEpoll(CloseOnExec), "make an epoll set"), ownsHandle: true);
        _wake = new SafeFileHandle(CreateEvent(0, CloseOnExec | NonBlocking), ownsHandle: true);
        try
        {
            _ = Checked((int)_wake.DangerousGetHandle(), "make an event descriptor");
            Watch((int)_wake.DangerousGetHandle(), WakeKey, 0, In);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Changes what is awaited of a descriptor; nothing takes it out of the set.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    /// <exception cref="ObjectDisposedException">There is no set any more.</exception>
    public void Watch(int descriptor, long key, uint before, uint now)
    {
        if (before == now)
        {
            return;
        }

        var change = stackalloc byte[16];
        Unsafe.WriteUnaligned(change, now);
        Unsafe.WriteUnaligned(change + s_dataAt, key);
        _ = Checked(Control(_epoll, before == 0 ? ControlAdd : now == 0 ? ControlDelete : ControlModify, descriptor, change), "watch a connection");
    }

    /// <summary>Waits for what is awaited, or for <see cref="Wake"/>.</summary>
    /// <param name="dwell">False to look without waiting.</param>
    /// <returns>How many descriptors have something; <see cref="Event"/> tells which.</returns>
    public int Wait(bool dwell)
    {
        fixed (byte* events = _events)
        {
            int count;
            while ((count = Wait(_epoll, events, EventsAtOnce, dwell ? -1 : 0)) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Errors.Interrupted)
                {
                    throw Failure("wait for connections");
                }
            }

            return count;
        }
    }

    /// <summary>One of the descriptors that the last wait found; null for the waking, which this takes note of.</summary>
    public (long Key, uint Events)? Event(int index)
    {
        ref var found = ref _events[index * s_eventBytes];
        var key = Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref found, s_dataAt));
        if (key != WakeKey)
        {
            return (key, Unsafe.ReadUnaligned<uint>(ref found));
        }

        long count;
        _ = Read(_wake, &count, sizeof(long));
        return null;
    }

    /// <summary>Ends the waiting, now or the next time. For any thread.</summary>
    public void Wake()
    {
        try
        {
            long one = 1;
            _ = Write(_wake, &one, sizeof(long));
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    public void Dispose()
    {
        _wake.Dispose();
        _epoll.Dispose();
    }

    /// <summary>Takes what has arrived, without waiting: the bytes, 0 at the end of the stream, or an error number below zero.</summary>
    public static int Receive(int descriptor, Span<byte> into)
    {
        fixed (byte* bytes = into)
        {
            var count = (int)Receive(descriptor, bytes, into.Length, DoNotWait);
            return count < 0 ? -Marshal.GetLastPInvokeError() : count;
        }
    }

    /// <summary>Sends what there is room for, without waiting: the bytes, or an error number below zero.</summary>
    public static int Send(int descriptor, ReadOnlySpan<byte> from)
    {
        fixed (byte* bytes = from)
        {
            var count = (int)Send(descriptor, bytes, from.Length, DoNotWait | NoSignal);
            return count < 0 ? -Marshal.GetLastPInvokeError() : count;
        }
    }

    private static int Checked(int result, string what) => result >= 0 ? result : throw Failure(what);

    private static IOException Failure(string what) =>
        new($"Cannot {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(SafeFileHandle epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint first, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle descriptor, void* into, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle descriptor, void* from, nint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int descriptor, void* into, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int descriptor, void* from, nint length, int flags);

    /// <summary>Error numbers of Linux.</summary>
    internal static class Errors
    {
        public const int Interrupted = 4;
        public const int WouldBlock = 11;
    }
}

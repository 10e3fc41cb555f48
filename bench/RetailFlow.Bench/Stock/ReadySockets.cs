using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace RetailFlow.Bench.Stock;

/// <summary>Waits for many sockets at a cost that does not grow with those that are silent: epoll of Linux.</summary>
internal sealed partial class ReadySockets : IDisposable
{
    private const int In = 1;
    private const int Add = 1;
    private const int Interrupted = 4;

    // The structure is packed on x86-64 alone: 32 bits of events, then 64 bits that are the caller's.
    private static readonly int s_data = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_stride = s_data + 8;

    private readonly int _epoll;
    private readonly byte[] _events;

    /// <summary>Begins without sockets.</summary>
    /// <param name="most">So many are told of at once.</param>
    public ReadySockets(int most)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new BenchException("The load generator needs Linux.");
        }

        _events = new byte[most * s_stride];
        _epoll = Checked(Create(0));
    }

    /// <summary>Waits for a socket too.</summary>
    /// <param name="socket">Its handle; closing it takes it out.</param>
    /// <param name="number">What <see cref="Number"/> tells when it has something to read.</param>
    public void Watch(SafeHandle socket, int number)
    {
        Span<byte> wanted = stackalloc byte[16];
        wanted.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(wanted, In);
        BinaryPrimitives.WriteInt32LittleEndian(wanted[s_data..], number);
        Checked(Control(_epoll, Add, socket, wanted));
    }

    /// <summary>Waits until something can be read.</summary>
    /// <returns>From how many sockets.</returns>
    public int Wait()
    {
        int count;
        do
        {
            count = Wait(_epoll, _events, _events.Length / s_stride, -1);
        }
        while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return Checked(count);
    }

    /// <summary>The number of a socket that the last wait told of.</summary>
    public int Number(int index) => BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan((index * s_stride) + s_data));

    public void Dispose() => _ = Close(_epoll);

    private static int Checked(int result) =>
        result >= 0 ? result : throw new BenchException($"Waiting for sockets failed: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, SafeHandle socket, Span<byte> wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, [Out] byte[] events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}

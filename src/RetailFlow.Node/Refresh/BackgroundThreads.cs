using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace RetailFlow.Node.Refresh;

/// <summary>
/// Threads of their own for work that nobody waits for: the pipeline and the threads of its engine, which inherit their priority. On Linux the
/// scheduler gives them a thirtieth of a processor that answers are waiting for, and all of one that is idle; elsewhere they are threads
/// like any other.
/// </summary>
/// <remarks>
/// A continuation of an await without <c>ConfigureAwait(false)</c> runs here again; what such an await leads to in the storage library runs on
/// the pool, and is short.
/// </remarks>
internal sealed partial class BackgroundThreads : TaskScheduler, IDisposable
{
    // Of 1,024 for a thread at the default of 0 (sched(7), nice values): 36. At 10, 110, they take from answers; at 19, 15, answers gain nothing more
    // and what else runs on the machine can hold them up for long.
    private const int Niceness = 15;

    // A thread of the engine's that reads from a remote store waits for it, and what it waits for may have to go on here: there are more threads than
    // flows of work.
    private const int Count = 4;

    private readonly BlockingCollection<Task> _queue = [];
    private readonly Thread[] _threads;

    public BackgroundThreads()
    {
        _threads = new Thread[Count];
        for (var i = 0; i < Count; i++)
        {
            _threads[i] = new Thread(Run) { IsBackground = true, Name = "RetailFlow background" };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => Count;

    /// <summary>Runs asynchronous work here.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    /// <inheritdoc cref="RunAsync{T}(Func{Task{T}})"/>
    public Task RunAsync(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    /// <summary>Ends the threads when what was queued has run. Not to be called from one of them.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _queue.Dispose();
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _queue.Add(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        Array.IndexOf(_threads, Thread.CurrentThread) >= 0 && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => _queue.ToArray();

    private void Run()
    {
        if (OperatingSystem.IsLinux())
        {
            // Less priority is always allowed; if it were not, the thread would still do its work.
            _ = SetPriority(ProcessPriority, CallingThread, Niceness);
        }

        foreach (var task in _queue.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }

    private const int ProcessPriority = 0, CallingThread = 0;

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}

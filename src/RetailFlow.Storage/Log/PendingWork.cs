using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace RetailFlow.Storage;

/// <summary>
/// One append under way, reused when its caller has taken the result. Continuations never run on the writer thread.
/// </summary>
internal sealed class PendingAppend<TItem, TResult>(ConcurrentQueue<PendingAppend<TItem, TResult>> idle) : IValueTaskSource<TResult>
{
    private ManualResetValueTaskSourceCore<TResult> _core;
    private TResult _result = default!;
    private Exception? _failure;

    public TItem Item { get; private set; } = default!;

    public CancellationToken Cancellation { get; private set; }

    /// <summary>The loop that the caller is on and is answered on; null for one on any other thread.</summary>
    public EventLoop? Home { get; private set; }

    public ValueTask<TResult> Result => new(this, _core.Version);

    public void Begin(TItem item, CancellationToken cancellation)
    {
        Item = item;
        Cancellation = cancellation;
        Home = EventLoop.Current;
    }

    /// <summary>Keeps what the caller will get when the batch is durable. The item is let go of: during the sync the collector finds less that is in use.</summary>
    public void Promise(TResult result)
    {
        _result = result;
        Item = default!;
    }

    /// <summary>Keeps why the caller will get nothing; said with its batch, in the order of the queue.</summary>
    public void Refuse(Exception failure) => _failure = failure;

    /// <summary>Gives the caller what was promised; its continuation runs here.</summary>
    public void Complete()
    {
        if (_failure is { } failure)
        {
            _core.SetException(failure);
        }
        else
        {
            _core.SetResult(_result);
        }
    }

    /// <summary>Fails an append from the writer thread, which its continuation must not run on.</summary>
    public void Fail(Exception failure)
    {
        _core.RunContinuationsAsynchronously = true;
        _core.SetException(failure);
    }

    /// <summary>Takes back an append that never entered the queue.</summary>
    public void Abandon() => Recycle();

    public TResult GetResult(short token)
    {
        // Asking too early or with an old token is the caller's mistake and must not recycle what is still in use.
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The result of an append is awaited, not polled.");
        }

        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            Recycle();
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Recycle()
    {
        Item = default!;
        Cancellation = default;
        Home = null;
        _result = default!;
        _failure = null;
        _core.Reset();
        _core.RunContinuationsAsynchronously = false;
        idle.Enqueue(this);
    }
}

/// <summary>
/// Answers the callers of one batch where they are at home: those of a loop on that loop, all others on the pool, several of them by one worker, since waking one
/// for each costs more than most of what they do. A caller that blocks keeps others of its batch waiting until another worker takes them, of which there is one for
/// every processor.
/// </summary>
internal sealed class AnsweredBatch<TItem, TResult> : IThreadPoolWorkItem
{
    private const int FewestForAnotherWorker = 8;

    private readonly PendingAppend<TItem, TResult>[] _answered;
    private int _next = -1;

    private AnsweredBatch(PendingAppend<TItem, TResult>[] answered) => _answered = answered;

    /// <summary>Has the callers of a batch answered, each home's in the order of the batch.</summary>
    public static void Queue(List<PendingAppend<TItem, TResult>> batch)
    {
        EventLoop? home = batch[0].Home;
        if (batch.TrueForAll(append => append.Home == home))
        {
            Queue([.. batch], home);
            return;
        }

        foreach (IGrouping<EventLoop?, PendingAppend<TItem, TResult>> own in batch.GroupBy(append => append.Home))
        {
            Queue([.. own], own.Key);
        }
    }

    private static void Queue(PendingAppend<TItem, TResult>[] answered, EventLoop? home)
    {
        AnsweredBatch<TItem, TResult> batch = new(answered);
        if (home is not null)
        {
            home.Post(batch);
            return;
        }

        int workers = Math.Clamp(answered.Length / FewestForAnotherWorker, 1, Environment.ProcessorCount);
        for (int i = 0; i < workers; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
        }
    }

    public void Execute()
    {
        int at;
        while ((at = Interlocked.Increment(ref _next)) < _answered.Length)
        {
            _answered[at].Complete();
        }
    }
}

/// <summary>A replacement of the writer that waits for its turn.</summary>
internal interface IPendingRoll
{
    AppendLogWriter Swap(AppendLogWriter old);

    void Complete();

    void Fail(Exception failure);
}

/// <inheritdoc cref="IPendingRoll"/>
internal sealed class PendingRoll<TRoll>(Func<AppendLogWriter, (AppendLogWriter Next, TRoll Result)> swap) : IPendingRoll
{
    private readonly TaskCompletionSource<TRoll> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TRoll _result = default!;

    public Task<TRoll> Task => _completion.Task;

    public AppendLogWriter Swap(AppendLogWriter old)
    {
        (AppendLogWriter next, _result) = swap(old);
        return next;
    }

    public void Complete() => _completion.SetResult(_result);

    public void Fail(Exception failure) => _completion.TrySetException(failure);
}

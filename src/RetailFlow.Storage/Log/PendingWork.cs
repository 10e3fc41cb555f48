using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace RetailFlow.Storage;

/// <summary>
/// One append under way, reused when its caller has taken the result. Continuations never run on the writer thread.
/// </summary>
internal sealed class PendingAppend<TItem, TResult>(ConcurrentQueue<PendingAppend<TItem, TResult>> idle) : IValueTaskSource<TResult>
{
    private ManualResetValueTaskSourceCore<TResult> _core = new() { RunContinuationsAsynchronously = true };
    private TResult _result = default!;
    private Exception? _failure;

    public TItem Item { get; private set; } = default!;

    public CancellationToken Cancellation { get; private set; }

    public ValueTask<TResult> Result => new(this, _core.Version);

    public void Begin(TItem item, CancellationToken cancellation)
    {
        Item = item;
        Cancellation = cancellation;
    }

    /// <summary>Keeps what the caller will get when the batch is durable.</summary>
    public void Promise(TResult result) => _result = result;

    /// <summary>Keeps why the caller will get nothing; said with its batch, in the order of the queue.</summary>
    public void Refuse(Exception failure) => _failure = failure;

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

    public void Fail(Exception failure) => _core.SetException(failure);

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
        _result = default!;
        _failure = null;
        _core.Reset();
        idle.Enqueue(this);
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

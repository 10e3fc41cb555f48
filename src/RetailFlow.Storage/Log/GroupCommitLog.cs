using System.Collections.Concurrent;
using System.Threading.Channels;

namespace RetailFlow.Storage;

/// <summary>
/// Many callers, one writer: items wait in a bounded queue, one thread encodes all that wait, makes them durable with one
/// sync, and only then answers their callers. The order of the queue is the order of the log.
/// </summary>
/// <typeparam name="TItem">What a caller hands in.</typeparam>
/// <typeparam name="TResult">What the caller gets once its records are durable.</typeparam>
public sealed class GroupCommitLog<TItem, TResult> : IAsyncDisposable
{
    private readonly Func<TItem, AppendLogWriter, TResult> _encode;
    private readonly Action<LogPosition>? _synced;
    private readonly int _batchBytes;
    private readonly int _writeAheadBytes;
    private readonly Channel<object> _queue;
    private readonly List<PendingAppend<TItem, TResult>> _batch = [];

    // Never larger than the greatest number of appends that were under way at once.
    private readonly ConcurrentQueue<PendingAppend<TItem, TResult>> _idle = new();
    private readonly ManualResetEventSlim _woken = new(false, spinCount: 0);
    private int _asleep;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AppendLogWriter _writer;
    private IPendingRoll? _roll;
    private volatile LogPoisonedException? _poison;

    /// <summary>Starts the writer thread.</summary>
    /// <param name="writer">The log to begin with; owned from here on, as is every writer that a roll puts in its place.</param>
    /// <param name="encode">
    /// Runs on the writer thread, item by item in the order of the queue: appends the item's records (any number, also none)
    /// and returns what the caller gets. It must not sync. If it throws, its records are taken back and the caller gets the
    /// exception, so it must throw before it changes any state of its own.
    /// </param>
    /// <param name="options">Limits.</param>
    /// <param name="synced">
    /// Runs on the writer thread after each sync and before its callers are answered; it must not throw.
    /// </param>
    public GroupCommitLog(
        AppendLogWriter writer,
        Func<TItem, AppendLogWriter, TResult> encode,
        GroupCommitOptions options,
        Action<LogPosition>? synced = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(encode);
        options.Validate();
        _writer = writer;
        _encode = encode;
        _synced = synced;
        _batchBytes = options.BatchBytes;
        _writeAheadBytes = options.WriteAheadBytes;
        _queue = Channel.CreateBounded<object>(new BoundedChannelOptions(options.QueueCapacity)
        {
            SingleReader = true,
            AllowSynchronousContinuations = false,
            FullMode = BoundedChannelFullMode.Wait,
        });

        // A thread of its own: the loop blocks in syncs, and the pool's threads belong to the callers.
        Thread thread = new(Run) { IsBackground = true, Name = "RetailFlow log writer" };
        thread.Start();
    }

    /// <summary>Why the log has stopped acknowledging, or null while it works.</summary>
    public LogPoisonedException? Failure => _poison;

    /// <summary>
    /// Hands an item in; completes when its records are durable. A token cancelled while the item waits in the queue takes
    /// it out; once it is encoded the token has no effect. Await the result once.
    /// </summary>
    /// <exception cref="LogPoisonedException">The log has failed; whether the item is durable is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The log was closed before the item was taken.</exception>
    public ValueTask<TResult> AppendAsync(TItem item, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        if (!_idle.TryDequeue(out PendingAppend<TItem, TResult>? pending))
        {
            pending = new PendingAppend<TItem, TResult>(_idle);
        }

        pending.Begin(item, cancellationToken);
        ValueTask<TResult> result = pending.Result;
        if (!_queue.Writer.TryWrite(pending))
        {
            return WaitForRoom(pending, result, cancellationToken);
        }

        Arrived();
        return result;
    }

    /// <summary>
    /// Replaces the writer between two batches, for a new segment: everything handed in before goes to the old one, which
    /// is synced when <paramref name="swap"/> runs and closed after it.
    /// </summary>
    /// <returns>The end of the old writer.</returns>
    public ValueTask<LogPosition> RollAsync(Func<AppendLogWriter, AppendLogWriter> swap) =>
        RollAsync<LogPosition>(old => (swap(old), old.Durable));

    /// <summary>
    /// Replaces the writer between two batches, with a result for the caller. If <paramref name="swap"/> throws, the old
    /// writer stays and the caller gets the exception. It may also return the old writer, to do something between batches.
    /// </summary>
    /// <exception cref="LogPoisonedException">The log has failed.</exception>
    /// <exception cref="ObjectDisposedException">The log was closed.</exception>
    public async ValueTask<TRoll> RollAsync<TRoll>(Func<AppendLogWriter, (AppendLogWriter Next, TRoll Result)> swap)
    {
        PendingRoll<TRoll> roll = new(swap);
        try
        {
            await _queue.Writer.WriteAsync(roll).ConfigureAwait(false);
            Arrived();
        }
        catch (ChannelClosedException)
        {
            throw Closed();
        }

        return await roll.Task.ConfigureAwait(false);
    }

    /// <summary>Takes nothing more, makes durable and answers what waits, and closes the writer.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        Arrived();
        await _stopped.Task.ConfigureAwait(false);
    }

    private async ValueTask<TResult> WaitForRoom(
        PendingAppend<TItem, TResult> pending, ValueTask<TResult> result, CancellationToken cancellationToken)
    {
        try
        {
            await _queue.Writer.WriteAsync(pending, cancellationToken).ConfigureAwait(false);
            Arrived();
        }
        catch (ChannelClosedException)
        {
            pending.Abandon();
            throw Closed();
        }
        catch (OperationCanceledException)
        {
            pending.Abandon();
            throw;
        }

        return await result.ConfigureAwait(false);
    }

    private Exception Closed() =>
        _poison is { } poison ? Again(poison) : new ObjectDisposedException(nameof(GroupCommitLog<,>), "The log is closed.");

    /// <summary>Each caller gets an exception object of its own: one object must not be thrown on several threads.</summary>
    private static LogPoisonedException Again(LogPoisonedException poison) => new(poison.FileName, poison.InnerException!);

    private void Run()
    {
        try
        {
            while (TryTake(out object? work))
            {
                EncodeBatch(work);
                Commit();
                Roll();
            }
        }
        catch (Exception exception)
        {
            // Whatever ended the loop, nobody may be left waiting or told that something is durable.
            Poison(exception as LogPoisonedException ?? new LogPoisonedException(_writer.File.Name, exception));
        }

        try
        {
            _writer.Dispose();
            _stopped.SetResult();
        }
        catch (Exception exception)
        {
            _stopped.SetException(exception);
        }
    }

    /// <summary>
    /// Waits for the next piece of work; false when the log is closed and nothing waits. The thread is woken by whoever hands work in: to wait for
    /// the queue itself would wake a worker of the pool first, and that one this thread.
    /// </summary>
    private bool TryTake(out object work)
    {
        while (!_queue.Reader.TryRead(out work!))
        {
            if (_queue.Reader.Completion.IsCompleted)
            {
                return false;
            }

            // Either this sees what comes now, or whoever brings it sees that this sleeps.
            Interlocked.Exchange(ref _asleep, 1);
            bool found = _queue.Reader.TryRead(out work!);
            if ((found || _queue.Reader.Completion.IsCompleted) && Interlocked.Exchange(ref _asleep, 0) == 1)
            {
                return found;
            }

            _woken.Wait();
            _woken.Reset();
            if (found)
            {
                return true;
            }
        }

        return true;
    }

    /// <summary>To be called when there is something new in the queue, or its end.</summary>
    private void Arrived()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _asleep) == 1 && Interlocked.Exchange(ref _asleep, 0) == 1)
        {
            _woken.Set();
        }
    }

    /// <summary>Encodes the work and all that waits behind it, up to the byte limit or the next roll.</summary>
    private void EncodeBatch(object? work)
    {
        do
        {
            if (work is not PendingAppend<TItem, TResult> append)
            {
                _roll = (IPendingRoll)work!;
                return;
            }

            _batch.Add(append);
            Encode(append);
            if (_writer.UnwrittenBytes >= _writeAheadBytes)
            {
                _writer.WriteAhead();
            }
        }
        while (_writer.BufferedBytes < _batchBytes && _queue.Reader.TryRead(out work));
    }

    private void Encode(PendingAppend<TItem, TResult> append)
    {
        if (append.Cancellation.IsCancellationRequested)
        {
            append.Refuse(new OperationCanceledException(append.Cancellation));
            return;
        }

        LogPosition before = _writer.End;
        try
        {
            append.Promise(_encode(append.Item, _writer));
        }
        catch (Exception exception) when (!_writer.IsPoisoned)
        {
            _writer.Rewind(before);
            append.Refuse(exception);
        }
    }

    private void Commit()
    {
        LogPosition before = _writer.Durable;
        LogPosition durable = _writer.Sync();
        if (durable != before)
        {
            _synced?.Invoke(durable);
        }

        if (_batch.Count > 0)
        {
            AnsweredBatch<TItem, TResult>.Queue(_batch);
            _batch.Clear();
        }
    }

    private void Roll()
    {
        if (_roll is not { } roll)
        {
            return;
        }

        AppendLogWriter old = _writer;
        try
        {
            _writer = roll.Swap(old);
        }
        catch (Exception exception) when (!old.IsPoisoned)
        {
            _roll = null;
            roll.Fail(exception);
            return;
        }

        if (!ReferenceEquals(old, _writer))
        {
            old.Dispose();
        }

        _roll = null;
        roll.Complete();
    }

    private void Poison(LogPoisonedException poison)
    {
        _poison = poison;
        _queue.Writer.TryComplete();
        foreach (PendingAppend<TItem, TResult> append in _batch)
        {
            append.Fail(Again(poison));
        }

        _batch.Clear();
        _roll?.Fail(Again(poison));

        // Callers that wait for room are let in by this reading, or turned away by the completion.
        while (_queue.Reader.TryRead(out object? work))
        {
            if (work is PendingAppend<TItem, TResult> append)
            {
                append.Fail(Again(poison));
            }
            else
            {
                ((IPendingRoll)work).Fail(Again(poison));
            }
        }
    }
}

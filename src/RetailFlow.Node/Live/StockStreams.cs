using RetailFlow.Stock.Changes;
using RetailFlow.Storage;

namespace RetailFlow.Node.Live;

/// <summary>
/// Those who are told what changes: how many there are, and what wakes them. The journal's writer puts changes into a ring and wakes one
/// task, at most; that one wakes the others, and lets take place what time alone changes. Until the first comes there is no ring.
/// </summary>
internal sealed class StockStreams(NodeState node, CancellationToken stop) : IAsyncDisposable
{
    // One round for all that changes within it: many small changes do not become as many small packets.
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(10);

    // Clocks are set: what is due at a moment is not slept towards in one go.
    private static readonly TimeSpan s_longestSleep = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<ChangeRing>? _ring;
    private Task _pump = Task.CompletedTask;
    private int _open;
    private int _signalled;
    private volatile bool _isOver;

    /// <summary>Completes when the ring has more, or when there will be no more.</summary>
    public Task News => Volatile.Read(ref _news).Task;

    /// <summary>Whether nobody is woken any more, because the journal has failed.</summary>
    public bool IsOver => _isOver;

    /// <summary>Streams that are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Takes a place and gives the ring; null if there are as many as there may be. Each that has one leaves again.</summary>
    public async ValueTask<ChangeRing?> EnterAsync()
    {
        if (Interlocked.Increment(ref _open) > node.Options.StreamLimit)
        {
            Leave();
            return null;
        }

        try
        {
            Task<ChangeRing> ring;
            lock (_gate)
            {
                ring = _ring = _ring is null or { IsFaulted: true } or { IsCanceled: true } ? BeginAsync() : _ring;
            }

            var known = await ring;
            Wake();
            return known;
        }
        catch
        {
            Leave();
            throw;
        }
    }

    public void Leave() => Interlocked.Decrement(ref _open);

    public async ValueTask DisposeAsync()
    {
        await _pump;
        _wake.Dispose();
    }

    private async Task<ChangeRing> BeginAsync()
    {
        var live = node.Intake!.Live;
        var now = live.NowMicros;
        var ring = new ChangeRing(node.Options.StreamRing, new ChangeId(live.Ledger.PublishedSequence, now)) { Added = Wake };
        await live.WorkAsync(
            books =>
            {
                books.TellChanges(ring, now);
                return null;
            },
            stop);
        _pump = PumpAsync(live, ring);
        return ring;
    }

    /// <summary>On the journal's writer: one exchange, and one release a round.</summary>
    private void Wake()
    {
        if (Volatile.Read(ref _signalled) == 0 && Interlocked.Exchange(ref _signalled, 1) == 0)
        {
            _wake.Release();
        }
    }

    private async Task PumpAsync(LiveStock live, ChangeRing ring)
    {
        var told = ring.Head;
        try
        {
            while (true)
            {
                if (await _wake.WaitAsync(Open > 0 ? Sleep(live) : Timeout.InfiniteTimeSpan, stop))
                {
                    Volatile.Write(ref _signalled, 0);
                }

                if (Open == 0)
                {
                    continue;
                }

                await LetPassAsync(live);
                if (ring.Head != told)
                {
                    told = ring.Head;
                    Tell();
                    await Task.Delay(s_pace, stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The node stops, and the streams with it.
        }
        catch (Exception failed) when (failed is LogPoisonedException or ObjectDisposedException)
        {
            // The journal says so itself, to all that ask.
        }

        _isOver = true;
        Tell();
    }

    /// <summary>What time alone changes, takes place.</summary>
    private async ValueTask LetPassAsync(LiveStock live)
    {
        var now = live.NowMicros;
        await live.ExpireAsync(stop);
        if (live.Ledger.NextQuietMicros() <= now)
        {
            await live.WorkAsync(
                books =>
                {
                    books.NoteQuiet(now);
                    return null;
                },
                stop);
        }
    }

    private static TimeSpan Sleep(LiveStock live)
    {
        var due = Math.Min(live.Ledger.NextExpiryMicros, live.Ledger.NextQuietMicros());
        var left = due - live.NowMicros;
        return left >= s_longestSleep.TotalMicroseconds ? s_longestSleep
            : left <= 0 ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds((left + 999) / 1000);
    }

    private void Tell()
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            reached = _news;
            Volatile.Write(ref _news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        reached.SetResult();
    }
}

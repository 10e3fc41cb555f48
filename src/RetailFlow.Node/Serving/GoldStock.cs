namespace RetailFlow.Node.Serving;

/// <summary>The newest Gold stock in memory, and who waits for it to contain what was just written.</summary>
internal sealed class GoldStock(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private GoldSnapshot? _current;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest snapshot; null before the first.</summary>
    public GoldSnapshot? Current => Volatile.Read(ref _current);

    /// <summary>Makes <paramref name="snapshot"/> what readers see, and wakes who waits.</summary>
    public void Publish(GoldSnapshot snapshot)
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            Volatile.Write(ref _current, snapshot);
            reached = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.SetResult();
    }

    /// <summary>The first snapshot that contains <paramref name="sequence"/>; null if none came in time.</summary>
    public async ValueTask<GoldSnapshot?> WaitForAsync(long sequence, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = clock.GetTimestamp() + (long)(timeout.TotalSeconds * clock.TimestampFrequency);
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_current is { } current && current.Sequence >= sequence)
                {
                    return current;
                }

                next = _next.Task;
            }

            var left = TimeSpan.FromSeconds((deadline - clock.GetTimestamp()) / (double)clock.TimestampFrequency);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            try
            {
                await next.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }
}

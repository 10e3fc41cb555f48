namespace RetailFlow.Storage;

/// <summary>
/// A thread that does many small things one after the other and waits for nothing but the next one. What is handed to a <see cref="GroupCommitLog{TItem, TResult}"/>
/// on it is answered on it. Work that takes long leaves it first (<see cref="LeaveAsync"/>): until it returns, nobody else of the loop is served.
/// </summary>
public abstract class EventLoop
{
    [ThreadStatic]
    private static EventLoop? t_current;

    /// <summary>The loop whose thread this is; null on any other thread.</summary>
    public static EventLoop? Current
    {
        get => t_current;
        protected set => t_current = value;
    }

    /// <summary>Has the loop do something soon, in the order of the calls. For any thread. A loop that has ended leaves it to the pool.</summary>
    /// <param name="work">What is done; it must not throw.</param>
    public abstract void Post(IThreadPoolWorkItem work);

    /// <summary>Goes on on a thread of the pool if this one is a loop's.</summary>
    public static ValueTask LeaveAsync()
    {
        return Current is null ? ValueTask.CompletedTask : YieldAsync();

        static async ValueTask YieldAsync() => await Task.Yield();
    }
}

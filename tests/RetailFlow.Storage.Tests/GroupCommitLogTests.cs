using System.Collections.Concurrent;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

public sealed class GroupCommitLogTests
{
    private static readonly GroupCommitOptions s_options = new();

    [Fact]
    public async Task An_append_is_answered_with_its_result_when_it_is_durable()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file);

        long end = await log.AppendAsync("{\"a\":1}");

        Assert.Equal(end, file.SyncedBytes);
        Assert.Equal(29, end);
    }

    [Fact]
    public async Task Nothing_is_answered_while_the_sync_is_under_way()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file);
        using Gate gate = Gate.In(file);

        ValueTask<long> append = log.AppendAsync("{\"a\":1}");
        await gate.Reached;
        Assert.False(append.IsCompleted);
        gate.Open();

        Assert.Equal(29, await append);
    }

    [Fact]
    public async Task Everything_that_waits_during_a_sync_shares_the_next_one()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file);
        using Gate gate = Gate.In(file);
        int before = file.Syncs;

        (Task<long> first, Task<long>[] others) = await BehindASyncAsync(log, gate, 500);
        Assert.All(others, task => Assert.False(task.IsCompleted));
        gate.Open();
        await first;
        await Task.WhenAll(others);

        Assert.Equal(before + 2, file.Syncs);
        List<string> expected = ["{\"n\":-1}", .. Enumerable.Range(0, 500).Select(Payload)];
        Assert.Equal(expected, LogText.Read(file, 0, file.Length));
    }

    [Fact]
    public async Task What_is_written_ahead_is_answered_when_it_is_synced_and_no_sooner()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file, new GroupCommitOptions { WriteAheadBytes = 1 });
        using Gate gate = Gate.In(file);
        (Task<long> first, Task<long>[] others) = await BehindASyncAsync(log, gate, 50);
        long lengthAtSync = 0;
        long syncedAtSync = 0;
        file.Syncing = () =>
        {
            (lengthAtSync, syncedAtSync) = (file.Length, file.SyncedBytes);
            Assert.All(others, task => Assert.False(task.IsCompleted));
        };
        gate.Open();
        await Task.WhenAll(others);

        List<string> expected = ["{\"n\":-1}", .. Enumerable.Range(0, 50).Select(Payload)];
        Assert.Equal(expected, LogText.Read(file, 0, file.Length));
        Assert.Equal(await first, syncedAtSync);
        Assert.Equal(file.Length, lengthAtSync);
    }

    [Fact]
    public async Task A_write_ahead_that_fails_fails_the_whole_batch()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file, new GroupCommitOptions { WriteAheadBytes = 1 });
        using Gate gate = Gate.In(file);
        (Task<long> first, Task<long>[] others) = await BehindASyncAsync(log, gate, 5);
        file.FailWriteAfter(3, bytesWritten: 4);
        gate.Open();

        await first;
        foreach (Task<long> other in others)
        {
            await Assert.ThrowsAsync<LogPoisonedException>(() => other);
        }

        Assert.NotNull(log.Failure);
    }

    [Fact]
    public async Task Callers_who_each_wait_for_their_answer_wake_the_writer_every_time()
    {
        // Most appends meet a writer that is just falling asleep: one that is not woken would leave its caller waiting for ever.
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file, new GroupCommitOptions { QueueCapacity = 2 });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            for (int n = 0; n < 2_000; n++)
            {
                await log.AppendAsync(Payload(n));
                if (n % 100 == caller)
                {
                    await log.RollAsync(writer => (writer, 0));
                }
            }
        })));

        Assert.Equal(8_000, LogText.Read(file, 0, file.Length).Count);
    }

    [Fact]
    public async Task Callers_on_a_loop_are_answered_on_it_and_the_others_on_the_pool_each_in_their_order()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file);
        using Gate gate = Gate.In(file);
        Task<long> first = log.AppendAsync(Payload(-1)).AsTask();
        await gate.Reached;
        ListLoop one = new();
        ListLoop other = new();
        ConcurrentQueue<(int N, EventLoop? On)> answered = new();
        List<Task> all = [];
        for (int n = 0; n < 30; n++)
        {
            int mine = n;
            ListLoop? home = (n % 3) switch
            {
                0 => one,
                1 => other,
                _ => null,
            };
            Task AppendAsync() => log.AppendAsync(Payload(mine)).AsTask().ContinueWith(
                _ => answered.Enqueue((mine, EventLoop.Current)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            all.Add(home?.On(AppendAsync) ?? AppendAsync());
        }

        gate.Open();
        await first;
        one.RunOnePosted();
        other.RunOnePosted();
        await Task.WhenAll(all);

        Assert.Equal(Enumerable.Range(0, 30).Where(n => n % 3 == 0), answered.Where(a => a.On == one).Select(a => a.N));
        Assert.Equal(Enumerable.Range(0, 30).Where(n => n % 3 == 1), answered.Where(a => a.On == other).Select(a => a.N));
        Assert.Equal(Enumerable.Range(0, 30).Where(n => n % 3 == 2), answered.Where(a => a.On is null).Select(a => a.N).Order());
    }

    [Fact]
    public async Task A_batch_ends_at_the_byte_limit()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file, s_options with { BatchBytes = 100 });
        using Gate gate = Gate.In(file);
        int before = file.Syncs;

        Task<long> first = log.AppendAsync(Payload(0)).AsTask();
        await gate.Reached;
        Task<long>[] others = [.. Enumerable.Range(1, 12).Select(n => log.AppendAsync("{\"n\":\"" + new string('x', 42) + "\"}").AsTask())];
        gate.Open();
        await first;
        await Task.WhenAll(others);

        // Lines of 71 bytes: two of them pass the limit.
        Assert.Equal(before + 1 + 6, file.Syncs);
    }

    [Fact]
    public async Task Concurrent_callers_are_each_answered_and_each_record_is_there_once()
    {
        CrashableLogFile file = new();
        ConcurrentBag<long> ends = [];
        await using (GroupCommitLog<string, long> log = Start(file, s_options with { QueueCapacity = 16 }))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
            {
                for (int n = 0; n < 1000; n++)
                {
                    ends.Add(await log.AppendAsync(Payload((caller * 1000) + n)));
                }
            })));
        }

        List<string> found = LogText.Recover(file, out LogRecovery recovery);
        Assert.Equal(8_000, recovery.Records);
        Assert.Equal(Enumerable.Range(0, 8_000).Select(Payload).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        Assert.Equal(8_000, ends.Distinct().Count());
        for (int caller = 0; caller < 8; caller++)
        {
            HashSet<string> own = [.. Enumerable.Range(caller * 1000, 1000).Select(Payload)];
            Assert.Equal(Enumerable.Range(caller * 1000, 1000).Select(Payload), found.Where(own.Contains));
        }
    }

    [Fact]
    public async Task Callers_wait_for_room_in_a_full_queue_and_a_waiting_one_can_give_up()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file, s_options with { QueueCapacity = 2 });
        using Gate gate = Gate.In(file);
        using CancellationTokenSource impatience = new();

        Task<long> first = log.AppendAsync(Payload(0)).AsTask();
        await gate.Reached;
        Task<long> second = log.AppendAsync(Payload(1)).AsTask();
        Task<long> third = log.AppendAsync(Payload(2)).AsTask();
        Task<long> impatient = log.AppendAsync(Payload(3), impatience.Token).AsTask();
        Task<long> patient = log.AppendAsync(Payload(4)).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.Open();
        await Task.WhenAll(first, second, third, patient);

        Assert.Equal([Payload(0), Payload(1), Payload(2), Payload(4)], LogText.Read(file, 0, file.Length));
    }

    [Fact]
    public async Task An_item_cancelled_in_the_queue_is_not_written_and_one_under_way_is()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file);
        using Gate gate = Gate.In(file);
        using CancellationTokenSource cancellation = new();

        Task<long> underWay = log.AppendAsync(Payload(0), cancellation.Token).AsTask();
        await gate.Reached;
        Task<long> queued = log.AppendAsync(Payload(1), cancellation.Token).AsTask();
        Task<long> other = log.AppendAsync(Payload(2)).AsTask();
        await cancellation.CancelAsync();
        gate.Open();

        Assert.Equal(29, await underWay);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued);
        await other;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await log.AppendAsync(Payload(3), cancellation.Token));
        Assert.Equal([Payload(0), Payload(2)], LogText.Read(file, 0, file.Length));
    }

    [Fact]
    public async Task An_item_that_cannot_be_encoded_fails_alone_and_leaves_no_record()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<int, long> log = new(
            AppendLogWriter.Open(file, out _),
            (item, writer) =>
            {
                writer.Append(Payload(item));
                writer.Append(Payload(item));
                return item == 1 ? throw new FormatException("no good") : writer.Position;
            },
            s_options);
        using Gate gate = Gate.In(file);

        Task<long> first = log.AppendAsync(0).AsTask();
        await gate.Reached;
        Task<long> bad = log.AppendAsync(1).AsTask();
        Task<long> good = log.AppendAsync(2).AsTask();
        gate.Open();

        await Assert.ThrowsAsync<FormatException>(() => bad);
        Assert.Equal(file.Length, await good);
        await first;
        Assert.Equal([Payload(0), Payload(0), Payload(2), Payload(2)], LogText.Read(file, 0, file.Length));
        Assert.Null(log.Failure);
    }

    [Fact]
    public async Task After_a_failed_sync_everyone_waiting_and_everyone_later_is_told_and_nothing_is_acknowledged()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file, s_options with { QueueCapacity = 2 });
        await log.AppendAsync(Payload(0));
        int durable = file.SyncedBytes;
        using Gate gate = Gate.In(file);
        file.FailSyncAfter(0);

        Task<long> inTheBatch = log.AppendAsync(Payload(1)).AsTask();
        await gate.Reached;
        Task<long> queued = log.AppendAsync(Payload(2)).AsTask();
        Task<LogPosition> roll = log.RollAsync(old => old).AsTask();
        Task<long> waitingForRoom = log.AppendAsync(Payload(3)).AsTask();
        gate.Open();

        foreach (Task task in new Task[] { inTheBatch, queued, roll, waitingForRoom })
        {
            LogPoisonedException exception = await Assert.ThrowsAsync<LogPoisonedException>(() => task);
            Assert.IsType<StorageException>(exception.InnerException);
        }

        await Assert.ThrowsAsync<LogPoisonedException>(async () => await log.AppendAsync(Payload(4)));
        await Assert.ThrowsAsync<LogPoisonedException>(async () => await log.RollAsync(old => old));
        Assert.NotNull(log.Failure);
        Assert.Equal(durable, file.SyncedBytes);
    }

    [Fact]
    public async Task Closing_finishes_what_waits_and_refuses_what_comes_later()
    {
        CrashableLogFile file = new();
        GroupCommitLog<string, long> log = Start(file);
        using Gate gate = Gate.In(file);
        Task<long> first = log.AppendAsync(Payload(0)).AsTask();
        await gate.Reached;
        Task<long>[] waiting = [.. Enumerable.Range(1, 100).Select(n => log.AppendAsync(Payload(n)).AsTask())];

        Task closing = log.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await log.AppendAsync(Payload(101)));
        gate.Open();
        await closing;
        await log.DisposeAsync();

        await first;
        await Task.WhenAll(waiting);
        Assert.Equal(Enumerable.Range(0, 101).Select(Payload), LogText.Read(file, 0, file.SyncedBytes));
        Assert.Equal(1, file.Disposals);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await log.RollAsync(old => old));
    }

    [Fact]
    public async Task A_roll_sends_what_came_before_to_the_old_segment_and_what_comes_after_to_the_new_one()
    {
        CrashableLogFile first = new();
        CrashableLogFile second = new();
        await using GroupCommitLog<string, long> log = Start(first);
        using Gate gate = Gate.In(first);

        Task<long> before = log.AppendAsync(Payload(0)).AsTask();
        await gate.Reached;
        Task<long> alsoBefore = log.AppendAsync(Payload(1)).AsTask();
        Task<string> roll = log.RollAsync(old => (AppendLogWriter.Open(second, out _), FormattableString.Invariant($"synced {old.Durable.Records}"))).AsTask();
        Task<long> after = log.AppendAsync(Payload(2)).AsTask();
        gate.Open();

        Assert.Equal("synced 2", await roll);
        await Task.WhenAll(before, alsoBefore, after);
        Assert.Equal([Payload(0), Payload(1)], LogText.Read(first, 0, first.Length));
        Assert.Equal([Payload(2)], LogText.Read(second, 0, second.Length));
        Assert.Equal((1, 0), (first.Disposals, second.Disposals));
        Assert.Equal(new LogPosition(second.Length, 1), await log.RollAsync(old => old));
    }

    [Fact]
    public async Task A_roll_that_fails_keeps_the_old_segment()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file);
        await log.AppendAsync(Payload(0));

        await Assert.ThrowsAsync<StorageException>(
            async () => await log.RollAsync(AppendLogWriter (_) => throw new StorageException("no space", "next", "ENOSPC")));
        await log.AppendAsync(Payload(1));

        Assert.Equal([Payload(0), Payload(1)], LogText.Read(file, 0, file.Length));
    }

    [Fact]
    public async Task The_owner_hears_of_each_sync_before_its_callers_do()
    {
        CrashableLogFile file = new();
        List<LogPosition> heard = [];
        await using GroupCommitLog<string, long> log = new(
            AppendLogWriter.Open(file, out _), Encode, s_options, position => heard.Add(position));

        await log.AppendAsync(Payload(0));
        Assert.Equal([new LogPosition(29, 1)], heard);
        await log.AppendAsync(Payload(1));
        Assert.Equal([new LogPosition(29, 1), new LogPosition(58, 2)], heard);
    }

    [Fact]
    public async Task A_callers_continuation_does_not_hold_the_writer_up()
    {
        CrashableLogFile file = new();
        await using GroupCommitLog<string, long> log = Start(file);
        using ManualResetEventSlim release = new();
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        async Task Hold()
        {
            await log.AppendAsync(Payload(0)).ConfigureAwait(false);
            entered.SetResult();
            release.Wait();
        }

        Task holder = Task.Run(Hold);
        await entered.Task;
        await log.AppendAsync(Payload(1));
        release.Set();
        await holder;

        Assert.Equal([Payload(0), Payload(1)], LogText.Read(file, 0, file.Length));
    }

    /// <summary>An append whose sync is held up, and others that wait for the next one.</summary>
    private static async Task<(Task<long> First, Task<long>[] Others)> BehindASyncAsync(GroupCommitLog<string, long> log, Gate gate, int others)
    {
        Task<long> first = log.AppendAsync("{\"n\":-1}").AsTask();
        await gate.Reached;
        return (first, [.. Enumerable.Range(0, others).Select(n => log.AppendAsync(Payload(n)).AsTask())]);
    }

    private static string Payload(int n) => FormattableString.Invariant($$"""{"n":{{n}}}""");

    private static long Encode(string item, AppendLogWriter writer)
    {
        writer.Append(item);
        return writer.Position;
    }

    private static GroupCommitLog<string, long> Start(CrashableLogFile file, GroupCommitOptions? options = null) =>
        new(AppendLogWriter.Open(file, out _), Encode, options ?? s_options);

    /// <summary>Holds the next sync of a file until it is opened.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new();

        public Task Reached => _reached.Task;

        public static Gate In(CrashableLogFile file)
        {
            Gate gate = new();
            file.Syncing = () =>
            {
                gate._reached.TrySetResult();
                gate._open.Wait();
            };
            return gate;
        }

        public void Open() => _open.Set();

        public void Dispose() => _open.Set();
    }

    /// <summary>A loop whose thread is the test's own.</summary>
    private sealed class ListLoop : EventLoop
    {
        private readonly BlockingCollection<IThreadPoolWorkItem> _posted = [];

        public override void Post(IThreadPoolWorkItem work) => _posted.Add(work);

        public Task On(Func<Task> begin)
        {
            Current = this;
            try
            {
                return begin();
            }
            finally
            {
                Current = null;
            }
        }

        public void RunOnePosted()
        {
            IThreadPoolWorkItem work = _posted.Take();
            On(() =>
            {
                work.Execute();
                return Task.CompletedTask;
            });
        }
    }
}

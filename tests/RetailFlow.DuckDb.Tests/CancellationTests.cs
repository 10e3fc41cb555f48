namespace RetailFlow.DuckDb.Tests;

public sealed class CancellationTests : DuckDbTest
{
    private const string Endless = "SELECT count(*) FROM range(10000000000) a(i), range(10000000000) b(j) WHERE (i + j) % 7 = 3";

    private const string AfterSignal = "SELECT (SELECT n FROM started()) + count(*) FROM range(10000000000) a(i), range(10000000000) b(j) WHERE (i + j) % 7 = 3";

    [Fact]
    public async Task A_token_cancels_a_running_statement()
    {
        using CancellationTokenSource source = new();
        using IDisposable scope = Connection.CancelWith(source.Token);
        SignalSource started = new();
        Connection.RegisterTable("started", SignalSource.Columns, started);

        Task<long> running = Task.Run(() => Connection.Execute(AfterSignal));
        await started.Reached.Task;
        await source.CancelAsync();

        OperationCanceledException error = await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal(source.Token, error.CancellationToken);
    }

    [Fact]
    public void A_token_cancelled_beforehand_stops_statement_and_stream()
    {
        using CancellationTokenSource source = new();
        using DuckDbResult result = Connection.Query("SELECT i FROM range(10000000) t(i)");
        Assert.True(result.NextChunk(out _));
        using (Connection.CancelWith(source.Token))
        {
            source.Cancel();

            Assert.Throws<OperationCanceledException>(() => result.NextChunk(out _));
            Assert.Throws<OperationCanceledException>(() => Connection.Execute(Endless));
            Assert.Throws<OperationCanceledException>(() => Connection.Query(Endless));
        }

        Assert.Equal(1, Connection.Scalar("SELECT 1"));
    }

    [Fact]
    public void A_cancelled_statement_does_not_take_along_what_an_appender_writes()
    {
        Connection.Execute("CREATE TABLE t (n BIGINT)");
        using (Connection.CancelWith(new CancellationToken(canceled: true)))
        using (DuckDbAppender appender = Connection.CreateAppender("t"))
        {
            using DuckDbPreparedStatement statement = PrepareUncancelled();
            Assert.Throws<OperationCanceledException>(() => statement.Execute());
            appender.AppendRow(1);
            appender.Flush();
        }

        Assert.Equal(1L, Connection.Scalar("SELECT count(*) FROM t"));

        DuckDbPreparedStatement PrepareUncancelled()
        {
            using IDisposable scope = Connection.CancelWith(CancellationToken.None);
            return Connection.Prepare("SELECT i FROM range(1000000) t(i)");
        }
    }

    [Fact]
    public void A_token_reaches_a_stream_between_its_chunks()
    {
        using CancellationTokenSource source = new();
        using IDisposable scope = Connection.CancelWith(source.Token);
        using DuckDbResult result = Connection.Query("SELECT i FROM range(10000000000) t(i)");
        Assert.True(result.NextChunk(out _));
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() => result.ToList());
    }

    [Fact]
    public async Task An_interrupt_without_a_token_is_an_error_of_the_engine()
    {
        SignalSource started = new();
        Connection.RegisterTable("started", SignalSource.Columns, started);
        Task<long> running = Task.Run(() => Connection.Execute(AfterSignal));
        await started.Reached.Task;

        Connection.Interrupt();

        DuckDbException error = await Assert.ThrowsAsync<DuckDbException>(() => running);
        Assert.Equal(DuckDbErrorKind.Interrupt, error.Kind);
    }

    [Fact]
    public void An_interrupt_of_an_idle_or_closed_connection_does_nothing()
    {
        Connection.Interrupt();
        Assert.Equal(1, Connection.Scalar("SELECT 1"));

        Connection.Dispose();
        Connection.Interrupt();
    }

    /// <summary>One row, and a signal once the engine reads it.</summary>
    private sealed class SignalSource : IChunkSource, IChunkReader
    {
        private bool read;

        public static DuckDbColumnDefinition[] Columns { get; } = [new("n", DuckDbType.Integer)];

        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int MaxThreads => 1;

        public IChunkReader OpenReader() => this;

        public int Read(DuckDbChunkWriter chunk)
        {
            Reached.TrySetResult();
            if (read)
            {
                return 0;
            }

            read = true;
            chunk.Column<int>(0)[0] = 1;
            return 1;
        }

        public void Dispose()
        {
        }
    }
}

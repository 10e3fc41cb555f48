namespace RetailFlow.DuckDb.Tests;

public sealed class TableFunctionTests
{
    [Fact]
    public void A_source_of_a_million_rows_is_read_by_two_threads_with_exact_sums()
    {
        using DuckDbDatabase database = DuckDbDatabase.Open(options: new DuckDbOptions { Threads = 2 });
        using DuckDbConnection connection = database.Connect();
        NumberSource source = new(1_000_000, threads: 2);
        connection.RegisterTable("numbers", NumberSource.Columns, source);

        object?[] row = Assert.Single(connection.Query("SELECT count(*), sum(n), count(DISTINCT label), min(length(label)), max(length(label)) FROM numbers()").ToList());

        Assert.Equal([1_000_000L, (Int128)499_999_500_000L, 1_000_000L, 1L, 19L], row);
    }

    private sealed class NumberSource(int rows, int threads) : IChunkSource
    {
        private int next;

        public static DuckDbColumnDefinition[] Columns { get; } = [new("n", DuckDbType.BigInt), new("label", DuckDbType.Varchar)];

        public int MaxThreads => threads;

        public int Total => rows;

        public IChunkReader OpenReader() => new Reader(this);

        private sealed class Reader(NumberSource source) : IChunkReader
        {
            public int Read(DuckDbChunkWriter chunk)
            {
                int first = Interlocked.Add(ref source.next, chunk.Capacity) - chunk.Capacity;
                int count = Math.Clamp(source.Total - first, 0, chunk.Capacity);
                Span<long> numbers = chunk.Column<long>(0);
                Span<byte> text = stackalloc byte[32];
                for (int i = 0; i < count; i++)
                {
                    int n = first + i;
                    numbers[i] = n;
                    bool formatted = n % 2 == 0
                        ? System.Text.Unicode.Utf8.TryWrite(text, $"{n}", out int length)
                        : System.Text.Unicode.Utf8.TryWrite(text, $"odd-number-{n:D8}", out length);
                    Assert.True(formatted);
                    chunk.SetUtf8(1, i, text[..length]);
                }

                return count;
            }

            public void Dispose()
            {
            }
        }
    }
}

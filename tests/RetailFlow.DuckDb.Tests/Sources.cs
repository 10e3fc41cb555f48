using System.Text.Unicode;

namespace RetailFlow.DuckDb.Tests;

/// <summary>Numbers from 0, a label (inlined when even, longer when odd) and a value that is NULL unless the number divides by 3.</summary>
internal sealed class NumberSource(int rows) : IChunkSource
{
    private int opened;
    private int closed;

    public static DuckDbColumnDefinition[] Columns { get; } =
        [new("n", DuckDbType.BigInt), new("label", DuckDbType.Varchar), new("maybe", DuckDbType.Integer)];

    public int MaxThreads { get; init; } = 1;

    public int? FailAt { get; init; }

    public Exception? Failure { get; init; }

    public Exception? OpenFailure { get; init; }

    /// <summary>Makes readers wait until this many are open, so that parallel reading does not depend on how busy the machine is.</summary>
    public CountdownEvent? AllOpen { get; init; }

    public int ReadersOpened => opened;

    public int ReadersClosed => closed;

    // Readers of one run share a cursor; a run begins when no reader is open.
    private Cursor? Current { get; set; }

    public IChunkReader OpenReader()
    {
        if (OpenFailure is not null)
        {
            throw OpenFailure;
        }

        lock (Columns)
        {
            if (opened == closed || MaxThreads == 1)
            {
                Current = new Cursor();
            }

            opened++;
            _ = AllOpen?.Signal();
            return new Reader(this, Current!, rows);
        }
    }

    private sealed class Cursor
    {
        public int Next;
    }

    private sealed class Reader(NumberSource source, Cursor cursor, int total) : IChunkReader
    {
        public int Read(DuckDbChunkWriter chunk)
        {
            Assert.True(source.AllOpen?.Wait(TimeSpan.FromSeconds(60)) ?? true, "The other readers were not opened.");
            int first = Interlocked.Add(ref cursor.Next, chunk.Capacity) - chunk.Capacity;
            int count = Math.Clamp(total - first, 0, chunk.Capacity);
            Span<long> numbers = chunk.Column<long>(0);
            Span<int> maybe = chunk.Column<int>(2);
            Span<byte> text = stackalloc byte[32];
            for (int i = 0; i < count; i++)
            {
                int n = first + i;
                if (n == source.FailAt)
                {
                    throw source.Failure!;
                }

                numbers[i] = n;
                bool formatted = n % 2 == 0
                    ? Utf8.TryWrite(text, $"{n}", out int length)
                    : Utf8.TryWrite(text, $"odd-number-{n:D8}", out length);
                Assert.True(formatted);
                chunk.SetUtf8(1, i, text[..length]);
                if (n % 3 == 0)
                {
                    maybe[i] = n;
                }
                else
                {
                    chunk.SetNull(2, i);
                }
            }

            return count;
        }

        public void Dispose() => Interlocked.Increment(ref source.closed);
    }
}

/// <summary>Some rows of any values.</summary>
internal sealed class RowSource(params object?[][] rows) : IChunkSource
{
    public int MaxThreads => 1;

    public long? EstimatedRows => rows.Length;

    public IChunkReader OpenReader() => new Reader(rows);

    private sealed class Reader(object?[][] rows) : IChunkReader
    {
        private int next;

        public int Read(DuckDbChunkWriter chunk)
        {
            int count = Math.Min(chunk.Capacity, rows.Length - next);
            for (int row = 0; row < count; row++)
            {
                for (int column = 0; column < rows[next + row].Length; column++)
                {
                    chunk.SetValue(column, row, rows[next + row][column]);
                }
            }

            next += count;
            return count;
        }

        public void Dispose()
        {
        }
    }
}

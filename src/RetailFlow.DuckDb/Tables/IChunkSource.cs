namespace RetailFlow.DuckDb;

/// <summary>Rows that managed code gives to the engine, read by several engine threads at once.</summary>
public interface IChunkSource
{
    /// <summary>
    /// How many readers may work at the same time, at least 1. The engine uses fewer when it has fewer threads, and only one to
    /// write a table or file while <see cref="DuckDbOptions.PreserveInsertionOrder"/> holds.
    /// </summary>
    int MaxThreads { get; }

    /// <summary>Rows in all, for the engine's plan; null when nobody knows. It need not be exact.</summary>
    long? EstimatedRows => null;

    /// <summary>
    /// Opens a reader; called once per engine thread and run, possibly at the same time. The readers of one run share its rows
    /// between them.
    /// </summary>
    IChunkReader OpenReader();
}

/// <summary>Reads the rows that one engine thread takes. It is used from one thread at a time.</summary>
public interface IChunkReader : IDisposable
{
    /// <summary>
    /// Fills rows 0 to n-1 of a chunk, every column of each. What it throws ends the query and reaches the caller of the statement.
    /// </summary>
    /// <returns>n, at most the chunk's capacity; 0 when this reader has no more rows.</returns>
    int Read(DuckDbChunkWriter chunk);
}

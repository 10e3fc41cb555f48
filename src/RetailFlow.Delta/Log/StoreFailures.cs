namespace RetailFlow.Delta;

/// <summary>Failures of a store, told as failures of what was done with a table. Cancellation and all other failures pass as they are.</summary>
public static class StoreFailures
{
    /// <summary>The work, whose store may fail.</summary>
    /// <param name="work">Reads and writes of which no commit is part whose outcome could be in doubt.</param>
    /// <param name="table">Path of the table.</param>
    /// <param name="outcome">What did not come about, as the rest of a sentence: <c>was not read</c>.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Unavailable"/> where the store failed.</exception>
    public static async ValueTask<T> OrUnavailable<T>(this ValueTask<T> work, string table, string outcome)
    {
        try
        {
            return await work;
        }
        catch (Exception e) when (IsOfStore(e))
        {
            throw new DeltaException(DeltaErrorKind.Unavailable, $"'{table}' {outcome}: the store failed. {e.Message}", e);
        }
    }

    /// <inheritdoc cref="OrUnavailable{T}"/>
    public static async ValueTask OrUnavailable(this ValueTask work, string table, string outcome) => await Answered(work).OrUnavailable(table, outcome);

    private static async ValueTask<bool> Answered(ValueTask work)
    {
        await work;
        return true;
    }

    private static bool IsOfStore(Exception e) => e is IOException or UnauthorizedAccessException or TimeoutException;
}

using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Binds managed values to parameters.</summary>
internal static class ParameterBinder
{
    /// <summary>Binds one value to each parameter.</summary>
    /// <exception cref="DuckDbException">More or fewer values than parameters.</exception>
    public static void BindAll(PreparedStatementHandle statement, ReadOnlySpan<object?> parameters)
    {
        int expected = checked((int)NativeMethods.ParameterCount(statement));
        if (expected != parameters.Length)
        {
            throw new DuckDbException(DuckDbErrorKind.InvalidInput, $"The statement has {expected} parameters, and {parameters.Length} values were given.");
        }

        for (int i = 0; i < parameters.Length; i++)
        {
            Bind(statement, i + 1, parameters[i]);
        }
    }

    /// <summary>Binds one value by position, counted from 1.</summary>
    public static void Bind(PreparedStatementHandle statement, int position, object? value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, 1);
        using ValueHandle native = NativeValues.Create(value);
        if (NativeMethods.BindValue(statement, (ulong)position, native) != NativeState.Success)
        {
            throw new DuckDbException(
                DuckDbErrorKind.InvalidInput,
                NativeMethods.ReadText(NativeMethods.PrepareError(statement)) ?? $"The statement has no parameter {position}.");
        }
    }
}

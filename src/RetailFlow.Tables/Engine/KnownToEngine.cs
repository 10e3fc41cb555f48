using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Objects that a condition of SQL asks, by number: a statement registers one, names its number in the condition, and releases it at its end. One for each
/// database of the engine.
/// </summary>
/// <typeparam name="T">What is asked.</typeparam>
internal sealed class KnownToEngine<T>
    where T : class
{
    private static readonly ConditionalWeakTable<DuckDbDatabase, KnownToEngine<T>> ByDatabase = [];

    private readonly ConcurrentDictionary<long, T> _known = new();
    private long _last;

    private KnownToEngine()
    {
    }

    /// <summary>Answers for some neighbouring rows that ask one object.</summary>
    /// <param name="asked">The object.</param>
    /// <param name="rows">The arguments of all rows of the chunk; the first is the object's number.</param>
    /// <param name="from">The first row to answer for.</param>
    /// <param name="answers">Where the answers go, one for each row to answer for.</param>
    public delegate void Decision(T asked, DuckDbChunk rows, int from, Span<bool> answers);

    /// <summary>Those of a database; the condition becomes callable there with the first call.</summary>
    /// <param name="database">The database.</param>
    /// <param name="function">Name of the condition in SQL.</param>
    /// <param name="parameters">Types of its arguments behind the object's number.</param>
    /// <param name="decide">Answers it.</param>
    /// <param name="released">What a statement fails with that asks an object after its release.</param>
    public static KnownToEngine<T> Of(DuckDbDatabase database, string function, IReadOnlyList<DuckDbType> parameters, Decision decide, string released)
    {
        lock (ByDatabase)
        {
            if (!ByDatabase.TryGetValue(database, out var known))
            {
                known = new KnownToEngine<T>();
                database.RegisterPredicate(function, [DuckDbType.BigInt, .. parameters], (rows, answers) => known.Answer(decide, released, rows, answers));
                ByDatabase.Add(database, known);
            }

            return known;
        }
    }

    /// <summary>Keeps an object until <see cref="Release"/>, and returns its number.</summary>
    public long Register(T asked)
    {
        var number = Interlocked.Increment(ref _last);
        _known[number] = asked;
        return number;
    }

    /// <summary>Forgets an object; a statement that still asks it fails.</summary>
    public void Release(long number) => _known.TryRemove(number, out _);

    private void Answer(Decision decide, string released, DuckDbChunk rows, Span<bool> answers)
    {
        var numbers = rows.Column<long>(0);
        for (int start = 0, end; start < answers.Length; start = end)
        {
            end = start + 1;
            while (end < answers.Length && numbers[end] == numbers[start])
            {
                end++;
            }

            var asked = _known.TryGetValue(numbers[start], out var known) ? known : throw new InvalidOperationException(released);
            decide(asked, rows, start, answers[start..end]);
        }
    }
}

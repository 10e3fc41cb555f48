namespace RetailFlow.Testing.Storage;

/// <summary>The operations of an object store that can be made to fail.</summary>
public enum StoreOperation
{
    PutIfAbsent,
    Put,
    ImportIfAbsent,
    Read,
    ReadRange,
    OpenRead,
    Head,
    List,
    Delete,
}

/// <summary>What happens to one call.</summary>
public enum StoreFault
{
    /// <summary>Nothing goes wrong.</summary>
    None,

    /// <summary>The call fails and has had no effect.</summary>
    FailBefore,

    /// <summary>The call takes effect, and then fails: the caller cannot know which it was.</summary>
    FailAfter,

    /// <summary>A stream or a listing gives the first half and then fails; any other read fails. Not for writes.</summary>
    BreakOff,

    /// <summary>A stream gives its bytes in small and irregular pieces, which streams may always do. No effect elsewhere.</summary>
    ShortReads,
}

/// <summary>Says which calls fail, and how.</summary>
public sealed class FaultPlan
{
    private readonly Func<StoreOperation, string, int, StoreFault> _decide;

    private FaultPlan(Func<StoreOperation, string, int, StoreFault> decide) => _decide = decide;

    /// <summary>Nothing fails.</summary>
    public static FaultPlan None { get; } = new((_, _, _) => StoreFault.None);

    /// <summary>The given calls fail; calls of each operation are numbered from 1.</summary>
    public static FaultPlan Scripted(params (StoreOperation Operation, int Call, StoreFault Fault)[] script) =>
        new((operation, _, call) => script.FirstOrDefault(line => line.Operation == operation && line.Call == call).Fault);

    /// <summary>Decides by operation, path and the number of the call, from 1 for each operation.</summary>
    public static FaultPlan When(Func<StoreOperation, string, int, StoreFault> decide) => new(decide);

    /// <summary>Each call fails with the given probability, in a way drawn from <paramref name="random"/>: same seed, same faults.</summary>
    public static FaultPlan Seeded(Random random, double probability)
    {
        // Guarded because calls may come from many threads, and Random is for one.
        Lock gate = new();
        return new FaultPlan((operation, _, _) =>
        {
            lock (gate)
            {
                if (random.NextDouble() >= probability)
                {
                    return StoreFault.None;
                }

                bool writes = operation is StoreOperation.PutIfAbsent or StoreOperation.Put
                    or StoreOperation.ImportIfAbsent or StoreOperation.Delete;
                return writes
                    ? random.Next(2) == 0 ? StoreFault.FailBefore : StoreFault.FailAfter
                    : random.Next(3) switch { 0 => StoreFault.FailBefore, 1 => StoreFault.BreakOff, _ => StoreFault.ShortReads };
            }
        });
    }

    internal StoreFault Decide(StoreOperation operation, string path, int call) => _decide(operation, path, call);
}

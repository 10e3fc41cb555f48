using System.Globalization;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Storage.Tests;

public sealed class LocalObjectStoreConformance : ObjectStoreConformance, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private int _stores;

    public LocalObjectStoreConformance()
    {
        // The writers block in syncs; with fewer threads than writers there would be no race.
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, 16), completions);
    }

    /// <summary>Each round is some fifteen syncs of the disk. Set RETAILFLOW_RACE_ROUNDS for a longer race.</summary>
    protected override int RaceRounds =>
        int.Parse(Environment.GetEnvironmentVariable("RETAILFLOW_RACE_ROUNDS") ?? "2000", CultureInfo.InvariantCulture);

    public void Dispose() => _directory.Dispose();

    protected override IObjectStore CreateEmpty() =>
        new LocalObjectStore(_directory.File(FormattableString.Invariant($"store-{_stores++}")));
}

public sealed class InMemoryObjectStoreConformance : ObjectStoreConformance
{
    protected override IObjectStore CreateEmpty() => new InMemoryObjectStore();
}

public sealed class FaultInjectingObjectStoreConformance : ObjectStoreConformance
{
    protected override int RaceRounds => 200;

    protected override IObjectStore CreateEmpty() => new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
}

/// <summary>Short reads are within the contract, so a store that gives them conforms.</summary>
public sealed class ShortReadingObjectStoreConformance : ObjectStoreConformance
{
    protected override int RaceRounds => 200;

    protected override IObjectStore CreateEmpty() =>
        new FaultInjectingObjectStore(
            new InMemoryObjectStore(),
            FaultPlan.When((operation, _, _) => operation == StoreOperation.OpenRead ? StoreFault.ShortReads : StoreFault.None));
}

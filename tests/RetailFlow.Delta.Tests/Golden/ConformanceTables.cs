using RetailFlow.Storage;
using RetailFlow.Testing.Conformance;

namespace RetailFlow.Delta.Tests;

/// <summary>Logs of the conformance tables, to be read from their commits alone.</summary>
internal static class ConformanceTables
{
    public static DeltaLog Open(string table) => new(new LocalObjectStore(ConformanceFolder.Delta()), table, new NoCheckpoints(), new DeltaLogOptions
    {
        Clock = new ManualClock(TestTable.Start),
        NewGuid = () => throw new InvalidOperationException("Conformance tables are not written."),
        EngineInfo = "RetailFlow/test",
    });
}

using RetailFlow.Delta;
using RetailFlow.Lakehouse.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>
/// Running totals of a table's records, carried as transaction identifiers of its own commits: they count exactly once because they
/// are committed with what they count.
/// </summary>
internal static class StepCounters
{
    private static readonly string[] Names = ["received", "accepted", "duplicates", "quarantined"];

    /// <summary>Adds this commit's counts.</summary>
    public static void Add(DeltaTransaction transaction, Snapshot snapshot, long received, long accepted, long duplicates, long quarantined)
    {
        long[] counts = [received, accepted, duplicates, quarantined];
        for (var i = 0; i < Names.Length; i++)
        {
            transaction.SetTransaction($"records.{Names[i]}", Math.Max(0, LakeTable.Position(snapshot, $"records.{Names[i]}")) + counts[i]);
            transaction.SetMetric($"num{char.ToUpperInvariant(Names[i][0])}{Names[i][1..]}", counts[i]);
        }
    }

    /// <summary>Replaces the totals, for a table that was evaluated from everything.</summary>
    public static void Restart(DeltaTransaction transaction, long received, long accepted, long duplicates, long quarantined)
    {
        long[] counts = [received, accepted, duplicates, quarantined];
        for (var i = 0; i < Names.Length; i++)
        {
            transaction.SetTransaction($"records.{Names[i]}", counts[i]);
        }
    }

    /// <summary>The totals of a table.</summary>
    public static (long Received, long Accepted, long Duplicates, long Quarantined) Of(Snapshot? snapshot)
    {
        long Total(int i) => Math.Max(0, LakeTable.Position(snapshot, $"records.{Names[i]}"));
        return (Total(0), Total(1), Total(2), Total(3));
    }
}

namespace RetailFlow.Delta;

/// <summary>How far a transaction is kept apart from concurrent ones.</summary>
public enum IsolationLevel
{
    /// <summary>The result is that of some serial order, readers included: also blind appends conflict with what was read.</summary>
    Serializable,

    /// <summary>Writes are serializable; a blind append that came in between does not conflict. The default.</summary>
    WriteSerializable,

    /// <summary>Added files never conflict; for commits that only move rows.</summary>
    SnapshotIsolation,
}

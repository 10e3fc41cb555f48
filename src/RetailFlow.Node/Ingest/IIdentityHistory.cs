namespace RetailFlow.Node.Ingest;

/// <summary>What is known of an accepted record besides its identity.</summary>
/// <param name="ContentHash">Its content, see <see cref="RetailFlow.Stock.Records.StockRecordDraft.ContentHash"/>.</param>
/// <param name="IsVoid">Whether it retracts another record.</param>
public readonly record struct AcceptedIdentity(long ContentHash, bool IsVoid);

/// <summary>
/// The identities that were accepted before the recent ones. Called on the journal's writer thread: an answer must be quick and
/// must not wait for anything.
/// </summary>
public interface IIdentityHistory
{
    /// <summary>Finds an accepted identity; false if it was never accepted.</summary>
    /// <param name="fingerprint">The identity, see <see cref="RetailFlow.Stock.Records.RecordIdentity.Fingerprint"/>.</param>
    /// <param name="accepted">What is known of it.</param>
    bool TryFind(UInt128 fingerprint, out AcceptedIdentity accepted);

    /// <summary>Tells of an identity that has just been accepted; a history that Silver feeds has no use for it.</summary>
    void Accepted(UInt128 fingerprint, in AcceptedIdentity accepted);
}

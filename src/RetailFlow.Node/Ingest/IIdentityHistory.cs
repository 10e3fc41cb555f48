namespace RetailFlow.Node.Ingest;

/// <summary>What is known of the record that holds an identity.</summary>
/// <param name="ContentHash">Its content, see <see cref="RetailFlow.Stock.Records.StockRecordDraft.ContentHash"/>.</param>
/// <param name="IsVoid">Whether it retracts another record.</param>
/// <param name="IsRefused">Whether it was refused as a void of a void: it holds its identity all the same.</param>
public readonly record struct KnownIdentity(long ContentHash, bool IsVoid, bool IsRefused);

/// <summary>
/// The identities that records hold which came before the recent ones. Called on the journal's writer thread: an answer must be
/// quick and must not wait for anything.
/// </summary>
public interface IIdentityHistory
{
    /// <summary>Finds the record that holds an identity; false if none does.</summary>
    /// <param name="fingerprint">The identity, see <see cref="RetailFlow.Stock.Records.RecordIdentity.Fingerprint"/>.</param>
    /// <param name="known">What is known of it.</param>
    bool TryFind(UInt128 fingerprint, out KnownIdentity known);

    /// <summary>Tells of an identity that a record has just taken; a history that Silver feeds has no use for it.</summary>
    void Taken(UInt128 fingerprint, in KnownIdentity known);
}

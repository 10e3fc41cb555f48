using RetailFlow.Stock.Identities;

namespace RetailFlow.Node.Ingest;

/// <summary>The identities that records hold. Called on the journal's writer thread: an answer must be quick and must not wait for anything.</summary>
public interface IIdentityHistory
{
    /// <summary>Finds the record that holds an identity; false if none does.</summary>
    /// <param name="fingerprint">The identity, see <see cref="RetailFlow.Stock.Records.RecordIdentity.Fingerprint"/>.</param>
    /// <param name="known">What is known of it.</param>
    bool TryFind(UInt128 fingerprint, out KnownIdentity known);

    /// <summary>Tells of an identity that a record has just taken.</summary>
    /// <param name="fingerprint">The identity.</param>
    /// <param name="known">What is known of it.</param>
    /// <param name="sequence">Sequence of the record.</param>
    void Taken(UInt128 fingerprint, in KnownIdentity known, long sequence);
}

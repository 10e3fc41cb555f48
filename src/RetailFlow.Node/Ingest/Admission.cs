using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>
/// Decides, record by record in the order of the sequence, what an identity means that was seen before: the same content is a
/// duplicate, other content a conflict (stock.md section 2). Runs on the journal's writer thread alone.
/// </summary>
internal sealed class Admission(RecentIdentities recent, IIdentityHistory history)
{
    /// <summary>Gives every candidate of a batch its verdict.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="firstSequence">Sequence of its first record.</param>
    public void Decide(IntakeBatch batch, long firstSequence)
    {
        foreach (ref readonly var candidate in batch.Candidates)
        {
            switch (Find(in candidate, out var isRefused))
            {
                case IdentityMatch.Duplicate when isRefused:
                    RefuseVoid(batch, in candidate);
                    break;
                case IdentityMatch.Duplicate:
                    batch.Duplicate();
                    break;
                case IdentityMatch.Conflict:
                    batch.Refuse(in candidate, RecordRule.IdentityConflict, "record was accepted before with other content");
                    break;
                case IdentityMatch.Unknown when candidate.IsVoid && IsVoid(candidate.VoidTarget):
                    Take(in candidate, firstSequence, isRefused: true);
                    RefuseVoid(batch, in candidate);
                    break;
                case IdentityMatch.Unknown:
                    Take(in candidate, firstSequence, isRefused: false);
                    batch.Accept(in candidate);
                    break;
                default:
                    throw new InvalidOperationException("There is no other verdict.");
            }
        }
    }

    private static void RefuseVoid(IntakeBatch batch, in Candidate candidate) =>
        batch.Refuse(in candidate, RecordRule.VoidOfVoid, "record retracts a record that is a void itself");

    private void Take(in Candidate candidate, long firstSequence, bool isRefused)
    {
        history.Taken(candidate.Fingerprint, new KnownIdentity(candidate.ContentHash, candidate.IsVoid, isRefused));
        if (!isRefused)
        {
            var sequence = firstSequence + candidate.Index;
            recent.Admit(candidate.Fingerprint, candidate.ContentHash, ref sequence);
        }
    }

    private IdentityMatch Find(in Candidate candidate, out bool isRefused)
    {
        isRefused = false;
        var match = recent.Find(candidate.Fingerprint, candidate.ContentHash, out _);
        if (match != IdentityMatch.Unknown || !history.TryFind(candidate.Fingerprint, out var known))
        {
            return match;
        }

        isRefused = known.IsRefused;
        return known.ContentHash == candidate.ContentHash ? IdentityMatch.Duplicate : IdentityMatch.Conflict;
    }

    private bool IsVoid(UInt128 fingerprint) => history.TryFind(fingerprint, out var target) && target.IsVoid;
}

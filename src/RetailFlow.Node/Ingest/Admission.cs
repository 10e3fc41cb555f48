using RetailFlow.Stock.Identities;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>
/// Decides, record by record in the order of the sequence, what an identity means that was seen before: the same content is a
/// duplicate, other content a conflict (stock.md section 2), however long ago it was. Runs on the journal's writer thread alone.
/// </summary>
internal sealed class Admission(IIdentityHistory history)
{
    /// <summary>Gives every candidate of a batch its verdict.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="firstSequence">Sequence of its first record.</param>
    public void Decide(IntakeBatch batch, long firstSequence)
    {
        foreach (ref readonly var candidate in batch.Candidates)
        {
            switch (Find(in candidate))
            {
                case Verdict.RefusedBefore:
                    RefuseVoid(batch, in candidate);
                    break;
                case Verdict.Duplicate:
                    batch.Duplicate();
                    break;
                case Verdict.Conflict:
                    batch.Refuse(in candidate, RecordRule.IdentityConflict, "record was accepted before with other content");
                    break;
                case Verdict.New when candidate.IsVoid && IsVoid(candidate.VoidTarget):
                    Take(in candidate, firstSequence, isRefused: true);
                    RefuseVoid(batch, in candidate);
                    break;
                case Verdict.New:
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

    private void Take(in Candidate candidate, long firstSequence, bool isRefused) => history.Taken(
        candidate.Fingerprint, new KnownIdentity(candidate.ContentHash, candidate.IsVoid, isRefused), firstSequence + candidate.Index);

    private Verdict Find(in Candidate candidate)
    {
        if (!history.TryFind(candidate.Fingerprint, out var known))
        {
            return Verdict.New;
        }

        return known.ContentHash != candidate.ContentHash ? Verdict.Conflict
            : known.IsRefused ? Verdict.RefusedBefore
            : Verdict.Duplicate;
    }

    private bool IsVoid(UInt128 fingerprint) => history.TryFind(fingerprint, out var target) && target.IsVoid;

    private enum Verdict : byte
    {
        New,
        Duplicate,
        Conflict,
        RefusedBefore,
    }
}

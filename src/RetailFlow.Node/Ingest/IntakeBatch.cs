using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>A valid record that waits for its verdict: accepted, duplicate or conflict.</summary>
/// <param name="Index">Its place in the request.</param>
/// <param name="Fingerprint">Its identity.</param>
/// <param name="ContentHash">Its content.</param>
/// <param name="IsVoid">Whether it retracts another record.</param>
/// <param name="VoidTarget">The identity it retracts.</param>
internal readonly record struct Candidate(int Index, UInt128 Fingerprint, long ContentHash, bool IsVoid, UInt128 VoidTarget);

/// <summary>A record that was set aside.</summary>
/// <param name="Index">Its place in the request.</param>
/// <param name="Rule">The rule it breaks, one of <see cref="RecordRule"/>.</param>
/// <param name="Reason">One line that says so.</param>
internal readonly record struct SetAside(int Index, string Rule, string Reason);

/// <summary>The records of one request on their way: judged, then admitted in the order of the sequence, then durable.</summary>
internal sealed class IntakeBatch
{
    private readonly Candidate[] _candidates;
    private List<SetAside>? _setAside;
    private int _candidateCount;

    public IntakeBatch(string? source, int records, long receivedAtMicros)
    {
        _candidates = new Candidate[records];
        Received = records;
        Journal = new JournalBatch(source) { ReceivedAtMicros = receivedAtMicros, Tag = this };
    }

    /// <summary>What is written to RAW: every record, whatever its verdict.</summary>
    public JournalBatch Journal { get; }

    public int Received { get; }

    public int Accepted { get; private set; }

    public int Duplicates { get; private set; }

    public IReadOnlyList<SetAside> SetAside => _setAside ?? (IReadOnlyList<SetAside>)[];

    public ReadOnlySpan<Candidate> Candidates => _candidates.AsSpan(0, _candidateCount);

    public void AddCandidate(int index, ReadOnlySpan<byte> record, StockRecordDraft draft)
    {
        var isVoid = draft.Type == StockRecordType.Void;
        var target = isVoid ? RecordIdentity.Fingerprint(draft.Source, draft.VoidsEventId, draft.VoidsLine) : UInt128.Zero;
        _candidates[_candidateCount++] = new Candidate(index, draft.IdentityFingerprint(), draft.ContentHash, isVoid, target);
        Journal.AddObject(record);
    }

    public void AddBroken(int index, ReadOnlySpan<byte> record, bool isJsonObject, in RecordViolation violation)
    {
        (_setAside ??= []).Add(new SetAside(index, violation.Rule, violation.Detail));
        if (isJsonObject)
        {
            Journal.AddObject(record);
        }
        else
        {
            Journal.AddMalformed(record);
        }
    }

    public void Accept() => Accepted++;

    public void Duplicate() => Duplicates++;

    public void Refuse(in Candidate candidate, string rule, string reason) =>
        (_setAside ??= []).Add(new SetAside(candidate.Index, rule, $"{reason} ({rule})"));

    /// <summary>Brings the records set aside into the order of the request.</summary>
    public void Close() => _setAside?.Sort(static (left, right) => left.Index.CompareTo(right.Index));
}

using RetailFlow.Connectors.Kafka;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>A valid record that waits for its verdict: accepted, duplicate or conflict.</summary>
/// <param name="Index">Its place in the request.</param>
/// <param name="ContentHash">Its content.</param>
/// <param name="Record">What the ledger takes of it.</param>
/// <param name="Source">Its source, where sources are expected to be heard of; else null.</param>
internal readonly record struct Candidate(int Index, long ContentHash, LedgerRecord Record, string? Source)
{
    /// <summary>Its identity.</summary>
    public UInt128 Fingerprint => Record.Fingerprint;

    /// <summary>Whether it retracts another record.</summary>
    public bool IsVoid => Record.Type == StockRecordType.Void;

    /// <summary>The identity it retracts.</summary>
    public UInt128 VoidTarget => Record.VoidTarget;
}

/// <summary>A record that was set aside.</summary>
/// <param name="Index">Its place in the request.</param>
/// <param name="Rule">The rule it breaks, one of <see cref="RecordRule"/>.</param>
/// <param name="Reason">One line that says so.</param>
internal readonly record struct SetAside(int Index, string Rule, string Reason);

/// <summary>The records of one request on their way: judged, then admitted in the order of the sequence, then durable.</summary>
internal sealed class IntakeBatch : ILedgerBatch
{
    private readonly Candidate[] _candidates;
    private readonly bool[] _accepted;
    private readonly JournalBatch? _journal;
    private List<SetAside>? _setAside;
    private int _candidateCount;
    private int _cursor;

    /// <summary>Records that are to be written.</summary>
    public IntakeBatch(string? source, int records, long receivedAtMicros)
        : this(records) => _journal = new JournalBatch(source) { ReceivedAtMicros = receivedAtMicros, Tag = this };

    /// <summary>Records that the journal has.</summary>
    public IntakeBatch(int records)
    {
        _candidates = new Candidate[records];
        _accepted = new bool[records];
        Received = records;
    }

    /// <summary>What is written to RAW: every record, whatever its verdict.</summary>
    public JournalBatch Journal => _journal ?? throw new InvalidOperationException("The records are in the journal.");

    /// <summary>Gives the verdicts; null for a batch that is judged only.</summary>
    public Admission? Admission { get; init; }

    public int Received { get; }

    public int Accepted { get; private set; }

    public int Duplicates { get; private set; }

    public IReadOnlyList<SetAside> SetAside => _setAside ?? (IReadOnlyList<SetAside>)[];

    /// <summary>The messages that the records were, in their order, and where it is noted that the journal has them; null where they came in another way.</summary>
    public (IReadOnlyList<MessageEntry> Entries, MessagePositions Positions)? Messages { get; init; }

    public ReadOnlySpan<Candidate> Candidates => _candidates.AsSpan(0, _candidateCount);

    public void AddCandidate(int index, ReadOnlySpan<byte> record, StockRecordDraft draft, RecordTexts texts)
    {
        _candidates[_candidateCount++] = new Candidate(index, draft.ContentHash, texts.Take(draft), texts.SourceOf(draft));
        _journal?.AddObject(record);
    }

    /// <inheritdoc/>
    public void Admit(long firstSequence)
    {
        Admission!.Decide(this, firstSequence);
        for (var i = 0; i < (Messages?.Entries.Count ?? 0); i++)
        {
            Messages!.Value.Positions.Note(firstSequence + i, Messages.Value.Entries[i].Origin);
        }
    }

    /// <inheritdoc/>
    public bool TryGetAccepted(int index, out LedgerRecord record)
    {
        if (!_accepted[index])
        {
            record = default;
            return false;
        }

        record = _candidates[PlaceOf(index)].Record;
        return true;
    }

    /// <inheritdoc/>
    public string? SourceAt(int index) => PlaceOf(index) is var place and >= 0 ? _candidates[place].Source : null;

    public void AddBroken(int index, ReadOnlySpan<byte> record, bool isJsonObject, in RecordViolation violation)
    {
        (_setAside ??= []).Add(new SetAside(index, violation.Rule, violation.Detail));
        if (violation.Rule == RecordRule.ReservedSource)
        {
            // The tables cannot see by the bytes alone that they did not come from the node.
            Journal.AddRefused(record, violation);
        }
        else if (isJsonObject)
        {
            _journal?.AddObject(record);
        }
        else
        {
            _journal?.AddMalformed(record);
        }
    }

    /// <summary>Adds a message that is refused as such, so that nobody judges its bytes again.</summary>
    public void AddRefused(int index, ReadOnlySpan<byte> bytes, in RecordViolation violation)
    {
        (_setAside ??= []).Add(new SetAside(index, violation.Rule, violation.Detail));
        Journal.AddRefused(bytes, violation);
    }

    public void Accept(in Candidate candidate)
    {
        _accepted[candidate.Index] = true;
        Accepted++;
    }

    public void Duplicate() => Duplicates++;

    public void Refuse(in Candidate candidate, string rule, string reason) =>
        (_setAside ??= []).Add(new SetAside(candidate.Index, rule, $"{reason} ({rule})"));

    /// <summary>Brings the records set aside into the order of the request.</summary>
    public void Close() => _setAside?.Sort(static (left, right) => left.Index.CompareTo(right.Index));

    /// <summary>Where the candidate of a record stands, -1 if it is none; asked for in the order of the records.</summary>
    private int PlaceOf(int index)
    {
        while (_cursor < _candidateCount && _candidates[_cursor].Index < index)
        {
            _cursor++;
        }

        return _cursor < _candidateCount && _candidates[_cursor].Index == index ? _cursor : -1;
    }
}

using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors;

/// <summary>
/// Collects outcomes. A record is judged by the rules of stock records before it counts as one, so that what breaks a rule is refused
/// with its place in the document. Only the rule on the future is left to the door, which knows when the document came.
/// </summary>
internal sealed class OutcomeList
{
    private readonly List<Outcome> _outcomes = [];
    private readonly StockRecordParser _parser = new(new StockRecordRules { ReservedSource = StockLedger.SalesSource });
    private readonly StockRecordDraft _draft = new();

    public int Refused { get; private set; }

    public void Record(string place, StockFields fields) => Record(place, fields.ToJson());

    public void Record(string place, ReadOnlyMemory<byte> json)
    {
        if (_parser.Parse(json.Span, new StockRecordContext(default, RecordTime.MaxMicros), _draft, out var violation))
        {
            _outcomes.Add(new TranslatedRecord(place, json));
        }
        else
        {
            Refuse(place, violation.Rule, violation.Field, violation.Detail);
        }
    }

    public void Refuse(string place, string rule, string field, string detail)
    {
        Refused++;
        _outcomes.Add(new Refusal(place, rule, field, detail));
    }

    public void WithoutEffect(string place, string reason) => _outcomes.Add(new WithoutEffect(place, reason));

    public void Name(string place, string item, string sku) => _outcomes.Add(new ItemName(place, item, sku));

    public Translation ToTranslation() => new(_outcomes, true);

    /// <summary>The translation of a document that is none.</summary>
    public static Translation Unreadable(string place, string rule, string detail) => new([new Refusal(place, rule, string.Empty, detail)], false);
}

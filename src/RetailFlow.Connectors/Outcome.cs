namespace RetailFlow.Connectors;

/// <summary>What one part of a document came to.</summary>
/// <param name="Place">Where in the document: a JSON pointer, or the path of an XML element with its line.</param>
public abstract record Outcome(string Place);

/// <summary>A stock record as stock.md section 1 has it.</summary>
/// <param name="Place">Where in the document.</param>
/// <param name="Json">One JSON object in UTF-8, its members in a fixed order: the same part gives the same bytes.</param>
public sealed record TranslatedRecord(string Place, ReadOnlyMemory<byte> Json) : Outcome(Place);

/// <summary>A part that breaks a rule of its format or of stock records.</summary>
/// <param name="Place">Where in the document.</param>
/// <param name="Rule">One of <see cref="ConnectorRule"/> or of <see cref="RetailFlow.Stock.Records.RecordRule"/>.</param>
/// <param name="Field">The field, empty where it is the part as a whole.</param>
/// <param name="Detail">One line that says what is wrong.</param>
public sealed record Refusal(string Place, string Rule, string Field, string Detail) : Outcome(Place);

/// <summary>A part that is well formed and moves no stock; it is kept with the document.</summary>
/// <param name="Place">Where in the document.</param>
/// <param name="Reason">Why it moves none.</param>
public sealed record WithoutEffect(string Place, string Reason) : Outcome(Place);

/// <summary>A name that another system has for an item.</summary>
/// <param name="Place">Where in the document.</param>
/// <param name="Item">The other system's name.</param>
/// <param name="Sku">The SKU.</param>
public sealed record ItemName(string Place, string Item, string Sku) : Outcome(Place);

/// <summary>What a document came to, in the order of the document.</summary>
/// <param name="Outcomes">One for each part that was looked at.</param>
/// <param name="IsReadable">False where the document as a whole is not of its format; then its only outcome is the refusal.</param>
public sealed record Translation(IReadOnlyList<Outcome> Outcomes, bool IsReadable)
{
    /// <summary>The stock records.</summary>
    public IEnumerable<TranslatedRecord> Records => Outcomes.OfType<TranslatedRecord>();

    /// <summary>The refusals.</summary>
    public IEnumerable<Refusal> Refusals => Outcomes.OfType<Refusal>();
}

/// <summary>Rules of documents; those of stock records are in <see cref="RetailFlow.Stock.Records.RecordRule"/>.</summary>
public static class ConnectorRule
{
    /// <summary>The document is not of its format.</summary>
    public const string MalformedDocument = "malformed_document";

    /// <summary>XML that is not well formed, or asks for what is not read: a DTD, an entity.</summary>
    public const string MalformedXml = "malformed_xml";

    /// <summary>A value that the format does not know.</summary>
    public const string UnknownValue = "unknown_value";

    /// <summary>A field that the format does not have at this place.</summary>
    public const string UnknownField = "unknown_field";

    /// <summary>A value of another form than the format asks for.</summary>
    public const string InvalidValue = "invalid_value";

    /// <summary>One thing named twice where it may stand once.</summary>
    public const string Repeated = "repeated";

    /// <summary>A message without a value.</summary>
    public const string Tombstone = "tombstone";

    /// <summary>Fields that exclude each other.</summary>
    public const string Contradiction = "contradiction";

    /// <summary>A part of the format that has a meaning for stock and is not read.</summary>
    public const string NotSupported = "not_supported";
}

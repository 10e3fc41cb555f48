namespace RetailFlow.Connectors.Epcis;

/// <summary>What an event does to stock.</summary>
internal enum StockMove
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Goods leave or come, as <see cref="StockMeaning.Type"/> says.</summary>
    Move,

    /// <summary>Goods were counted.</summary>
    Count,

    /// <summary>Some goods become others.</summary>
    Transformation,
}

/// <summary>The meaning of an event for stock, out of business step, disposition, action, source and destination.</summary>
/// <param name="Move">What it does.</param>
/// <param name="Type">Type of stock record, empty where there is none.</param>
/// <param name="IsOutbound">Whether goods leave: then the place is where they come from.</param>
/// <param name="Reason">Why it does nothing, where it does nothing.</param>
internal readonly record struct StockMeaning(StockMove Move, string Type, bool IsOutbound, string Reason)
{
    /// <summary>The meaning.</summary>
    /// <param name="type">Type of event.</param>
    /// <param name="action">Action.</param>
    /// <param name="step">Business step, a word of the vocabulary or null.</param>
    /// <param name="disposition">Disposition, likewise.</param>
    /// <param name="parties">What sourceList and destinationList say.</param>
    public static StockMeaning Of(string type, string? action, string? step, string? disposition, Parties parties)
    {
        if (type == "TransformationEvent")
        {
            return new StockMeaning(StockMove.Transformation, "adjustment", false, string.Empty);
        }

        if (step is "receiving" or "accepting" or "shipping" or "departing" or "consigning" && action == "DELETE")
        {
            return Nothing($"action DELETE with {step}");
        }

        return step switch
        {
            "shipping" or "departing" or "consigning" => Leaves(disposition switch
            {
                "retail_sold" or "dispensed" => "sale",
                _ => parties.ChangesOwner ? "sale" : "transfer_out",
            }),
            "receiving" or "accepting" => Comes(disposition == "returned" ? "return"
                : parties.ComesFromElsewhere && !parties.ChangesOwner ? "transfer_in"
                : "receipt"),
            "void_shipping" => Comes("transfer_in"),
            "retail_selling" or "dispensing" => Leaves("sale"),
            "destroying" or "decommissioning" => Leaves(disposition switch
            {
                "retail_sold" or "dispensed" => "sale",
                "damaged" or "destroyed" or "disposed" or "expired" or "needs_replacement" or "non_conformant" or "recalled" => "damage",
                "stolen" => "shrink",
                _ => step == "destroying" ? "damage" : "shrink",
            }),
            "cycle_counting" or "stock_taking" => action == "DELETE"
                ? Nothing($"action DELETE with {step}")
                : new StockMeaning(StockMove.Count, "count", false, string.Empty),
            null => Nothing("no business step of the Core Business Vocabulary"),
            _ => Nothing($"business step {step} moves no stock"),
        };
    }

    private static StockMeaning Leaves(string type) => new(StockMove.Move, type, true, string.Empty);

    private static StockMeaning Comes(string type) => new(StockMove.Move, type, false, string.Empty);

    private static StockMeaning Nothing(string reason) => new(StockMove.None, string.Empty, false, reason);
}

/// <summary>sourceList and destinationList by type.</summary>
internal sealed record Parties
{
    public string? SourceLocation { get; init; }

    public string? SourceOwner { get; init; }

    public string? SourcePossessor { get; init; }

    public string? DestinationLocation { get; init; }

    public string? DestinationOwner { get; init; }

    public string? DestinationPossessor { get; init; }

    /// <summary>Both owners are named, and differ.</summary>
    public bool ChangesOwner => SourceOwner is not null && DestinationOwner is not null && SourceOwner != DestinationOwner;

    /// <summary>Goods come from a named place or hand.</summary>
    public bool ComesFromElsewhere => SourceLocation is not null || SourcePossessor is not null;
}

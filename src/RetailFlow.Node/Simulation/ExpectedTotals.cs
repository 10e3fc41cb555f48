namespace RetailFlow.Node.Simulation;

/// <summary>What the files of a simulated retailer come to, by the simulation's own books.</summary>
public sealed record ExpectedTotals
{
    /// <summary>Every record in the files.</summary>
    public required long Received { get; init; }

    /// <summary>Records that came for the first time and are right.</summary>
    public required long Accepted { get; init; }

    /// <summary>Copies of accepted records.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Records to be set aside, by the rule they break.</summary>
    public required IReadOnlyDictionary<string, long> QuarantinedByRule { get; init; }

    /// <summary>Records to be set aside: <see cref="Received"/> less <see cref="Accepted"/> and <see cref="Duplicates"/>.</summary>
    public required long Quarantined { get; init; }

    /// <summary>Quantity of the accepted sales that were not voided.</summary>
    public required decimal UnitsSold { get; init; }

    /// <summary>Quantity of the accepted returns that were not voided.</summary>
    public required decimal UnitsReturned { get; init; }

    /// <summary>The files, in the order in which they are to be landed.</summary>
    public required IReadOnlyList<ExpectedFile> Files { get; init; }

    /// <summary>On hand per SKU and location, ordered by both.</summary>
    public required IReadOnlyList<ExpectedStock> Stock { get; init; }
}

/// <summary>What one file holds.</summary>
/// <param name="Path">Relative to the folder, with forward slashes.</param>
/// <param name="Format">ndjson, ndjson.gz, json (one array) or csv.</param>
/// <param name="Records">Records in it.</param>
/// <param name="Accepted">Of these, new and right.</param>
/// <param name="Duplicates">Of these, copies.</param>
/// <param name="Quarantined">Of these, to be set aside.</param>
public sealed record ExpectedFile(string Path, string Format, long Records, long Accepted, long Duplicates, long Quarantined);

/// <summary>What is on hand after everything.</summary>
/// <param name="Sku">The item.</param>
/// <param name="Location">The place.</param>
/// <param name="OnHand">May be negative.</param>
public sealed record ExpectedStock(string Sku, string Location, decimal OnHand);

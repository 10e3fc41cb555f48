using System.Globalization;

namespace RetailFlow.Tables;

/// <summary>What was found of a table.</summary>
public enum ConformanceVerdict
{
    /// <summary>Everything that can be checked of it is as it must be.</summary>
    Right,

    /// <summary>Its log breaks the protocol, and it was refused.</summary>
    RefusedAsItMustBe,

    /// <summary>It needs a feature that is not supported, and was refused by its name.</summary>
    RefusedByName,

    /// <summary>Something is not as it must be.</summary>
    Wrong,
}

/// <summary>A table and what was found of it.</summary>
/// <param name="Name">Its folder, relative to the folder that was searched.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Detail">What was checked, or why it was refused, or what is wrong.</param>
public sealed record ConformanceResult(string Name, ConformanceVerdict Verdict, string Detail);

/// <summary>All tables of a folder.</summary>
/// <param name="Tables">By name.</param>
public sealed record ConformanceReport(IReadOnlyList<ConformanceResult> Tables)
{
    /// <summary>True if nothing is wrong.</summary>
    public bool Holds => Tables.All(t => t.Verdict != ConformanceVerdict.Wrong);

    /// <summary>How many tables have a verdict.</summary>
    public int Count(ConformanceVerdict verdict) => Tables.Count(t => t.Verdict == verdict);

    /// <summary>Tables that are right or refused as they must be, in percent of all; 100 without tables.</summary>
    public double Percentage => Tables.Count == 0 ? 100 : 100.0 * (Count(ConformanceVerdict.Right) + Count(ConformanceVerdict.RefusedAsItMustBe)) / Tables.Count;

    /// <summary>The counts in one line.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"{Tables.Count} tables: {Count(ConformanceVerdict.Right)} right, {Count(ConformanceVerdict.RefusedAsItMustBe)} refused as they must be, {Count(ConformanceVerdict.RefusedByName)} refused by name, {Count(ConformanceVerdict.Wrong)} wrong; {Percentage:0.#} % conform");
}

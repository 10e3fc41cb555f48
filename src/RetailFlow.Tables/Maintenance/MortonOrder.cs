using System.Globalization;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Orders rows along a Morton (Z-order) curve: each column's values are replaced by their rank, scaled to 16 bits, and the bits of the
/// ranks are interleaved. Ranks, not values, so that skew and type do not matter. G. M. Morton, 1966.
/// </summary>
internal static class MortonOrder
{
    /// <summary>Most columns of an order: a bit of each is the least that a place on the curve can tell.</summary>
    public const int MostColumns = 16;

    private const int Bits = 16;
    private const int CurveBits = 62;

    /// <summary>A select of <paramref name="names"/> from <paramref name="relation"/> in that order.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="engine">Gives unique names.</param>
    /// <param name="relation">The rows, in parentheses.</param>
    /// <param name="names">What to select of them.</param>
    /// <param name="columns">Expressions over the rows to order by, quoted.</param>
    public static string Select(DuckDbConnection connection, TableEngine engine, string relation, string names, IReadOnlyList<string> columns)
    {
        var curve = engine.UniqueName("curve");
        return $"select {names} from ({WithCurve(connection, engine, relation, "m.*", columns, curve)}) order by {curve}, {string.Join(", ", columns)}";
    }

    /// <summary>The rows with their place on the curve as a column more.</summary>
    /// <inheritdoc cref="Select"/>
    public static string WithCurve(
        DuckDbConnection connection, TableEngine engine, string relation, string names, IReadOnlyList<string> columns, string curve)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns.Count, MostColumns);
        var bits = Math.Min(Bits, CurveBits / columns.Count);
        var joins = "";
        var terms = new List<string>();
        for (var c = 0; c < columns.Count; c++)
        {
            var ranks = engine.UniqueName("ranks");
            connection.Execute(
                $"create temp table {ranks} as select v, cast(((row_number() over (order by v) - 1) * {((1 << bits) - 1).ToString(CultureInfo.InvariantCulture)}) // greatest(count(*) over () - 1, 1) as bigint) as r "
                + $"from (select distinct {columns[c]} as v from {relation})");
            joins += string.Create(CultureInfo.InvariantCulture, $" left join {ranks} r{c} on r{c}.v is not distinct from m.{columns[c]}");
            for (var bit = 0; bit < bits; bit++)
            {
                terms.Add(string.Create(CultureInfo.InvariantCulture, $"(((coalesce(r{c}.r, 0) >> {bit}) & 1) << {(bit * columns.Count) + (columns.Count - 1 - c)})"));
            }
        }

        return $"select {names}, {string.Join(" + ", terms)} as {curve} from {relation} m{joins}";
    }
}

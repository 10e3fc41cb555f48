using System.Globalization;
using RetailFlow.DuckDb;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Maintenance;

/// <summary>
/// Orders rows along a Morton (Z-order) curve: each column's values are replaced by their rank, scaled to 16 bits, and the bits of the
/// ranks are interleaved. Ranks, not values, so that skew and type do not matter. G. M. Morton, 1966.
/// </summary>
internal static class MortonOrder
{
    private const int Bits = 16;

    /// <summary>A select of <paramref name="names"/> from <paramref name="relation"/> in that order.</summary>
    public static string Select(DuckDbConnection connection, TableEngine engine, string relation, string names, IReadOnlyList<string> columns)
    {
        var joins = "";
        var terms = new List<string>();
        for (var c = 0; c < columns.Count; c++)
        {
            var name = SqlText.Name(columns[c]);
            var ranks = engine.UniqueName("ranks");
            connection.Execute(
                $"create temp table {ranks} as select {name} as v, cast(((row_number() over (order by {name}) - 1) * 65535) // greatest(count(*) over () - 1, 1) as bigint) as r "
                + $"from (select distinct {name} from {relation})");
            joins += $" left join {ranks} r{c.ToString(CultureInfo.InvariantCulture)} on r{c.ToString(CultureInfo.InvariantCulture)}.v is not distinct from m.{name}";
            for (var bit = 0; bit < Bits; bit++)
            {
                terms.Add(string.Create(CultureInfo.InvariantCulture, $"(((coalesce(r{c}.r, 0) >> {bit}) & 1) << {(bit * columns.Count) + (columns.Count - 1 - c)})"));
            }
        }

        var curve = string.Join(" + ", terms);
        return $"select {names} from (select m.*, {curve} as _curve from {relation} m{joins}) order by _curve, {SqlText.Names(columns)}";
    }
}

using System.Globalization;
using System.Text;

namespace RetailFlow.Node.Simulation;

internal enum LocationType
{
    Store,
    Warehouse,
    Web,
}

/// <summary>The items, places and sending systems of a simulated retailer, with their names ready as UTF-8.</summary>
internal sealed class RetailCatalog
{
    public const int Wms = 0;
    public const int Web = 1;
    public const int Erp = 2;
    public const int FirstTill = 3;

    /// <summary>One quantity of 1, in the units of <see cref="StockRecordDraft.Quantity"/>.</summary>
    public const long One = 100_000;

    private static readonly int[] s_offsetMinutes = [0, 60, -300, 330, 120, -480, 60];
    private static readonly string[] s_types = ["store", "warehouse", "web"];
    private static readonly string[] s_regions = ["north", "south", "west", "east"];
    private static readonly string[] s_zones =
        ["Etc/UTC", "Africa/Lagos", "America/Panama", "Asia/Kolkata", "Africa/Maputo", "Etc/GMT+8", "Africa/Algiers"];
    private static readonly string[] s_categories = ["grocery", "dairy", "household", "apparel", "electronics", "toys", "garden"];
    private static readonly string[] s_names = ["Café \"Crème\"", "Milk", "Soap", "T-shirt, blue", "Cable", "Puzzle", "Spade", "Käse"];

    public RetailCatalog(int skus, int locations)
    {
        Skus = [.. Enumerable.Range(0, skus).Select(i => Encoding.UTF8.GetBytes(SkuName(i)))];
        Locations = new byte[locations][];
        Types = new LocationType[locations];
        Offsets = new short[locations];
        Tills = new int[locations];
        var sources = new List<byte[]> { "wms"u8.ToArray(), "web"u8.ToArray(), "erp"u8.ToArray() };
        var warehouses = locations >= 4 ? Math.Max(1, locations / 10) : 0;
        var web = locations >= 3 ? 1 : 0;
        var stores = locations - warehouses - web;
        Stores = stores;
        Warehouses = warehouses;
        for (var i = 0; i < locations; i++)
        {
            var (name, type) = i < stores ? ($"store-{i + 1:D4}", LocationType.Store)
                : i < stores + warehouses ? ($"wh-{i - stores + 1:D2}", LocationType.Warehouse)
                : ("web-01", LocationType.Web);
            Locations[i] = Encoding.UTF8.GetBytes(name);
            Types[i] = type;
            Offsets[i] = (short)s_offsetMinutes[i % s_offsetMinutes.Length];
            Tills[i] = type == LocationType.Web ? Web : Wms;
            if (type == LocationType.Store)
            {
                Tills[i] = sources.Count;
                sources.Add(Encoding.UTF8.GetBytes($"pos-{i + 1:D4}"));
            }
        }

        Sources = [.. sources];
    }

    public byte[][] Skus { get; }

    public byte[][] Locations { get; }

    public byte[][] Sources { get; }

    public LocationType[] Types { get; }

    /// <summary>Minutes east of UTC in which each location's clocks run.</summary>
    public short[] Offsets { get; }

    /// <summary>The source that records sales at each location.</summary>
    public int[] Tills { get; }

    /// <summary>Locations 0 to this are stores; warehouses and the web shop's stock follow.</summary>
    public int Stores { get; }

    public int Warehouses { get; }

    public static bool IsWeighed(int sku) => sku % 11 == 5;

    /// <summary>In hundredths of the currency.</summary>
    public static int Price(int sku) => 199 + sku * 37 % 9_800;

    public static int Cost(int sku) => Price(sku) * 3 / 5;

    /// <summary>One sku in ten is all digits with leading zeros, which a reader that guesses types would damage.</summary>
    public static string SkuName(int sku) => sku % 10 == 7
        ? sku.ToString("D13", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"SKU-{sku:D5}");

    public void WriteStores(TextWriter writer)
    {
        writer.Write("location,name,type,region,time_zone,opened_on\n");
        for (var i = 0; i < Locations.Length; i++)
        {
            var type = s_types[(int)Types[i]];
            var location = Encoding.UTF8.GetString(Locations[i]);
            writer.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{location},\"{location}, {s_regions[i % 4]}\",{type},{s_regions[i % 4]},{s_zones[i % s_zones.Length]},{2010 + i % 12}-0{1 + i % 9}-15\n"));
        }
    }

    public void WriteProducts(TextWriter writer, DateTimeOffset updatedAt)
    {
        writer.Write("sku,name,category,price,cost,currency,unit,safety_stock,updated_at\n");
        for (var i = 0; i < Skus.Length; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{s_names[i % s_names.Length]} {i}").Replace("\"", "\"\"", StringComparison.Ordinal);
            writer.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{SkuName(i)},\"{name}\",{s_categories[i % s_categories.Length]},{Price(i) / 100m:F2},{Cost(i) / 100m:F2},EUR,{(IsWeighed(i) ? "kg" : "each")},{i % 4},{updatedAt.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\n"));
        }
    }
}

namespace RetailFlow.Connectors.Epcis;

/// <summary>A trade item as an EPC or a class of EPCs names it.</summary>
/// <param name="Gtin">14 digits.</param>
/// <param name="Lot">Batch or lot, null where none is named.</param>
internal readonly record struct TradeItem(string Gtin, string? Lot);

/// <summary>A place as a GLN names it.</summary>
/// <param name="Gln">13 digits, or the whole name where it is no GLN.</param>
/// <param name="Extension">A place within, null where none is named.</param>
internal readonly record struct Place(string Gln, string? Extension);

/// <summary>GTIN and GLN out of EPC URNs (Tag Data Standard) and GS1 Digital Link addresses, on whatever host.</summary>
internal static class Gs1Key
{
    private const int GtinDigits = 13;
    private const int GlnDigits = 12;

    /// <summary>Reads a name. True with no item: the name is well formed and no trade item (a pallet, an asset, a document).</summary>
    /// <param name="name">EPC, class of EPCs, or Digital Link.</param>
    /// <param name="item">The trade item.</param>
    /// <returns>False where it claims to be a trade item and is not a well formed one.</returns>
    public static bool TryTradeItem(string name, out TradeItem? item)
    {
        item = null;
        foreach (var (scheme, hasLot) in new[] { ("urn:epc:id:sgtin:", false), ("urn:epc:idpat:sgtin:", false), ("urn:epc:class:lgtin:", true) })
        {
            if (name.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                var parts = name[scheme.Length..].Split('.', 3);
                if (parts.Length < 2 || parts[1].Length == 0 || parts[0].Length + parts[1].Length != GtinDigits || !IsDigits(parts[0]) || !IsDigits(parts[1]))
                {
                    return false;
                }

                // The indicator digit stands before the item reference in the URN and first of all in the GTIN.
                var digits = parts[1][0] + parts[0] + parts[1][1..];
                item = new TradeItem(digits + CheckDigit(digits), hasLot && parts.Length == 3 ? Uri.UnescapeDataString(parts[2]) : null);
                return true;
            }
        }

        if (DigitalLink(name, "01") is not { } link)
        {
            return true;
        }

        if (link.Value.Length is not (8 or 12 or 13 or 14) || !IsDigits(link.Value))
        {
            return false;
        }

        item = new TradeItem(link.Value.PadLeft(14, '0'), link.Qualifier("10"));
        return true;
    }

    /// <summary>A place: its GLN where it is written as one, else the whole name.</summary>
    public static Place PlaceOf(string name)
    {
        foreach (var scheme in new[] { "urn:epc:id:sgln:", "urn:epc:id:pgln:" })
        {
            if (name.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                var parts = name[scheme.Length..].Split('.', 3);
                if (parts.Length >= 2 && parts[0].Length + parts[1].Length == GlnDigits && IsDigits(parts[0]) && IsDigits(parts[1]))
                {
                    var digits = parts[0] + parts[1];
                    return new Place(digits + CheckDigit(digits), parts.Length == 3 && parts[2] != "0" ? Uri.UnescapeDataString(parts[2]) : null);
                }
            }
        }

        return (DigitalLink(name, "414") ?? DigitalLink(name, "417")) is { Value.Length: GlnDigits + 1 } link && IsDigits(link.Value)
            ? new Place(link.Value, link.Qualifier("254"))
            : new Place(StockFields.Fit(name), null);
    }

    private static char CheckDigit(string digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            // From the right, every first digit weighs three.
            sum += (digits[i] - '0') * ((digits.Length - i) % 2 == 1 ? 3 : 1);
        }

        return (char)('0' + ((10 - (sum % 10)) % 10));
    }

    private static bool IsDigits(string text) => text.All(char.IsAsciiDigit);

    private static Link? DigitalLink(string name, string key)
    {
        if (!name.StartsWith("https://", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var path = name.Split('?', '#')[0].Split('/');
        var at = Array.IndexOf(path, key, 3);
        return at > 0 && at + 1 < path.Length && (path.Length - at) % 2 == 0 ? new Link(path, at) : null;
    }

    private readonly record struct Link(string[] Path, int At)
    {
        public string Value => Path[At + 1];

        public string? Qualifier(string key)
        {
            for (var i = At + 2; i + 1 < Path.Length; i += 2)
            {
                if (Path[i] == key)
                {
                    return Uri.UnescapeDataString(Path[i + 1]);
                }
            }

            return null;
        }
    }
}

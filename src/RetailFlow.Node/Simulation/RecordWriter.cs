namespace RetailFlow.Node.Simulation;

/// <summary>Spells a draft as one JSON object or one CSV row, without a line end.</summary>
internal static class RecordWriter
{
    /// <summary>No spelled record is longer than this, in bytes.</summary>
    public const int MaxLength = 2_048;

    private static readonly byte[][] s_types =
    [
        "sale"u8.ToArray(), "receipt"u8.ToArray(), "return"u8.ToArray(), "transfer_out"u8.ToArray(), "transfer_in"u8.ToArray(),
        "adjustment"u8.ToArray(), "damage"u8.ToArray(), "shrink"u8.ToArray(), "count"u8.ToArray(), "void"u8.ToArray(),
    ];

    private static readonly byte[][] s_reasons =
    [
        "\"wrong key\""u8.ToArray(), "\"besch\u00e4digt\""u8.ToArray(), "\"fell off a shelf\\nand broke\""u8.ToArray(),
        "\"customer said \\\"too small\\\"\""u8.ToArray(), "\"\\u5e93\\u5b58\""u8.ToArray(),
    ];

    public static int ReasonCount => s_reasons.Length;

    /// <summary>The header of <see cref="WriteCsv"/>.</summary>
    public static ReadOnlySpan<byte> CsvHeader => "source,event_id,line,type,sku,location,quantity,event_time"u8;

    /// <summary>
    /// Writes JSON. The field <paramref name="broken"/> gets <paramref name="value"/> instead of its own, verbatim, or is
    /// left out when that is empty.
    /// </summary>
    /// <returns>How many bytes were written.</returns>
    public static int WriteJson(
        in StockRecordDraft draft, RetailCatalog catalog, Span<byte> destination, RecordField broken = RecordField.None, ReadOnlySpan<byte> value = default)
    {
        var cursor = new Utf8Cursor(destination);
        cursor.Byte((byte)'{');
        if ((draft.Spelling & Spelling.OtherFieldOrder) != 0)
        {
            WriteMovement(in draft, catalog, ref cursor, broken, value);
            WriteIdentity(in draft, catalog, ref cursor, broken, value);
        }
        else
        {
            WriteIdentity(in draft, catalog, ref cursor, broken, value);
            WriteMovement(in draft, catalog, ref cursor, broken, value);
        }

        WriteOptional(in draft, catalog, ref cursor, broken, value);
        cursor.Byte((byte)'}');
        return cursor.Length;
    }

    /// <summary>Writes a row under <see cref="CsvHeader"/>, which has no room for the optional fields.</summary>
    public static int WriteCsv(in StockRecordDraft draft, RetailCatalog catalog, Span<byte> destination)
    {
        var cursor = new Utf8Cursor(destination);
        cursor.Raw(catalog.Sources[draft.Source]);
        cursor.Byte((byte)',');
        WriteEventId(draft.Source, draft.Event, ref cursor);
        cursor.Byte((byte)',');
        cursor.Number(draft.Line);
        cursor.Byte((byte)',');
        cursor.Raw(s_types[(int)draft.Kind]);
        cursor.Byte((byte)',');
        cursor.Raw(catalog.Skus[draft.Sku]);
        cursor.Byte((byte)',');
        cursor.Raw(catalog.Locations[draft.Location]);
        cursor.Byte((byte)',');
        cursor.Quantity(draft.Quantity, false);
        cursor.Byte((byte)',');
        cursor.Time(draft.EventTime, 0, FractionDigits(draft.Spelling));
        return cursor.Length;
    }

    private static void WriteIdentity(
        in StockRecordDraft draft, RetailCatalog catalog, ref Utf8Cursor cursor, RecordField broken, ReadOnlySpan<byte> value)
    {
        if (Name("event_id"u8, RecordField.EventId, ref cursor, broken, value))
        {
            cursor.Byte((byte)'"');
            WriteEventId(draft.Source, draft.Event, ref cursor);
            cursor.Byte((byte)'"');
        }

        if ((draft.Spelling & Spelling.LineLeftOut) == 0 || draft.Line != 0 || broken == RecordField.Line)
        {
            if (Name("line"u8, RecordField.Line, ref cursor, broken, value))
            {
                cursor.Number(draft.Line);
            }
        }

        Text("source"u8, RecordField.None, catalog.Sources[draft.Source], ref cursor, broken, value);
        Text("type"u8, RecordField.Type, s_types[(int)draft.Kind], ref cursor, broken, value);
    }

    private static void WriteMovement(
        in StockRecordDraft draft, RetailCatalog catalog, ref Utf8Cursor cursor, RecordField broken, ReadOnlySpan<byte> value)
    {
        Text("sku"u8, RecordField.Sku, catalog.Skus[draft.Sku], ref cursor, broken, value);
        Text("location"u8, RecordField.Location, catalog.Locations[draft.Location], ref cursor, broken, value);
        if (Name("quantity"u8, RecordField.Quantity, ref cursor, broken, value))
        {
            var asString = (draft.Spelling & Spelling.QuantityAsString) != 0;
            if (asString)
            {
                cursor.Byte((byte)'"');
            }

            cursor.Quantity(draft.Quantity, (draft.Spelling & Spelling.TrailingZero) != 0);
            if (asString)
            {
                cursor.Byte((byte)'"');
            }
        }

        if (Name("event_time"u8, RecordField.EventTime, ref cursor, broken, value))
        {
            cursor.Byte((byte)'"');
            var offset = (draft.Spelling & Spelling.UtcTime) != 0 ? 0 : catalog.Offsets[draft.Location];
            cursor.Time(draft.EventTime, offset, FractionDigits(draft.Spelling));
            cursor.Byte((byte)'"');
        }
    }

    private static void WriteOptional(
        in StockRecordDraft draft, RetailCatalog catalog, ref Utf8Cursor cursor, RecordField broken, ReadOnlySpan<byte> value)
    {
        if (draft.Kind == StockRecordKind.Void && Name("voids"u8, RecordField.Voids, ref cursor, broken, value))
        {
            cursor.Raw("{\"event_id\":\""u8);
            WriteEventId(draft.Source, draft.VoidedEvent, ref cursor);
            cursor.Raw("\",\"line\":"u8);
            cursor.Number(draft.VoidedLine);
            cursor.Byte((byte)'}');
        }

        if (draft.Reference != 0)
        {
            Name("reference"u8, RecordField.None, ref cursor, broken, value);
            cursor.Raw("\"R-"u8);
            cursor.Padded(draft.Reference, 8);
            cursor.Byte((byte)'"');
        }

        if (draft.Reason != 0)
        {
            Name("reason"u8, RecordField.None, ref cursor, broken, value);
            cursor.Raw(s_reasons[draft.Reason - 1]);
        }

        if (draft.Kind == StockRecordKind.Receipt)
        {
            Name("unit_cost"u8, RecordField.None, ref cursor, broken, value);
            cursor.Quantity(RetailCatalog.Cost(draft.Sku) * (RetailCatalog.One / 100), false);
        }

        if (draft.Source == RetailCatalog.Web)
        {
            cursor.Raw(",\"channel\":\"web\""u8);
        }

        if ((draft.Spelling & Spelling.UnknownField) != 0)
        {
            cursor.Raw(",\"cashier\":{\"id\":"u8);
            cursor.Number(draft.Event.Till);
            cursor.Raw(",\"shift\":\"early\"},\"loyalty\":null"u8);
        }
    }

    private static int FractionDigits(Spelling spelling) =>
        (spelling & Spelling.Microseconds) != 0 ? 6 : (spelling & Spelling.Milliseconds) != 0 ? 3 : 0;

    private static void WriteEventId(int source, EventNumber number, ref Utf8Cursor cursor)
    {
        switch (source)
        {
            case RetailCatalog.Wms:
                cursor.Raw("WMS"u8);
                cursor.Padded(number.Number, 9);
                break;
            case RetailCatalog.Web:
                cursor.Raw("W-"u8);
                cursor.Padded(number.Number, 8);
                break;
            case RetailCatalog.Erp:
                cursor.Raw("ERP-"u8);
                cursor.Padded(number.Day, 8);
                cursor.Byte((byte)'-');
                cursor.Padded(number.Number, 6);
                break;
            default:
                cursor.Padded(source - RetailCatalog.FirstTill + 1, 4);
                cursor.Byte((byte)'-');
                cursor.Padded(number.Till, 2);
                cursor.Byte((byte)'-');
                cursor.Padded(number.Day, 8);
                cursor.Byte((byte)'-');
                cursor.Padded(number.Number, 6);
                break;
        }
    }

    private static void Text(
        ReadOnlySpan<byte> name, RecordField field, ReadOnlySpan<byte> text, ref Utf8Cursor cursor, RecordField broken, ReadOnlySpan<byte> value)
    {
        if (Name(name, field, ref cursor, broken, value))
        {
            cursor.Byte((byte)'"');
            cursor.Raw(text);
            cursor.Byte((byte)'"');
        }
    }

    /// <summary>Writes the name of a field; false when the field is the broken one, which is then dealt with.</summary>
    private static bool Name(ReadOnlySpan<byte> name, RecordField field, ref Utf8Cursor cursor, RecordField broken, ReadOnlySpan<byte> value)
    {
        var isBroken = broken != RecordField.None && broken == field;
        if (isBroken && value.IsEmpty)
        {
            return false;
        }

        cursor.Raw(cursor.Length == 1 ? "\""u8 : ",\""u8);
        cursor.Raw(name);
        cursor.Raw("\":"u8);
        if (isBroken)
        {
            cursor.Raw(value);
        }

        return !isBroken;
    }
}

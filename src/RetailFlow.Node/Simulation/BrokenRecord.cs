namespace RetailFlow.Node.Simulation;

/// <summary>A way for a record to be wrong, and the rule that sets it aside.</summary>
/// <param name="Rule">The rule's name, as quarantine stores it.</param>
/// <param name="Field">The field that is wrong; none when the line as a whole is no JSON object.</param>
/// <param name="Value">What stands in its place, verbatim; empty leaves the field out.</param>
/// <param name="Damage">What happens to the spelled line.</param>
internal sealed record BrokenRecord(string Rule, RecordField Field, byte[] Value, LineDamage Damage = LineDamage.None)
{
    /// <summary>The rule for other content under an identity that was accepted before.</summary>
    public const string Conflict = "identity_conflict";

    /// <summary>The rule for a void whose target is a void.</summary>
    public const string VoidOfVoid = "void_of_void";

    private static readonly byte[] s_tooLong = [(byte)'"', .. Enumerable.Repeat((byte)'x', 129), (byte)'"'];

    /// <summary>Every way that needs no earlier record.</summary>
    public static IReadOnlyList<BrokenRecord> All { get; } =
    [
        new("malformed_json", RecordField.None, [], LineDamage.Truncated),
        new("malformed_json", RecordField.None, [], LineDamage.NotJson),
        new("malformed_json", RecordField.None, [], LineDamage.SingleQuotes),
        new("malformed_json", RecordField.Quantity, "NaN"u8.ToArray(), LineDamage.BreaksFile),
        new("malformed_json", RecordField.Quantity, "1,5"u8.ToArray(), LineDamage.BreaksFile),
        new("invalid_utf8", RecordField.None, [], LineDamage.InvalidUtf8),
        new("not_an_object", RecordField.None, [], LineDamage.BareString),
        new("missing_field", RecordField.EventId, []),
        new("missing_field", RecordField.Type, []),
        new("missing_field", RecordField.Sku, []),
        new("missing_field", RecordField.Location, []),
        new("missing_field", RecordField.Quantity, []),
        new("missing_field", RecordField.EventTime, []),
        new("missing_field", RecordField.Sku, "null"u8.ToArray()),
        new("text_length", RecordField.EventId, "\"\""u8.ToArray()),
        new("text_length", RecordField.EventId, s_tooLong),
        new("line_invalid", RecordField.Line, "-1"u8.ToArray()),
        new("line_invalid", RecordField.Line, "1.5"u8.ToArray()),
        new("wrong_type", RecordField.Line, "\"two\""u8.ToArray()),
        new("unknown_type", RecordField.Type, "\"sold\""u8.ToArray()),
        new("unknown_type", RecordField.Type, "\"SALE!\""u8.ToArray()),
        new("text_length", RecordField.Sku, "\"\""u8.ToArray()),
        new("wrong_type", RecordField.Sku, "{\"ean\":\"4006381333931\"}"u8.ToArray()),
        new("control_character", RecordField.Sku, "\"SKU\\u000000042\""u8.ToArray()),
        new("duplicate_key", RecordField.Sku, "\"SKU-00001\",\"sku\":\"SKU-00002\""u8.ToArray()),
        new("text_length", RecordField.Location, s_tooLong),
        new("quantity_not_positive", RecordField.Quantity, "0"u8.ToArray()),
        new("quantity_not_positive", RecordField.Quantity, "-2"u8.ToArray()),
        new("not_a_number", RecordField.Quantity, "\"NaN\""u8.ToArray()),
        new("not_a_number", RecordField.Quantity, "\"three\""u8.ToArray()),
        new("number_too_precise", RecordField.Quantity, "1.000001"u8.ToArray()),
        new("number_too_large", RecordField.Quantity, "1000000000000"u8.ToArray()),
        new("number_too_large", RecordField.Quantity, "1e300"u8.ToArray()),
        new("wrong_type", RecordField.Quantity, "true"u8.ToArray()),
        new("event_time_invalid", RecordField.EventTime, "\"2025-01-07T25:44:00Z\""u8.ToArray()),
        new("event_time_invalid", RecordField.EventTime, "\"2025-02-30T10:00:00Z\""u8.ToArray()),
        new("event_time_invalid", RecordField.EventTime, "\"yesterday\""u8.ToArray()),
        new("event_time_without_offset", RecordField.EventTime, "\"2025-01-07T10:00:00\""u8.ToArray()),
        new("wrong_type", RecordField.EventTime, "1736244000"u8.ToArray()),
        new("event_time_in_future", RecordField.EventTime, "\"2999-12-31T23:59:59Z\""u8.ToArray()),
        new("missing_field", RecordField.Type, "\"void\""u8.ToArray()),
        new("voids_only_for_void", RecordField.Type, "\"sale\",\"voids\":{\"event_id\":\"W-00000001\",\"line\":0}"u8.ToArray()),
    ];

    /// <summary>Whether the rest of a JSON array could still be read.</summary>
    public bool IsJsonObject => Damage == LineDamage.None;

    /// <summary>Spells a draft and spoils it.</summary>
    /// <returns>How many bytes were written.</returns>
    public int Write(in StockRecordDraft draft, RetailCatalog catalog, Span<byte> destination)
    {
        var length = RecordWriter.WriteJson(in draft, catalog, destination, Field, Value);
        switch (Damage)
        {
            case LineDamage.Truncated:
                return length * 2 / 3;
            case LineDamage.NotJson:
                "<html><body>502 Bad Gateway</body></html>"u8.CopyTo(destination);
                return 41;
            case LineDamage.BareString:
                "\"record\""u8.CopyTo(destination);
                return 8;
            case LineDamage.SingleQuotes:
                destination[..length].Replace((byte)'"', (byte)'\'');
                return length;
            case LineDamage.InvalidUtf8:
                var cursor = new Utf8Cursor(destination[(length - 1)..]);
                cursor.Raw(",\"attributes\":{\"note\":\""u8);
                cursor.Byte(0xC3);
                cursor.Byte(0x28);
                cursor.Raw("\"}}"u8);
                return length - 1 + cursor.Length;
            case LineDamage.None:
            case LineDamage.BreaksFile:
                return length;
            default:
                throw new InvalidOperationException($"unknown damage {Damage}");
        }
    }
}

/// <summary>What makes a line something else than a JSON object.</summary>
internal enum LineDamage
{
    None,
    Truncated,
    NotJson,
    SingleQuotes,
    BareString,
    InvalidUtf8,

    /// <summary>The broken value itself is no JSON.</summary>
    BreaksFile,
}

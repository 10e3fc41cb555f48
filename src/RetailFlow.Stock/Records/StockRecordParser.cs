using System.Text.Unicode;

namespace RetailFlow.Stock.Records;

/// <summary>
/// Reads one stock record and judges it by stock.md section 1: from JSON, or from fields that an adapter set as text. The same
/// bytes, context and rules always give the same values and the same verdict. One instance serves one thread at a time.
/// <para>
/// Decisions beyond the letter of stock.md: names and types are matched exactly; <c>null</c> is an absent field, and so is an empty
/// optional string; <c>quantity</c> is required for a void as for any other type; lengths count Unicode code points; unknown fields
/// are kept aside, and their inner names are not looked at.
/// </para>
/// </summary>
public sealed class StockRecordParser(StockRecordRules rules)
{
    // The name "voids" has no field of its own: its two members have.
    private const int Voids = StockFieldName.Count;
    private const int Unknown = -1;

    private readonly StockRecordCheck check = new(rules);
    private readonly UnknownFields unknownFields = new();

    /// <summary>Parses <paramref name="json"/>, which must be one object and nothing else, and judges it.</summary>
    /// <param name="json">The record; copied, so it may be reused after the call.</param>
    /// <param name="context">Default source and moment of receipt.</param>
    /// <param name="draft">Receives the values.</param>
    /// <param name="violation">The first rule broken, syntax before types before values, fields in the order of stock.md.</param>
    /// <returns>Whether the record keeps every rule.</returns>
    public bool Parse(ReadOnlySpan<byte> json, in StockRecordContext context, StockRecordDraft draft, out RecordViolation violation)
    {
        draft.Begin();
        violation = default;
        if (json.Length > rules.MaxRecordBytes)
        {
            violation = RecordViolation.OfRecord(
                RecordRule.RecordTooLarge, $"has {json.Length} bytes, more than {rules.MaxRecordBytes}");
            return false;
        }

        if (!Utf8.IsValid(json))
        {
            violation = RecordViolation.OfRecord(RecordRule.InvalidUtf8, "is not UTF-8");
            return false;
        }

        draft.Bytes.Append(json);
        draft.Bytes.AppendZeros(JsonScanner.Padding);
        JsonScanner scanner = new(draft.Bytes.Written, rules.MaxDepth);
        if (!ReadObject(ref scanner, json, draft, ref violation))
        {
            return false;
        }

        draft.IsJsonObject = true;
        return violation.Rule is null && check.Run(draft, context, out violation);
    }

    /// <summary>Judges a draft whose fields were set with <see cref="StockRecordDraft.SetText"/>, by the same rules.</summary>
    /// <param name="draft">The fields; receives the values.</param>
    /// <param name="context">Default source and moment of receipt.</param>
    /// <param name="violation">The first rule broken.</param>
    /// <returns>Whether the record keeps every rule.</returns>
    public bool Validate(StockRecordDraft draft, in StockRecordContext context, out RecordViolation violation) =>
        check.Run(draft, context, out violation);

    /// <summary>Reads the whole object; false with a violation of syntax, true with the first violation of types if there is one.</summary>
    private bool ReadObject(ref JsonScanner scanner, ReadOnlySpan<byte> json, StockRecordDraft draft, ref RecordViolation violation)
    {
        if (scanner.Peek() != (byte)'{')
        {
            violation = scanner.SkipValue() && scanner.Peek() == 0 && scanner.AtEnd
                ? RecordViolation.OfField(RecordRule.NotAnObject, string.Empty, json, "is JSON but not an object")
                : Malformed(scanner, json);
            return false;
        }

        unknownFields.Begin();
        scanner.Enter();
        uint seen = 0;
        bool first = true;
        while (scanner.NextMember(ref first, (byte)'}'))
        {
            if (!scanner.ReadString(out JsonString name) || !scanner.Take((byte)':'))
            {
                break;
            }

            ReadOnlySpan<byte> key = Key(name, json, draft);
            int field = Match(key);
            if (field == Unknown)
            {
                unknownFields.Add(key, name, draft, ref scanner, json);
                continue;
            }

            if ((seen & (1u << field)) != 0)
            {
                Note(ref violation, RecordRule.DuplicateKey, key, "stands twice in the record");
            }

            seen |= 1u << field;
            if (field == Voids)
            {
                ReadVoids(ref scanner, json, draft, ref violation);
            }
            else
            {
                ReadField((StockField)field, ref scanner, draft, ref violation);
            }
        }

        if (scanner.Fault != JsonFault.None || scanner.Peek() != 0 || !scanner.AtEnd)
        {
            violation = Malformed(scanner, json);
            return false;
        }

        if (unknownFields.FindDuplicate(draft.Bytes) is { } twice)
        {
            Note(ref violation, RecordRule.DuplicateKey, draft.Bytes.Slice(twice.Start, twice.Length), "stands twice in the record");
        }

        return true;
    }

    private static void ReadField(StockField field, ref JsonScanner scanner, StockRecordDraft draft, ref RecordViolation violation)
    {
        byte next = scanner.Peek();
        int start = scanner.Position;
        if (next == (byte)'"' && field is not (StockField.Line or StockField.VoidsLine or StockField.Attributes))
        {
            if (scanner.ReadString(out JsonString value))
            {
                SetString(field, value, draft);
            }

            return;
        }

        if (!scanner.SkipValue() || next == (byte)'n')
        {
            return;
        }

        bool number = next is (byte)'-' or (>= (byte)'0' and <= (byte)'9');
        bool fits = field switch
        {
            StockField.Quantity or StockField.UnitCost or StockField.Line or StockField.VoidsLine => number,
            StockField.Attributes => next == (byte)'{',
            StockField.Source or StockField.EventId or StockField.Type or StockField.Sku or StockField.Location
                or StockField.EventTime or StockField.VoidsEventId or StockField.Reference or StockField.Reason
                or StockField.Channel => false,
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "Not a field."),
        };
        if (fits)
        {
            draft.Set(field, new StockRecordDraft.FieldText(start, scanner.Position - start, Plain: number));
        }
        else if (violation.Rule is null)
        {
            violation = RecordViolation.OfField(
                RecordRule.WrongType,
                StockFieldName.Of(field),
                draft.Bytes.Slice(start, scanner.Position - start),
                "has the wrong JSON type");
        }
    }

    private static void ReadVoids(ref JsonScanner scanner, ReadOnlySpan<byte> json, StockRecordDraft draft, ref RecordViolation violation)
    {
        if (scanner.Peek() != (byte)'{')
        {
            int start = scanner.Position;
            if (scanner.SkipValue() && json[start] != (byte)'n' && violation.Rule is null)
            {
                violation = RecordViolation.OfField(
                    RecordRule.WrongType, "voids", json[start..scanner.Position], "has the wrong JSON type");
            }

            return;
        }

        if (!scanner.Enter())
        {
            return;
        }

        bool sawEventId = false;
        bool sawLine = false;
        bool first = true;
        while (scanner.NextMember(ref first, (byte)'}'))
        {
            if (!scanner.ReadString(out JsonString name) || !scanner.Take((byte)':'))
            {
                return;
            }

            ReadOnlySpan<byte> key = Key(name, json, draft);
            bool isEventId = key.SequenceEqual("event_id"u8);
            bool isLine = key.SequenceEqual("line"u8);
            if ((isEventId && sawEventId) || (isLine && sawLine))
            {
                Note(ref violation, RecordRule.DuplicateKey, key, "stands twice in voids");
            }

            sawEventId |= isEventId;
            sawLine |= isLine;
            if (isEventId || isLine)
            {
                ReadField(isEventId ? StockField.VoidsEventId : StockField.VoidsLine, ref scanner, draft, ref violation);
                continue;
            }

            // Another source named here would be a promise that the rule "of the same source" breaks in silence.
            Note(ref violation, RecordRule.VoidsUnknownField, key, "is not a field of voids");
            scanner.SkipValue();
        }
    }

    private static void SetString(StockField field, JsonString value, StockRecordDraft draft)
    {
        if (!value.Escaped)
        {
            draft.Set(field, new StockRecordDraft.FieldText(value.Start, value.Length, value.Plain));
            return;
        }

        int start = draft.Bytes.Count;
        JsonScanner.Unescape(draft.Bytes.Slice(value.Start, value.Length), draft.Bytes);
        int length = draft.Bytes.Count - start;
        draft.Set(field, new StockRecordDraft.FieldText(start, length, StockRecordDraft.IsPlain(draft.Bytes.Slice(start, length))));
    }

    private static ReadOnlySpan<byte> Key(JsonString name, ReadOnlySpan<byte> json, StockRecordDraft draft)
    {
        if (!name.Escaped)
        {
            return json.Slice(name.Start, name.Length);
        }

        int start = draft.Bytes.Count;
        JsonScanner.Unescape(json.Slice(name.Start, name.Length), draft.Bytes);
        return draft.Bytes.Slice(start, draft.Bytes.Count - start);
    }

    private static int Match(ReadOnlySpan<byte> key) => key.Length switch
    {
        3 when key.SequenceEqual("sku"u8) => (int)StockField.Sku,
        4 when key.SequenceEqual("type"u8) => (int)StockField.Type,
        4 when key.SequenceEqual("line"u8) => (int)StockField.Line,
        5 when key.SequenceEqual("voids"u8) => Voids,
        6 when key.SequenceEqual("source"u8) => (int)StockField.Source,
        6 when key.SequenceEqual("reason"u8) => (int)StockField.Reason,
        7 when key.SequenceEqual("channel"u8) => (int)StockField.Channel,
        8 when key.SequenceEqual("event_id"u8) => (int)StockField.EventId,
        8 when key.SequenceEqual("location"u8) => (int)StockField.Location,
        8 when key.SequenceEqual("quantity"u8) => (int)StockField.Quantity,
        9 when key.SequenceEqual("reference"u8) => (int)StockField.Reference,
        9 when key.SequenceEqual("unit_cost"u8) => (int)StockField.UnitCost,
        10 when key.SequenceEqual("event_time"u8) => (int)StockField.EventTime,
        10 when key.SequenceEqual("attributes"u8) => (int)StockField.Attributes,
        _ => Unknown,
    };

    private static void Note(ref RecordViolation violation, string rule, ReadOnlySpan<byte> key, string complaint)
    {
        if (violation.Rule is null)
        {
            string field = System.Text.Encoding.UTF8.GetString(key[..Math.Min(key.Length, 128)]);
            violation = new RecordViolation(rule, field, $"field {RecordViolation.Show(key)} {complaint} ({rule})");
        }
    }

    private static RecordViolation Malformed(in JsonScanner scanner, ReadOnlySpan<byte> json)
    {
        if (scanner.Fault == JsonFault.TooDeep)
        {
            return RecordViolation.OfRecord(RecordRule.NestedTooDeep, $"is nested too deep at byte {scanner.Position}");
        }

        string complaint = json.StartsWith("\uFEFF"u8) ? "begins with a byte order mark"
            : scanner.Fault == JsonFault.LoneSurrogate ? $"has half a surrogate pair at byte {scanner.Position}"
            : scanner.Position >= json.Length ? $"ends within its JSON, after {json.Length} bytes"
            : $"is not valid JSON at byte {scanner.Position}, near {RecordViolation.Show(json[scanner.Position..])}";
        return RecordViolation.OfRecord(RecordRule.MalformedJson, complaint);
    }
}

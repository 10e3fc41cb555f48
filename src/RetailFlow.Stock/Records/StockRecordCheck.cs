using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace RetailFlow.Stock.Records;

/// <summary>The rules on values (stock.md section 1), over fields that lie in a draft as text.</summary>
internal sealed class StockRecordCheck(StockRecordRules rules)
{
    private const int SourceCharacters = 64;
    private const int IdentifierCharacters = 128;
    private const int OptionalCharacters = 1024;
    private const int ReasonCharacters = 4096;
    private const int LineDigits = 18;
    private const int CostPlaces = 4;
    private const int CostWholeDigits = 14;

    private readonly CanonicalJson canonical = new();
    private readonly byte[] reservedSource = Encoding.UTF8.GetBytes(rules.ReservedSource ?? string.Empty);
    private readonly long skewMicros = (long)rules.SkewAllowance.TotalMicroseconds;

    /// <summary>Checks every rule and sets the draft's values.</summary>
    public bool Run(StockRecordDraft draft, in StockRecordContext context, out RecordViolation violation)
    {
        violation = default;
        if (!draft.Has(StockField.Source))
        {
            draft.SetText(StockField.Source, context.Source);
        }

        return Identifier(draft, StockField.Source, SourceCharacters, ref violation)
            && NotReserved(draft, ref violation)
            && Identifier(draft, StockField.EventId, IdentifierCharacters, ref violation)
            && Line(draft, StockField.Line, ref violation)
            && RecordType(draft, ref violation)
            && Identifier(draft, StockField.Sku, IdentifierCharacters, ref violation)
            && Identifier(draft, StockField.Location, IdentifierCharacters, ref violation)
            && Amount(draft, ref violation)
            && EventTime(draft, context.ReceivedAtMicros, ref violation)
            && Target(draft, ref violation)
            && Optional(draft, StockField.Reference, OptionalCharacters, freeText: false, ref violation)
            && Optional(draft, StockField.Reason, ReasonCharacters, freeText: true, ref violation)
            && Cost(draft, ref violation)
            && Optional(draft, StockField.Channel, OptionalCharacters, freeText: false, ref violation)
            && Attributes(draft, ref violation);
    }

    /// <summary>A source is never empty here, so that no reserved one is none.</summary>
    private bool NotReserved(StockRecordDraft draft, ref RecordViolation violation) =>
        !draft.Source.SequenceEqual(reservedSource)
        || Break(draft, StockField.Source, RecordRule.ReservedSource, "is the node's own: name the system that the record comes from", ref violation);

    private static bool Identifier(StockRecordDraft draft, StockField field, int characters, ref RecordViolation violation)
    {
        if (!draft.Has(field))
        {
            return Missing(field, ref violation);
        }

        StockRecordDraft.FieldText text = draft.Field(field);
        if (text.Plain && text.Length >= 1 && text.Length <= characters)
        {
            return true;
        }

        return Characters(draft, field, characters, freeText: false, ref violation);
    }

    private static bool Optional(StockRecordDraft draft, StockField field, int characters, bool freeText, ref RecordViolation violation)
    {
        if (!draft.Has(field))
        {
            return true;
        }

        if (draft.Field(field).Length == 0)
        {
            draft.Drop(field);
            return true;
        }

        return Characters(draft, field, characters, freeText, ref violation);
    }

    private static bool Characters(StockRecordDraft draft, StockField field, int most, bool freeText, ref RecordViolation violation)
    {
        ReadOnlySpan<byte> rest = draft.Text(field);
        int characters = 0;
        bool control = false;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int consumed) != OperationStatus.Done)
            {
                return Break(draft, field, RecordRule.InvalidUtf8, "is not UTF-8", ref violation);
            }

            control |= Rune.IsControl(rune);
            characters++;
            rest = rest[consumed..];
        }

        if (characters < 1 || characters > most)
        {
            return Break(draft, field, RecordRule.TextLength, $"has {characters} characters, not 1 to {most}", ref violation);
        }

        return freeText || !control
            || Break(draft, field, RecordRule.ControlCharacter, "holds a control character", ref violation);
    }

    private static bool Line(StockRecordDraft draft, StockField field, ref RecordViolation violation)
    {
        if (!draft.Has(field))
        {
            return true;
        }

        if (DecimalText.Parse(draft.Text(field), 0, LineDigits, out long line) != DecimalFault.None || line < 0)
        {
            return Break(draft, field, RecordRule.LineInvalid, "is not an integer from 0 to below 10^18", ref violation);
        }

        if (field == StockField.Line)
        {
            draft.Line = line;
        }
        else
        {
            draft.VoidsLine = line;
        }

        return true;
    }

    private static bool RecordType(StockRecordDraft draft, ref RecordViolation violation)
    {
        if (!draft.Has(StockField.Type))
        {
            return Missing(StockField.Type, ref violation);
        }

        bool known = StockRecordTypeName.TryParse(draft.Text(StockField.Type), out StockRecordType type);
        draft.Type = type;
        return known || Break(draft, StockField.Type, RecordRule.UnknownType, "is not a type of stock record", ref violation);
    }

    private static bool Amount(StockRecordDraft draft, ref RecordViolation violation)
    {
        if (!draft.Has(StockField.Quantity))
        {
            return Missing(StockField.Quantity, ref violation);
        }

        DecimalFault fault = Quantity.Parse(draft.Text(StockField.Quantity), out Quantity quantity);
        draft.Quantity = quantity;
        if (fault != DecimalFault.None)
        {
            return BreakNumber(draft, StockField.Quantity, fault, Quantity.WholeDigits, Quantity.Places, ref violation);
        }

        string? rule = draft.Type switch
        {
            StockRecordType.Adjustment => quantity.Raw == 0 ? RecordRule.QuantityZero : null,
            StockRecordType.Count => quantity.Raw < 0 ? RecordRule.QuantityNegative : null,
            StockRecordType.Sale or StockRecordType.TransferOut or StockRecordType.Damage or StockRecordType.Shrink
                or StockRecordType.Receipt or StockRecordType.Return or StockRecordType.TransferIn or StockRecordType.Void =>
                quantity.Raw <= 0 ? RecordRule.QuantityNotPositive : null,
            _ => throw new ArgumentOutOfRangeException(nameof(draft), draft.Type, "Not a stock record type."),
        };
        return rule is null
            || Break(draft, StockField.Quantity, rule, $"is not a quantity of type {StockRecordTypeName.Of(draft.Type)}", ref violation);
    }

    private bool EventTime(StockRecordDraft draft, long receivedAtMicros, ref RecordViolation violation)
    {
        if (!draft.Has(StockField.EventTime))
        {
            return Missing(StockField.EventTime, ref violation);
        }

        TimeFault fault = RecordTime.Parse(draft.Text(StockField.EventTime), out long micros);
        draft.EventTimeMicros = micros;
        switch (fault)
        {
            case TimeFault.NotATime:
                return Break(
                    draft, StockField.EventTime, RecordRule.EventTimeInvalid, "is not a real RFC 3339 date and time", ref violation);
            case TimeFault.NoOffset:
                return Break(draft, StockField.EventTime, RecordRule.EventTimeWithoutOffset, "has no offset from UTC", ref violation);
            case TimeFault.None:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(draft), fault, "Not a fault of a time.");
        }

        return micros - skewMicros <= receivedAtMicros
            || Break(
                draft,
                StockField.EventTime,
                RecordRule.EventTimeInFuture,
                $"is later than {RecordTime.Format(receivedAtMicros)}, when it was received, by more than {rules.SkewAllowance}",
                ref violation);
    }

    private static bool Target(StockRecordDraft draft, ref RecordViolation violation)
    {
        if (draft.Type != StockRecordType.Void)
        {
            return (!draft.Has(StockField.VoidsEventId) && !draft.Has(StockField.VoidsLine))
                || Break(RecordRule.VoidsOnlyForVoid, "voids", "stands on a record that is not a void", ref violation);
        }

        return Identifier(draft, StockField.VoidsEventId, IdentifierCharacters, ref violation)
            && Line(draft, StockField.VoidsLine, ref violation)
            && (draft.VoidsLine != draft.Line || !draft.VoidsEventId.SequenceEqual(draft.EventId)
                || Break(RecordRule.VoidOfItself, "voids", "names the void itself", ref violation));
    }

    private static bool Cost(StockRecordDraft draft, ref RecordViolation violation)
    {
        if (!draft.Has(StockField.UnitCost))
        {
            return true;
        }

        if (draft.Field(StockField.UnitCost).Length == 0)
        {
            draft.Drop(StockField.UnitCost);
            return true;
        }

        DecimalFault fault = DecimalText.Parse(draft.Text(StockField.UnitCost), CostPlaces, CostWholeDigits, out long raw);
        draft.UnitCostRaw = raw;
        return fault == DecimalFault.None
            || BreakNumber(draft, StockField.UnitCost, fault, CostWholeDigits, CostPlaces, ref violation);
    }

    private bool Attributes(StockRecordDraft draft, ref RecordViolation violation)
    {
        if (!draft.Has(StockField.Attributes))
        {
            return true;
        }

        StockRecordDraft.FieldText field = draft.Field(StockField.Attributes);
        if (!Utf8.IsValid(draft.Text(StockField.Attributes)))
        {
            return Break(draft, StockField.Attributes, RecordRule.InvalidUtf8, "is not UTF-8", ref violation);
        }

        // A copy of its own at the end, because the scanner wants zeros behind its text.
        int copy = draft.Bytes.Count;
        draft.Bytes.AppendOwn(field.Start, field.Length);
        draft.Bytes.AppendZeros(JsonScanner.Padding);
        ReadOnlySpan<byte> text = draft.Bytes.Slice(copy, field.Length + JsonScanner.Padding);
        JsonScanner scanner = new(text, rules.MaxDepth);
        if (scanner.Peek() != (byte)'{')
        {
            return Break(draft, StockField.Attributes, RecordRule.WrongType, "is not a JSON object", ref violation);
        }

        draft.AttributesStart = draft.Derived.Count;
        CanonicalFault fault = canonical.Append(ref scanner, text, draft.Derived);
        draft.AttributesLength = draft.Derived.Count - draft.AttributesStart;
        if (fault == CanonicalFault.None && (scanner.Peek() != 0 || !scanner.AtEnd))
        {
            fault = CanonicalFault.Syntax;
        }

        return fault switch
        {
            CanonicalFault.None => true,
            CanonicalFault.Syntax => Break(
                draft,
                StockField.Attributes,
                scanner.Fault == JsonFault.TooDeep ? RecordRule.NestedTooDeep : RecordRule.MalformedJson,
                "is not valid JSON",
                ref violation),
            CanonicalFault.DuplicateKey => Break(
                draft, StockField.Attributes, RecordRule.DuplicateKey, "has one name twice in an object", ref violation),
            CanonicalFault.NumberTooLarge => Break(
                draft, StockField.Attributes, RecordRule.NumberTooLarge, "has an exponent of more than nine digits", ref violation),
            _ => throw new ArgumentOutOfRangeException(nameof(draft), fault, "Not a fault of a canonical text."),
        };
    }

    private static bool Missing(StockField field, ref RecordViolation violation) =>
        Break(RecordRule.MissingField, StockFieldName.Of(field), "is missing", ref violation);

    private static bool BreakNumber(
        StockRecordDraft draft, StockField field, DecimalFault fault, int wholeDigits, int places, ref RecordViolation violation) =>
        fault switch
        {
            DecimalFault.NotANumber => Break(draft, field, RecordRule.NotANumber, "is not a decimal number", ref violation),
            DecimalFault.TooLarge => Break(draft, field, RecordRule.NumberTooLarge, $"is not below 10^{wholeDigits}", ref violation),
            DecimalFault.TooPrecise => Break(
                draft, field, RecordRule.NumberTooPrecise, $"has more than {places} decimal places", ref violation),
            DecimalFault.None => throw new ArgumentException("There is no fault.", nameof(fault)),
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault of a number."),
        };

    private static bool Break(StockRecordDraft draft, StockField field, string rule, string complaint, ref RecordViolation violation)
    {
        violation = RecordViolation.OfField(rule, StockFieldName.Of(field), draft.Text(field), complaint);
        return false;
    }

    private static bool Break(string rule, string field, string complaint, ref RecordViolation violation)
    {
        violation = RecordViolation.OfField(rule, field, complaint);
        return false;
    }
}

using System.Text;

namespace RetailFlow.Stock.Records;

/// <summary>The rule that a record breaks: the reason it is quarantined.</summary>
/// <param name="Rule">Stable name, one of <see cref="RecordRule"/>.</param>
/// <param name="Field">Wire name of the field, empty where the record as a whole is meant.</param>
/// <param name="Detail">One line for a person: field, value (cut short, printable), what is wrong.</param>
public readonly record struct RecordViolation(string Rule, string Field, string Detail)
{
    private const int ShownBytes = 64;

    internal static RecordViolation OfField(string rule, string field, ReadOnlySpan<byte> value, string complaint) =>
        new(rule, field, $"{field} {Show(value)} {complaint} ({rule})");

    internal static RecordViolation OfField(string rule, string field, string complaint) =>
        new(rule, field, $"{field} {complaint} ({rule})");

    internal static RecordViolation OfRecord(string rule, string complaint) => new(rule, string.Empty, $"record {complaint} ({rule})");

    /// <summary>Bytes as quoted printable text, at most 64 of them.</summary>
    internal static string Show(ReadOnlySpan<byte> value)
    {
        StringBuilder shown = new("'");
        ReadOnlySpan<byte> rest = value[..Math.Min(value.Length, ShownBytes)];
        while (!rest.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf8(rest, out Rune rune, out int consumed) == System.Buffers.OperationStatus.Done;
            if (whole && !Rune.IsControl(rune))
            {
                shown.Append(rune.ToString());
            }
            else
            {
                for (int i = 0; i < consumed; i++)
                {
                    shown.Append("\\x").Append(rest[i].ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
                }
            }

            rest = rest[consumed..];
        }

        return shown.Append(value.Length > ShownBytes ? "...'" : "'").ToString();
    }
}

/// <summary>The names of the rules a record can break. They are stored in quarantine and answered over HTTP: never renamed.</summary>
public static class RecordRule
{
    /// <summary>Not JSON: broken syntax, trailing text, a byte order mark, half a surrogate pair.</summary>
    public const string MalformedJson = "malformed_json";

    /// <summary>Bytes that are not UTF-8.</summary>
    public const string InvalidUtf8 = "invalid_utf8";

    /// <summary>JSON, but not an object.</summary>
    public const string NotAnObject = "not_an_object";

    /// <summary>Nested deeper than <see cref="StockRecordRules.MaxDepth"/>.</summary>
    public const string NestedTooDeep = "nested_too_deep";

    /// <summary>Longer than <see cref="StockRecordRules.MaxRecordBytes"/>.</summary>
    public const string RecordTooLarge = "record_too_large";

    /// <summary>One name twice in the record, in <c>voids</c> or in an object of <c>attributes</c>.</summary>
    public const string DuplicateKey = "duplicate_key";

    /// <summary>A required field is absent, null or, as text of a table, empty.</summary>
    public const string MissingField = "missing_field";

    /// <summary>A value of another JSON type than the field has.</summary>
    public const string WrongType = "wrong_type";

    /// <summary>Empty, or more characters than the field holds.</summary>
    public const string TextLength = "text_length";

    /// <summary>A control character in an identifier.</summary>
    public const string ControlCharacter = "control_character";

    /// <summary>A source that belongs to the node itself: the sales that fulfilments stand for.</summary>
    public const string ReservedSource = "reserved_source";

    /// <summary><c>type</c> is none that stock.md names.</summary>
    public const string UnknownType = "unknown_type";

    /// <summary><c>line</c> or <c>voids.line</c> is not an integer from 0 to below 10^18.</summary>
    public const string LineInvalid = "line_invalid";

    /// <summary>Not a decimal number.</summary>
    public const string NotANumber = "not_a_number";

    /// <summary>A number with too many digits before the point.</summary>
    public const string NumberTooLarge = "number_too_large";

    /// <summary>A number with too many decimal places.</summary>
    public const string NumberTooPrecise = "number_too_precise";

    /// <summary><c>quantity</c> must be above zero for this type.</summary>
    public const string QuantityNotPositive = "quantity_not_positive";

    /// <summary>An adjustment by nothing.</summary>
    public const string QuantityZero = "quantity_zero";

    /// <summary>A count below zero.</summary>
    public const string QuantityNegative = "quantity_negative";

    /// <summary><c>event_time</c> is not a real RFC 3339 time.</summary>
    public const string EventTimeInvalid = "event_time_invalid";

    /// <summary><c>event_time</c> has no offset.</summary>
    public const string EventTimeWithoutOffset = "event_time_without_offset";

    /// <summary><c>event_time</c> is later than the moment of receipt plus the skew allowance.</summary>
    public const string EventTimeInFuture = "event_time_in_future";

    /// <summary><c>voids</c> on a record that is not a void.</summary>
    public const string VoidsOnlyForVoid = "voids_only_for_void";

    /// <summary>A name inside <c>voids</c> other than <c>event_id</c> and <c>line</c>.</summary>
    public const string VoidsUnknownField = "voids_unknown_field";

    /// <summary>A void that names itself.</summary>
    public const string VoidOfItself = "void_of_itself";

    /// <summary>A void whose target is a void that was accepted before it.</summary>
    public const string VoidOfVoid = "void_of_void";

    /// <summary>The identity was accepted before with other content.</summary>
    public const string IdentityConflict = "identity_conflict";
}

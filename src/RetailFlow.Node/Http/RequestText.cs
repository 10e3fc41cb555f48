using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Http;

/// <summary>Single values of a command's body, each read at its place in JSON that is known to be right.</summary>
internal static class RequestText
{
    public const int LongestName = 128;

    private const int LongestPlainNumber = 256;

    /// <summary>A reader of the value that begins at a place; false if the member is null or, at place 0, not there.</summary>
    public static bool TryValue(ReadOnlySpan<byte> text, int place, out Utf8JsonReader value)
    {
        value = place == 0 ? default : new Utf8JsonReader(text[place..]);
        return place != 0 && value.Read() && value.TokenType != JsonTokenType.Null;
    }

    /// <summary>A name of something, or null.</summary>
    /// <exception cref="InvalidRequestException">It is neither.</exception>
    public static string? Name(ReadOnlySpan<byte> text, int place, string name, int? index = null)
    {
        if (!TryValue(text, place, out var value))
        {
            return null;
        }

        if (value.TokenType == JsonTokenType.String)
        {
            var written = value.ValueSpan;
            if (!value.ValueIsEscaped && written.Length is >= 1 and <= LongestName && !written.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            {
                return Encoding.ASCII.GetString(written);
            }

            if (Utf8.IsValid(written) && value.GetString() is { } other && IsName(other))
            {
                return other;
            }
        }

        throw new InvalidRequestException($"{Path(name, index)} must be text of 1 to {LongestName} characters, none of them a control character.");
    }

    /// <summary>A quantity above zero, as a number or as text, or null.</summary>
    /// <exception cref="InvalidRequestException">It is neither.</exception>
    public static Quantity? Quantity(ReadOnlySpan<byte> text, int place, int index)
    {
        if (!TryValue(text, place, out var value))
        {
            return null;
        }

        Span<byte> unescaped = stackalloc byte[LongestPlainNumber];
        var utf8 = value.TokenType switch
        {
            JsonTokenType.Number => value.ValueSpan,
            JsonTokenType.String when !value.ValueIsEscaped => value.ValueSpan,
            JsonTokenType.String when !Utf8.IsValid(value.ValueSpan) => default,
            JsonTokenType.String when value.ValueSpan.Length <= LongestPlainNumber => unescaped[..value.CopyString(unescaped)],
            JsonTokenType.String => Encoding.UTF8.GetBytes(value.GetString()!),
            _ => default,
        };
        return Stock.Records.Quantity.Parse(utf8, out var quantity) == DecimalFault.None && quantity > Stock.Records.Quantity.Zero
            ? quantity
            : throw new InvalidRequestException(
                $"{Path("quantity", index)} must be above 0 and below 10^12, with at most {Stock.Records.Quantity.Places} decimal places.");
    }

    /// <summary>The path of a member in messages: most requests are right, so that it is made for those alone that are not.</summary>
    public static string Path(string name, int? index) => index is { } line ? $"lines[{line}].{name}" : name;

    private static bool IsName(string text)
    {
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            length++;
            if (Rune.IsControl(rune) || rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return length is >= 1 and <= LongestName;
    }
}

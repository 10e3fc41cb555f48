namespace RetailFlow.Stock.Records;

/// <summary>Why a decimal text is not a fixed point number of the wanted size.</summary>
public enum DecimalFault : byte
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>The text is not a decimal number: empty, a word such as NaN, hexadecimal, white space, grouping.</summary>
    NotANumber,

    /// <summary>The value has more digits before the point than allowed.</summary>
    TooLarge,

    /// <summary>The value needs more decimal places than allowed; trailing zeros do not count.</summary>
    TooPrecise,
}

/// <summary>
/// Exact reading of decimal text (<c>-12</c>, <c>+1.50000</c>, <c>.5</c>, <c>1e2</c>) into a fixed point integer. No binary
/// floating point is involved, and no length of text makes it inexact.
/// </summary>
internal static class DecimalText
{
    // Beyond this an exponent decides the outcome alone: the text of a record cannot hold that many digits.
    private const long ExponentLimit = 1_000_000_000;

    /// <summary>Reads <paramref name="text"/> as <paramref name="raw"/> / 10^<paramref name="places"/>.</summary>
    /// <param name="text">The number and nothing else.</param>
    /// <param name="places">Decimal places of the result.</param>
    /// <param name="wholeDigits">The absolute value must be below 10^<paramref name="wholeDigits"/>; with places at most 18 in sum.</param>
    /// <param name="raw">The scaled value, 0 if there is a fault.</param>
    public static DecimalFault Parse(ReadOnlySpan<byte> text, int places, int wholeDigits, out long raw)
    {
        raw = 0;
        int at = 0;
        bool negative = false;
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+')
        {
            negative = text[at] == (byte)'-';
            at++;
        }

        // value = digits * 10^(zeros pending) * 10^scale, digits without leading zeros and with its trailing zeros held back.
        long digits = 0;
        int significant = 0;
        long pendingZeros = 0;
        long scale = 0;
        bool any = false;
        bool afterPoint = false;
        for (; at < text.Length; at++)
        {
            uint digit = unchecked((uint)(text[at] - '0'));
            if (digit <= 9)
            {
                any = true;
                if (afterPoint)
                {
                    scale--;
                }

                if (digit == 0)
                {
                    pendingZeros += significant == 0 ? 0 : 1;
                    continue;
                }

                long grown = significant + pendingZeros + 1;
                if (grown <= 18)
                {
                    for (; pendingZeros > 0; pendingZeros--)
                    {
                        digits *= 10;
                    }

                    digits = (digits * 10) + digit;
                }

                significant = (int)grown;
                pendingZeros = 0;
            }
            else if (text[at] == (byte)'.' && !afterPoint)
            {
                afterPoint = true;
            }
            else
            {
                break;
            }
        }

        if (!any || !ReadExponent(text[at..], out long exponent))
        {
            return DecimalFault.NotANumber;
        }

        if (significant == 0)
        {
            return DecimalFault.None;
        }

        long lowest = scale + pendingZeros + exponent;
        if (lowest + significant > wholeDigits)
        {
            return DecimalFault.TooLarge;
        }

        if (lowest < -places)
        {
            return DecimalFault.TooPrecise;
        }

        // Between the two limits lie at most wholeDigits + places digits, so nothing was left out above.
        for (long power = lowest + places; power > 0; power--)
        {
            digits *= 10;
        }

        raw = negative ? -digits : digits;
        return DecimalFault.None;
    }

    private static bool ReadExponent(ReadOnlySpan<byte> text, out long exponent)
    {
        exponent = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] is not ((byte)'e' or (byte)'E'))
        {
            return false;
        }

        int at = 1;
        bool negative = false;
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+')
        {
            negative = text[at] == (byte)'-';
            at++;
        }

        if (at == text.Length)
        {
            return false;
        }

        for (; at < text.Length; at++)
        {
            uint digit = unchecked((uint)(text[at] - '0'));
            if (digit > 9)
            {
                return false;
            }

            exponent = Math.Min(ExponentLimit, (exponent * 10) + digit);
        }

        exponent = negative ? -exponent : exponent;
        return true;
    }
}

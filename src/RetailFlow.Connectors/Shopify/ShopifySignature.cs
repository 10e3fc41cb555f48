using System.Security.Cryptography;
using System.Text;

namespace RetailFlow.Connectors.Shopify;

/// <summary>The signature of a webhook: base64 of HMAC-SHA256 over the body as received.</summary>
public static class ShopifySignature
{
    /// <summary>Whether one of <paramref name="secrets"/> made <paramref name="signature"/>; takes as long for a wrong one as for a right one.</summary>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="signature">Header <c>X-Shopify-Hmac-Sha256</c>.</param>
    /// <param name="secrets">Secrets separated by commas: while a secret is changed, both are good.</param>
    public static bool IsGood(ReadOnlySpan<byte> body, string? signature, string secrets)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var isWhole = Convert.TryFromBase64String(signature ?? string.Empty, given, out var length) && length == given.Length;
        var isGood = false;
        foreach (var secret in secrets.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body, expected);
            isGood |= CryptographicOperations.FixedTimeEquals(expected, given);
        }

        return isGood && isWhole;
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>Tells one request from another under the same idempotency key: by what it says, not how it is spelled.</summary>
public static class RequestHash
{
    private const int MaxDepth = 64;

    /// <summary>Hash of a command.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="id">The reservation; empty for a new one.</param>
    /// <param name="body">A JSON value, or nothing.</param>
    /// <param name="hash">The hash.</param>
    /// <returns>False if the body has no single meaning, for example a member that is there twice.</returns>
    public static bool TryOf(string verb, string id, ReadOnlySpan<byte> body, out UInt128 hash)
    {
        ByteBuffer text = new();
        text.Append(Encoding.UTF8.GetBytes($"{verb}\n{id}\n"));
        if (!body.IsEmpty)
        {
            ByteBuffer padded = new();
            padded.Append(body);
            padded.AppendZeros(JsonScanner.Padding);
            JsonScanner scanner = new(padded.Written, MaxDepth);
            if (new CanonicalJson().Append(ref scanner, padded.Written, text) != CanonicalFault.None)
            {
                hash = default;
                return false;
            }
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text.Written, digest);
        hash = BinaryPrimitives.ReadUInt128BigEndian(digest);
        return true;
    }
}

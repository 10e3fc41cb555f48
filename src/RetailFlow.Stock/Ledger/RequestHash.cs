using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>Tells one request from another under the same idempotency key: by what it says, not how it is spelled.</summary>
public static class RequestHash
{
    private const int MaxDepth = 64;

    // Of one thread, so that a request costs no memory; what a large one needed is not kept.
    private const int LargestKept = 1 << 16;

    [ThreadStatic]
    private static Buffers? t_buffers;

    // To make one for each request takes a third as long as the hash itself.
    [ThreadStatic]
    private static IncrementalHash? t_sha256;

    /// <summary>Hash of a command.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="id">The reservation; empty for a new one.</param>
    /// <param name="body">A JSON value, or nothing.</param>
    /// <param name="hash">The hash.</param>
    /// <returns>False if the body has no single meaning, for example a member that is there twice.</returns>
    public static bool TryOf(string verb, string id, ReadOnlySpan<byte> body, out UInt128 hash)
    {
        Buffers buffers = t_buffers ??= new Buffers();
        if (body.Length > LargestKept)
        {
            buffers = new Buffers();
        }

        ByteBuffer text = buffers.Text;
        text.Clear();
        AppendLine(text, verb);
        AppendLine(text, id);
        if (!body.IsEmpty)
        {
            ByteBuffer padded = buffers.Padded;
            padded.Clear();
            padded.Append(body);
            padded.AppendZeros(JsonScanner.Padding);
            JsonScanner scanner = new(padded.Written, MaxDepth);
            if (buffers.Canonical.Append(ref scanner, padded.Written, text) != CanonicalFault.None)
            {
                hash = default;
                return false;
            }
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        IncrementalHash sha256 = t_sha256 ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(text.Written);
        sha256.GetHashAndReset(digest);
        hash = BinaryPrimitives.ReadUInt128BigEndian(digest);
        return true;
    }

    private static void AppendLine(ByteBuffer into, string text)
    {
        Span<byte> utf8 = stackalloc byte[256];
        into.Append(Encoding.UTF8.TryGetBytes(text, utf8, out int written) ? utf8[..written] : Encoding.UTF8.GetBytes(text));
        into.Append((byte)'\n');
    }

    private sealed class Buffers
    {
        public ByteBuffer Text { get; } = new();

        public ByteBuffer Padded { get; } = new();

        public CanonicalJson Canonical { get; } = new();
    }
}

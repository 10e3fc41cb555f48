using System.Security.Cryptography;

namespace RetailFlow.Node.Http;

/// <summary>Random identities (RFC 9562, version 4) that nobody can guess, of random bytes that each thread takes many of at once from the system.</summary>
internal static class RandomGuids
{
    private const int Bytes = 16;
    private const int AtOnce = 256;

    [ThreadStatic]
    private static byte[]? t_random;

    [ThreadStatic]
    private static int t_used;

    public static Guid Next()
    {
        if (t_random is null || t_used == t_random.Length)
        {
            t_random ??= new byte[Bytes * AtOnce];
            RandomNumberGenerator.Fill(t_random);
            t_used = 0;
        }

        var taken = t_random.AsSpan(t_used, Bytes);
        t_used += Bytes;
        taken[6] = (byte)((taken[6] & 0x0F) | 0x40);
        taken[8] = (byte)((taken[8] & 0x3F) | 0x80);
        var next = new Guid(taken, bigEndian: true);

        // What was given out is not kept where it could be read again.
        taken.Clear();
        return next;
    }
}

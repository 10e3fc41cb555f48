using System.Buffers.Binary;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Ids that rise in time: UUIDs of version 7 (RFC 9562, section 5.7). Rows of reservations that begin together then lie together in every table, and
/// those of new ones beyond all that are there.
/// </summary>
public static class ReservationIds
{
    private const int TimeBytes = 6;

    /// <summary>An id of a moment: 32 hexadecimal digits, of which the first 12 are the milliseconds since 1970.</summary>
    /// <param name="moment">The moment, not before 1970.</param>
    /// <param name="random">A random UUID (version 4), of which 74 bits become part of the id.</param>
    public static string At(DateTimeOffset moment, Guid random)
    {
        Span<byte> id = stackalloc byte[16];
        random.TryWriteBytes(id, bigEndian: true, out _);
        Span<byte> time = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(time, moment.ToUnixTimeMilliseconds());
        time[^TimeBytes..].CopyTo(id);
        id[6] = (byte)((id[6] & 0x0F) | 0x70);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return Convert.ToHexStringLower(id);
    }
}

using Xunit;

namespace RetailFlow.Storage.Tests;

/// <summary>The checksum of any run of bytes is the one that dividing bit by bit gives.</summary>
public sealed class Crc32CTests
{
    [Fact]
    public void A_checksum_of_any_length_is_what_division_bit_by_bit_leaves()
    {
        byte[] bytes = new byte[7_001];
        new Random(5).NextBytes(bytes);

        // Divided once: what is left after each byte is the checksum of all up to it.
        uint left = uint.MaxValue;
        for (int length = 0; length <= bytes.Length; length++)
        {
            Assert.Equal(~left, Crc32C.Compute(bytes.AsSpan(0, length)));
            if (length < bytes.Length)
            {
                left = Divide(left, bytes[length]);
            }
        }
    }

    [Fact]
    public void A_first_byte_and_the_rest_have_the_checksum_of_both_together()
    {
        byte[] bytes = new byte[400];
        new Random(6).NextBytes(bytes);

        for (int length = 1; length <= bytes.Length; length++)
        {
            Assert.Equal(Crc32C.Compute(bytes.AsSpan(0, length)), Crc32C.ComputeAfter(bytes[0], bytes.AsSpan(1, length - 1)));
        }
    }

    private static uint Divide(uint left, byte value)
    {
        left ^= value;
        for (int bit = 0; bit < 8; bit++)
        {
            left = (left & 1) == 0 ? left >> 1 : (left >> 1) ^ 0x82F63B78;
        }

        return left;
    }
}

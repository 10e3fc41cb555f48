using System.Globalization;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Lines of the journal (docs/formats/journal.md).</summary>
internal static class JournalLine
{
    /// <summary>Longest line, with its checksum.</summary>
    public const int LongestBytes = (16 << 20) + 64;

    private static ReadOnlySpan<byte> ChecksumName => "{\"crc32c\":\""u8;

    /// <summary>Compares a line with the checksum of the rest of it that it begins with.</summary>
    /// <exception cref="LakeException">It is not what was written.</exception>
    public static void Verify(ReadOnlySpan<byte> line, LandedFile file, long row)
    {
        var start = ChecksumName.Length;
        if (!line.StartsWith(ChecksumName)
            || line.Length < start + 10
            || !uint.TryParse(line.Slice(start, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var checksum)
            || Crc32C.ComputeAfter((byte)'{', line[(start + 10)..]) != checksum)
        {
            throw new LakeException(LakeErrorKind.Corrupt, $"RAW file {file.Path}: record {row} of the range from byte {file.FromOffset} is not what was written; its checksum does not match.");
        }
    }
}

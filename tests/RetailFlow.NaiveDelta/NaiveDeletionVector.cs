using System.Buffers.Binary;
using System.Text.Json;

namespace RetailFlow.NaiveDelta;

/// <summary>Deletion vectors by the letter of the protocol ("Deletion Vector Format"), one byte after the other.</summary>
internal static class NaiveDeletionVector
{
    private const string Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

    /// <summary>What tells two vectors apart; empty for none.</summary>
    public static string Id(JsonElement file) =>
        file.TryGetProperty("deletionVector", out var vector) && vector.ValueKind == JsonValueKind.Object && vector.TryGetProperty("storageType", out var kind) && kind.ValueKind == JsonValueKind.String
            ? kind.GetString() + vector.GetProperty("pathOrInlineDv").GetString() + (vector.TryGetProperty("offset", out var offset) && offset.ValueKind == JsonValueKind.Number ? "@" + offset.GetRawText() : "")
            : "";

    /// <summary>The row numbers that the file's vector takes away.</summary>
    public static List<long> Rows(NaivePaths paths, JsonElement file)
    {
        if (Id(file).Length == 0)
        {
            return [];
        }

        var vector = file.GetProperty("deletionVector");
        var text = vector.GetProperty("pathOrInlineDv").GetString()!;
        var size = vector.GetProperty("sizeInBytes").GetInt32();
        var content = FileOf(paths, file) is { } path ? FromFile(path, vector, size)
            : vector.GetProperty("storageType").GetString() == "i" ? FromZ85(text)[..size]
            : throw new NaiveException($"A deletion vector of storage type '{vector.GetProperty("storageType")}'.");
        var rows = Decode(content);
        var cardinality = vector.GetProperty("cardinality").GetInt64();
        return rows.Count == cardinality ? rows : throw new NaiveException($"A deletion vector of {rows.Count} rows says that it has {cardinality}.");
    }

    /// <summary>The file that holds the vector, or null.</summary>
    public static string? FileOf(NaivePaths paths, JsonElement file)
    {
        if (Id(file).Length == 0)
        {
            return null;
        }

        var text = file.GetProperty("deletionVector").GetProperty("pathOrInlineDv").GetString()!;
        return Id(file)[0] switch
        {
            'u' => Path.Combine(paths.Table, text[..^20], $"deletion_vector_{new Guid(FromZ85(text[^20..]), bigEndian: true):D}.bin"),
            'p' => paths.Of(text),
            _ => null,
        };
    }

    private static byte[] FromFile(string path, JsonElement vector, int size)
    {
        var bytes = File.ReadAllBytes(path);
        var offset = vector.GetProperty("offset").GetInt32();
        if (bytes[0] != 1)
        {
            throw new NaiveException($"'{path}' is of version {bytes[0]}.");
        }

        if (BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(offset)) != size)
        {
            throw new NaiveException($"'{path}' has a vector of another size at {offset} than the log says.");
        }

        var content = bytes[(offset + 4)..(offset + 4 + size)];
        return BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(offset + 4 + size)) == Crc32(content)
            ? content
            : throw new NaiveException($"'{path}' has a wrong checksum at {offset}.");
    }

    private static byte[] FromZ85(string text)
    {
        var bytes = new byte[text.Length / 5 * 4];
        for (var i = 0; i < text.Length / 5; i++)
        {
            var value = 0L;
            for (var j = 0; j < 5; j++)
            {
                value = (value * 85) + Z85.IndexOf(text[(i * 5) + j], StringComparison.Ordinal);
            }

            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), (uint)value);
        }

        return bytes;
    }

    private static uint Crc32(byte[] content)
    {
        var crc = uint.MaxValue;
        foreach (var b in content)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static List<long> Decode(byte[] content)
    {
        using var reader = new BinaryReader(new MemoryStream(content));
        var rows = new List<long>();
        if (reader.ReadInt32() != 1681511377)
        {
            throw new NaiveException("A deletion vector does not begin with its magic number.");
        }

        for (var buckets = reader.ReadInt64(); buckets > 0; buckets--)
        {
            var high = (long)reader.ReadUInt32() << 32;
            var cookie = reader.ReadUInt32();
            var hasRuns = (cookie & 0xFFFF) == 12347;
            if (!hasRuns && cookie != 12346)
            {
                throw new NaiveException($"A deletion vector has the cookie {cookie}.");
            }

            var containers = hasRuns ? (int)(cookie >> 16) + 1 : reader.ReadInt32();
            var isRun = hasRuns ? reader.ReadBytes((containers + 7) / 8) : new byte[(containers + 7) / 8];
            var heads = Enumerable.Range(0, containers).Select(_ => (Key: reader.ReadUInt16(), Cardinality: reader.ReadUInt16() + 1)).ToList();
            if (!hasRuns || containers >= 4)
            {
                reader.ReadBytes(containers * 4);
            }

            for (var i = 0; i < containers; i++)
            {
                var start = high + ((long)heads[i].Key << 16);
                if ((isRun[i / 8] & (1 << (i % 8))) != 0)
                {
                    for (var runs = reader.ReadUInt16(); runs > 0; runs--)
                    {
                        long first = reader.ReadUInt16();
                        long more = reader.ReadUInt16();
                        rows.AddRange(Enumerable.Range(0, (int)more + 1).Select(n => start + first + n));
                    }
                }
                else if (heads[i].Cardinality > 4096)
                {
                    var bits = reader.ReadBytes(8192);
                    rows.AddRange(Enumerable.Range(0, 65536).Where(n => (bits[n / 8] & (1 << (n % 8))) != 0).Select(n => start + n));
                }
                else
                {
                    rows.AddRange(Enumerable.Range(0, heads[i].Cardinality).Select(_ => start + reader.ReadUInt16()));
                }
            }
        }

        return rows;
    }
}

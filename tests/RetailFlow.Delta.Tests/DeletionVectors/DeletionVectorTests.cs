using System.Buffers.Binary;
using System.Globalization;

namespace RetailFlow.Delta.Tests;

public sealed class DeletionVectorTests
{
    [Theory]
    // As Spark wrote it.
    [InlineData("d1d339640100000000000000" + "000000003a3000000100000000000000100000000000", "0")]
    [InlineData("d1d3396400000000" + "00000000", "")]
    // A bucket without containers is what Spark writes below a higher one.
    [InlineData("d1d339640200000000000000" + "000000003a30000000000000" + "010000003a3000000100000005000000" + "100000000700", "4295294983")]
    // One run of 2 to 11, without offsets; the cookie carries the number of containers.
    [InlineData("d1d339640100000000000000" + "000000003b300000" + "01" + "00000900" + "0100" + "02000900", "2,3,4,5,6,7,8,9,10,11")]
    public void Known_bytes_are_the_known_rows(string hex, string rows)
    {
        var vector = DeletionVector.Parse(Convert.FromHexString(hex));

        Assert.Equal(rows, string.Join(',', vector.Rows.Select(r => r.ToString(CultureInfo.InvariantCulture))));
        Assert.Equal(rows.Length == 0 ? 0 : rows.Split(',').Length, vector.Cardinality);
    }

    [Fact]
    public void Rows_found_live_in_bulk_are_those_that_the_set_does_not_contain()
    {
        var random = new Random(7);
        long[] deleted = [.. Enumerable.Range(0, 20_000).Select(_ => random.NextInt64(400_000)), .. Enumerable.Range(500_000, 9_000).Select(i => (long)i), 5_000_000_000];
        var vector = DeletionVector.Of(deleted);
        var expected = deleted.ToHashSet();
        long[] rows = [.. Enumerable.Range(0, 600_000).Select(i => (long)i), .. Enumerable.Range(0, 1_000).Select(_ => random.NextInt64(6_000_000_000)), 5_000_000_000, 0];
        var live = new bool[rows.Length];

        vector.FindLive(rows, live);

        Assert.Equal(rows.Select(r => !expected.Contains(r)), live);
        Assert.False(live[^2]);
    }

    [Fact]
    public void Few_rows_are_written_as_Spark_writes_them()
    {
        Assert.Equal(
            "D1D339640100000000000000000000003A3000000100000000000000100000000000",
            Convert.ToHexString(DeletionVector.Of([0L]).Serialize()));
        Assert.Equal(
            "D1D339640100000000000000000000003B3000000100000F27010000000F27",
            Convert.ToHexString(DeletionVector.Of(Enumerable.Range(0, 10_000).Select(i => (long)i)).Serialize()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Set_operations_agree_with_a_sorted_set(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 12; round++)
        {
            var (left, right) = (RandomRows(random), RandomRows(random));
            var (a, b) = (DeletionVector.Of(Shuffled(left, random)), DeletionVector.Of(right));

            Assert.Equal(left, a.Rows);
            Assert.Equal((left.Count, left.Count == 0 ? null : left.Max), (a.Cardinality, a.Max));
            Assert.Equal(new SortedSet<long>(left.Union(right)), a.Union(b).Rows);
            Assert.Equal(new SortedSet<long>(left.Except(right)), a.Except(b).Rows);
            Assert.Equal(left.Overlaps(right), a.Overlaps(b));
            Assert.Equal(right, DeletionVector.Parse(b.Serialize()).Rows);
            Assert.Equal(a.Union(b).Cardinality, NaiveRoaring.Rows(a.Union(b).Serialize()).Count);
            Assert.Equal(left, NaiveRoaring.Rows(a.Serialize()));
            foreach (var row in left.Take(50).Concat(right.Take(50)).SelectMany(r => new[] { r - 1, r, r + 1 }))
            {
                Assert.Equal(left.Contains(row), a.Contains(row));
            }
        }
    }

    [Fact]
    public void Every_form_of_container_survives_both_ways()
    {
        long[] rows =
        [
            .. Enumerable.Range(0, 3000).Select(i => 7L * i),
            .. Enumerable.Range(0, 30_000).Select(i => 65_536L + (2L * i)),
            .. Enumerable.Range(0, 65_536).Select(i => 131_072L + i),
            (1L << 40) + 65_535, (long)int.MaxValue * 65_536 * 65_536 - 1,
        ];

        var vector = DeletionVector.Of(rows);
        var bytes = vector.Serialize();

        Assert.Equal(rows, NaiveRoaring.Rows(bytes));
        Assert.Equal(rows, DeletionVector.Parse(bytes).Rows);
        Assert.Equal(bytes, DeletionVector.Parse(bytes).Serialize());
        Assert.True(bytes.Length < 6000 + 8192 + 200, $"{bytes.Length} bytes are not the smallest forms.");
        Assert.Equal(rows[^1], vector.Max);
    }

    [Fact]
    public void Every_shortened_form_is_refused_and_so_is_a_longer_one()
    {
        var bytes = DeletionVector.Of([1, 5, 70_000, 70_001, 70_002, 70_003, 1L << 33]).Serialize();

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(DeltaErrorKind.Corrupt, Assert.Throws<DeltaException>(() => DeletionVector.Parse(bytes.AsSpan(0, length))).Kind);
        }

        Assert.Contains("1 bytes follow its end", Assert.Throws<DeltaException>(() => DeletionVector.Parse([.. bytes, 0])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("d0d339640100000000000000", "000000003a3000000100000000000000100000000000", "magic number")]
    [InlineData("d1d33964ffffffffffffffff", "", "cannot hold -1 buckets")]
    [InlineData("d1d33964ffffffffffffff7f", "", "buckets")]
    [InlineData("d1d339640200000000000000", "010000003a30000000000000" + "000000003a30000000000000", "key 0 after 1")]
    [InlineData("d1d339640100000000000000", "ffffffff3a30000000000000", "key 4294967295")]
    [InlineData("d1d339640100000000000000", "000000003c30000000000000", "no bitmap")]
    [InlineData("d1d339640100000000000000", "000000003a300000ffffff7f", "containers")]
    [InlineData("d1d339640100000000000000", "000000003a30000001000000000001001000000003000300", "ascending rows")]
    [InlineData("d1d339640100000000000000", "000000003a30000001000000000000001100000003000300", "offset")]
    [InlineData("d1d339640100000000000000", "000000003b300000" + "01" + "00000900" + "0100" + "02000800", "10 ascending rows")]
    [InlineData("d1d339640100000000000000", "000000003b300000" + "01" + "00000300" + "0200" + "0500010006000100", "ascending rows")]
    [InlineData("d1d339640100000000000000", "000000003b300000" + "01" + "00000300" + "0100" + "feff0300", "ascending rows")]
    public void Malformed_bytes_are_refused(string head, string tail, string message)
    {
        var error = Assert.Throws<DeltaException>(() => DeletionVector.Parse(Convert.FromHexString(head + tail)));

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_never_do_worse_than_a_refusal()
    {
        var random = new Random(5);
        var sound = DeletionVector.Of([.. Enumerable.Range(0, 200).Select(i => (long)i * i), 1L << 35]).Serialize();
        for (var i = 0; i < 3000; i++)
        {
            var bytes = sound.ToArray();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                // A flipped bit of a row is another row: the checksum around the bytes is what finds it.
                var rows = DeletionVector.Parse(bytes).Rows;
                Assert.Equal(NaiveRoaring.Rows(bytes), rows);
            }
            catch (DeltaException e)
            {
                Assert.Equal(DeltaErrorKind.Corrupt, e.Kind);
            }
        }
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData((long)int.MaxValue << 32)]
    public void Row_that_the_format_cannot_hold_is_refused(long row)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DeletionVector.Of([row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => DeletionVector.Of([5, 3, row]));
    }

    [Fact]
    public void Checksum_and_base_85_are_those_of_the_standards()
    {
        Assert.Equal(0xCBF43926, Crc32.Compute("123456789"u8));
        Assert.Equal(0u, Crc32.Compute([]));
        Assert.Equal("HelloWorld", Z85.Encode([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]));
        Assert.Equal([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B], Z85.TryDecode("HelloWorld"));
        Assert.Null(Z85.TryDecode("Hello\"orld"));
        Assert.Null(Z85.TryDecode("Hell"));
        Assert.Equal([3, 0], Z85.TryDecode("##093"));
        Assert.Equal([0x86, 0x4F, 0xD2, 0x6F, 9], Z85.TryDecode("Hello###09"));
        Assert.Null(Z85.TryDecode("#####"));
        Assert.Null(Z85.TryDecode("####0"));
        Assert.Null(Z85.TryDecode("##093Hello"));
        Assert.Null(Z85.TryDecode("%nSc1"));
        Assert.Null(Z85.TryDecode("Hellö"));
    }

    private static SortedSet<long> RandomRows(Random random)
    {
        var rows = new SortedSet<long>();
        for (var part = random.Next(5); part > 0; part--)
        {
            var first = (long)random.Next(4) << 16;
            var spread = random.Next(1, 4);
            var count = random.Next(4) switch { 0 => 5, 1 => 900, 2 => 5000, _ => 20_000 };
            for (var i = 0; i < count; i++)
            {
                rows.Add(first + (spread == 3 ? random.Next(65_536) : (long)spread * i));
            }

            if (random.Next(3) == 0)
            {
                rows.Add((1L << 32) * random.Next(1, 5) + random.Next(9));
            }
        }

        return rows;
    }

    private static IEnumerable<long> Shuffled(SortedSet<long> rows, Random random)
    {
        var shuffled = rows.Concat(rows.Take(10)).ToArray();
        if (random.Next(2) == 0)
        {
            random.Shuffle(shuffled);
        }

        return shuffled;
    }

    /// <summary>A second reader of the portable format, which goes by the offsets where there are any and checks nothing.</summary>
    private static class NaiveRoaring
    {
        public static List<long> Rows(byte[] bytes)
        {
            var rows = new List<long>();
            var at = 12;
            for (var bucket = BitConverter.ToInt64(bytes, 4); bucket > 0; bucket--)
            {
                long key = BitConverter.ToUInt32(bytes, at);
                at = Bucket(bytes, at + 4, key << 32, rows);
            }

            return rows;
        }

        private static int Bucket(byte[] bytes, int start, long first, List<long> rows)
        {
            ushort Short(int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
            var withRuns = Short(start) == 12347;
            var count = withRuns ? Short(start + 2) + 1 : BitConverter.ToInt32(bytes, start + 4);
            var flags = start + 4;
            var header = withRuns ? flags + ((count + 7) / 8) : start + 8;
            var at = header + (4 * count) + (!withRuns || count >= 4 ? 4 * count : 0);
            for (var i = 0; i < count; i++)
            {
                var high = first + ((long)Short(header + (4 * i)) << 16);
                var cardinality = Short(header + (4 * i) + 2) + 1;
                if (withRuns && (bytes[flags + (i / 8)] >> (i % 8) & 1) == 1)
                {
                    var runs = Short(at);
                    for (var run = 0; run < runs; run++)
                    {
                        for (var more = 0; more <= Short(at + 4 + (4 * run)); more++)
                        {
                            rows.Add(high + Short(at + 2 + (4 * run)) + more);
                        }
                    }

                    at += 2 + (4 * runs);
                }
                else if (cardinality <= 4096)
                {
                    for (var value = 0; value < cardinality; value++)
                    {
                        rows.Add(high + Short(at + (2 * value)));
                    }

                    at += 2 * cardinality;
                }
                else
                {
                    for (var bit = 0; bit < 65_536; bit++)
                    {
                        if ((bytes[at + (bit / 8)] >> (bit % 8) & 1) == 1)
                        {
                            rows.Add(high + bit);
                        }
                    }

                    at += 8192;
                }
            }

            return at;
        }
    }
}

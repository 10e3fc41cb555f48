using RetailFlow.Node.Ingest;
using RetailFlow.Stock.Identities;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Ingest;

/// <summary>What came through the door is known until the lake's index has it, in memory or in files that nobody wants later.</summary>
public sealed class DoorIdentitiesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Everything_after_what_is_covered_is_found_and_old_generations_go(int seed)
    {
        var random = new Random(seed);
        using var door = new DoorIdentities(new LocalIdentityFiles(_folder.Path, isDurable: false), mostInGeneration: 10);
        var taken = new List<(UInt128 Fingerprint, KnownIdentity Known)>();
        long covered = 0;
        var spilled = 0;
        for (var step = 0; step < 2_000; step++)
        {
            if (random.Next(150) == 0)
            {
                covered = random.NextInt64(covered, taken.Count + 1);
                door.Covered(covered);
            }

            var fingerprint = new UInt128((ulong)random.NextInt64(), (ulong)step);
            taken.Add((fingerprint, new KnownIdentity(random.NextInt64(), random.Next(2) == 0, random.Next(2) == 0)));
            door.Taken(fingerprint, taken[^1].Known, taken.Count);
            spilled = Math.Max(spilled, door.SpilledCount);
            for (var sequence = covered + 1; sequence <= taken.Count; sequence += 1 + random.Next(9))
            {
                Assert.True(door.TryFind(taken[(int)sequence - 1].Fingerprint, out var known));
                Assert.Equal(taken[(int)sequence - 1].Known, known);
            }

            Assert.False(door.TryFind(new UInt128(7, (ulong)random.NextInt64()), out _));
        }

        Assert.True(spilled > 3, $"{spilled} generations in files");
        door.Covered(taken.Count);
        door.Covered(taken.Count);
        Assert.Equal((0L, 0), (door.Count, Directory.GetFiles(_folder.Path).Length));
    }
}

using RetailFlow.Node.Http;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

public sealed class RandomGuidsTests
{
    [Fact]
    public async Task Identities_are_random_of_version_4_and_none_comes_twice_on_any_thread()
    {
        const int each = 10_000;
        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, each).Select(_ => RandomGuids.Next()).ToArray())));

        var all = made.SelectMany(guids => guids).ToList();
        Assert.Equal(4 * each, all.Distinct().Count());
        Assert.All(all, guid => Assert.Equal((4, 8), (guid.Version, guid.Variant & 0xC)));

        // Every other bit is set as often as not: 122 of them, each within 12 standard deviations.
        var bits = new int[128];
        foreach (var guid in all)
        {
            var bytes = guid.ToByteArray(bigEndian: true);
            for (var i = 0; i < bits.Length; i++)
            {
                bits[i] += (bytes[i / 8] >> (7 - (i % 8))) & 1;
            }
        }

        Assert.Equal(122, bits.Count(set => Math.Abs(set - (all.Count / 2)) < 12 * 100));
    }
}

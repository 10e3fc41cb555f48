using RetailFlow.Stock.Journal;
using Xunit;

namespace RetailFlow.Stock.Tests.Journal;

public sealed class RecentIdentitiesTests
{
    [Fact]
    public void A_remembered_identity_tells_a_retry_from_a_conflict()
    {
        RecentIdentities identities = new(10);
        long sequence = 5;
        Assert.Equal(IdentityMatch.Unknown, identities.Admit(77, 1, ref sequence));
        Assert.Equal(5, sequence);
        sequence = 6;
        Assert.Equal(IdentityMatch.Duplicate, identities.Admit(77, 1, ref sequence));
        Assert.Equal(5, sequence);
        sequence = 7;
        Assert.Equal(IdentityMatch.Conflict, identities.Admit(77, 2, ref sequence));
        Assert.Equal(5, sequence);
        Assert.Equal(IdentityMatch.Duplicate, identities.Find(77, 1, out _));
        Assert.Equal(IdentityMatch.Unknown, identities.Find(78, 1, out long none));
        Assert.Equal(0, none);
        Assert.Equal(1, identities.YoungCount);
    }

    [Fact]
    public void Identities_that_share_a_place_are_kept_apart()
    {
        RecentIdentities identities = new(64);
        for (int i = 0; i < 64; i++)
        {
            // Same low half, so the same slot; and the zero identity, which looks like an empty place.
            long sequence = i + 1;
            identities.Admit(new UInt128((ulong)i, 0), i, ref sequence);
        }

        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(IdentityMatch.Duplicate, identities.Find(new UInt128((ulong)i, 0), i, out long sequence));
            Assert.Equal(i + 1, sequence);
        }
    }

    [Fact]
    public void The_latest_identities_are_always_remembered_and_old_ones_forgotten()
    {
        const int Room = 1_000;
        RecentIdentities identities = new(Room);
        Random random = new(3);
        UInt128[] all = [.. Enumerable.Range(0, 20 * Room).Select(_ => new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()))];
        for (int i = 0; i < all.Length; i++)
        {
            long sequence = i + 1;
            Assert.Equal(IdentityMatch.Unknown, identities.Admit(all[i], i, ref sequence));
            Assert.InRange(identities.YoungCount, 1, Room);
            int back = random.Next(Math.Min(i + 1, Room));
            Assert.Equal(IdentityMatch.Duplicate, identities.Find(all[i - back], i - back, out long found));
            Assert.Equal(i - back + 1, found);
            if (i >= 2 * Room)
            {
                Assert.Equal(IdentityMatch.Unknown, identities.Find(all[i - (2 * Room)], 0, out _));
            }
        }
    }
}

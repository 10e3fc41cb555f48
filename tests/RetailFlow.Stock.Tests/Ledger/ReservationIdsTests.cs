using RetailFlow.Stock.Ledger;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

public sealed class ReservationIdsTests
{
    /// <summary>The example of RFC 9562, appendix A.6.</summary>
    [Fact]
    public void The_id_of_the_standards_example_is_the_standards()
    {
        DateTimeOffset moment = new(2022, 2, 22, 14, 22, 22, TimeSpan.FromHours(-5));

        Assert.Equal("017f22e279b07cc398c4dc0c0c07398f", ReservationIds.At(moment, Guid.Parse("ffffffff-ffff-4cc3-98c4-dc0c0c07398f")));
        Assert.Equal("017f22e279b07cc398c4dc0c0c07398f", ReservationIds.At(moment, Guid.Parse("00000000-0000-fcc3-d8c4-dc0c0c07398f")));
    }

    [Fact]
    public void Ids_rise_with_the_milliseconds_whatever_is_random()
    {
        DateTimeOffset moment = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);
        string last = "";
        for (int i = 0; i < 5_000; i++)
        {
            string id = ReservationIds.At(moment.AddMilliseconds(i), i % 2 == 0 ? Guid.AllBitsSet : Guid.Empty);
            Assert.True(string.CompareOrdinal(last, id) < 0, $"{id} does not follow {last}");
            last = id;
        }
    }
}

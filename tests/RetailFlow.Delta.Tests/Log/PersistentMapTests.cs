namespace RetailFlow.Delta.Tests;

public sealed class PersistentMapTests
{
    [Fact]
    public void Many_small_changes_equal_a_dictionary_and_leave_older_maps_alone()
    {
        var random = new Random(7);
        var model = new Dictionary<int, string>();
        var map = PersistentMap<int, string>.Empty;
        var kept = new List<(PersistentMap<int, string> Map, Dictionary<int, string> Model)>();
        for (var round = 0; round < 2000; round++)
        {
            var builder = map.ToBuilder();
            for (var i = 0; i < 5; i++)
            {
                var key = random.Next(4000);
                if (random.Next(3) == 0)
                {
                    Assert.Equal(model.Remove(key, out var old) ? old : null, builder.Remove(key));
                }
                else
                {
                    Assert.Equal(model.GetValueOrDefault(key), builder.Set(key, "v" + round));
                    model[key] = "v" + round;
                }
            }

            map = builder.Build();
            Assert.Equal(model.Count, map.Count);
            if (round % 250 == 0)
            {
                kept.Add((map, new(model)));
            }
        }

        foreach (var (keptMap, keptModel) in kept)
        {
            Assert.Equal(keptModel.Values.Order(), keptMap.Order());
            Assert.All(keptModel, e => Assert.True(keptMap.TryGetValue(e.Key, out var value) && value == e.Value));
        }
    }

    [Fact]
    public void Map_that_was_emptied_can_be_filled_again()
    {
        var one = PersistentMap<int, string>.Empty.ToBuilder();
        one.Set(1, "a");
        var full = one.Build();
        var none = full.ToBuilder();
        Assert.Equal("a", none.Remove(1));
        var empty = none.Build();
        var again = empty.ToBuilder();
        again.Set(1, "b");

        Assert.Equal(["a"], full);
        Assert.Empty(empty);
        Assert.Equal(["b"], again.Build());
    }
}

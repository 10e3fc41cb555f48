using RetailFlow.Stock.Changes;
using Xunit;

namespace RetailFlow.Stock.Tests.Changes;

/// <summary>
/// A ledger of versions, the ring that it tells its changes, and receivers that are cut off anywhere, come back with the last id they saw, and
/// are slow. Driven by numbers: the same numbers give the same life.
/// </summary>
internal sealed class ChangeStreamModel
{
    private const int Skus = 5;
    private const int Locations = 2;
    private const int Capacity = 8;

    private readonly Dictionary<(string Sku, string Location), int> versions = [];
    private readonly int[] buffers = new int[Locations];
    private readonly List<Receiver> receivers;
    private ChangeRing ring = new(Capacity, new ChangeId(0, 1_000));
    private long sequence;

    public ChangeStreamModel() => receivers =
    [
        new(this, StockFilter.All),
        new(this, new StockFilter(new HashSet<string> { Sku(1), Sku(3) }, new HashSet<string>())),
        new(this, new StockFilter(new HashSet<string>(), new HashSet<string> { Location(1) })),
    ];

    /// <summary>How often something of interest happened.</summary>
    public Dictionary<string, int> Happened { get; } = [];

    public void Run(IEnumerable<int> numbers)
    {
        foreach (int number in numbers)
        {
            int which = Math.Abs(number % 97);
            Receiver receiver = receivers[which % receivers.Count];
            switch (Math.Abs(number % 11))
            {
                case 0 or 1 or 2:
                    Change(which, 1);
                    break;
                case 3:
                    Change(which, 2 + (which % 12));
                    break;
                case 4:
                    Buffer(which % Locations);
                    break;
                case 5:
                    receiver.Disconnect();
                    break;
                case 6 when which % 4 == 0:
                    Restart();
                    break;
                default:
                    receiver.Take(which % 5);
                    break;
            }
        }

        receivers.ForEach(receiver => receiver.Finish());
    }

    private static string Sku(int n) => $"SKU-{n % Skus}";

    private static string Location(int n) => $"L{n % Locations}";

    /// <summary>Some entries of the journal that become durable at once, each for one key.</summary>
    private void Change(int which, int keys)
    {
        sequence++;
        for (int i = 0; i < keys; i++)
        {
            var key = (Sku(which + i), Location(which + (i / 3)));
            versions[key] = versions.GetValueOrDefault(key) + 1;
            ring.Add(key.Item1, key.Item2, sequence);
        }
    }

    private void Buffer(int location)
    {
        buffers[location]++;
        ring.Add(null, buffers[location] % 3 == 0 ? null : Location(location), sequence);
        if (buffers[location] % 3 == 0)
        {
            buffers[1 - location]++;
        }
    }

    private void Restart()
    {
        ring = new ChangeRing(Capacity, new ChangeId(sequence, ring.Head + 500));
        receivers.ForEach(receiver => receiver.Disconnect());
        Count("restart");
    }

    private void Count(string what) => Happened[what] = Happened.GetValueOrDefault(what) + 1;

    /// <summary>A SKU as somebody with a filter sees it; null if there is nothing of it.</summary>
    private string? StateOf(string sku, StockFilter filter)
    {
        string[] parts = [.. Enumerable.Range(0, Locations)
            .Where(l => filter.TakesLocation(Location(l)) && versions.ContainsKey((sku, Location(l))))
            .Select(l => $"{Location(l)}:{versions[(sku, Location(l))]}/{buffers[l]}")];
        return parts.Length == 0 ? null : string.Join(' ', parts);
    }

    private IEnumerable<string> Wanted(StockFilter filter) =>
        filter.Skus.Count > 0 ? filter.Skus : versions.Keys.Select(key => key.Sku).Distinct();

    private sealed class Receiver(ChangeStreamModel model, StockFilter filter)
    {
        private readonly Dictionary<string, string> picture = [];
        private readonly Queue<Told> under = new();
        private ChangeWatch? watch;
        private ChangeId? last;

        /// <summary>The connection is lost; what was on its way never comes.</summary>
        public void Disconnect()
        {
            if (under.Count > 0)
            {
                model.Count("cut off");
            }

            watch = null;
            under.Clear();
        }

        /// <summary>Takes some events.</summary>
        public void Take(int events)
        {
            if (watch is null)
            {
                watch = new ChangeWatch(model.ring, filter, last);
                model.Count(last is null ? "began" : "came back");
            }

            for (; events > 0; events--)
            {
                if (under.Count == 0)
                {
                    foreach (Told told in watch.Next().Tell(model.Wanted(filter).ToList()))
                    {
                        under.Enqueue(told);
                    }
                }

                if (!under.TryDequeue(out Told next))
                {
                    return;
                }

                Take(next);
            }
        }

        /// <summary>Takes all there is, and must have the ledger's picture then.</summary>
        public void Finish()
        {
            Take(10_000);
            Assert.Equal(
                model.Wanted(filter).Order(StringComparer.Ordinal).Where(sku => model.StateOf(sku, filter) is not null).Select(sku => $"{sku} {model.StateOf(sku, filter)}"),
                picture.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key} {entry.Value}"));
        }

        private void Take(Told told)
        {
            if (told.Kind == ToldKind.Reset)
            {
                model.Count(told.Reason.ToString());
                picture.Clear();
            }

            // As the edge does: the state is read when it is told, not when the step was taken.
            if (told.Sku is { } sku && model.StateOf(sku, filter) is { } state
                && (told.OnlyAt is null || Enumerable.Range(0, Locations).Any(l => told.OnlyAt.Contains(Location(l)) && state.Contains(Location(l), StringComparison.Ordinal))))
            {
                picture[sku] = state;
            }

            if (told.Id is { } id)
            {
                Assert.True(last is null || id.IsAfter(last.Value) || (told.Kind != ToldKind.State && id == last), $"{id} after {last}");
                last = id;
            }
        }
    }
}

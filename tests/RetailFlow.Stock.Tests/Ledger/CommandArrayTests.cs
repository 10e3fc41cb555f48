using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Stock.Tests.Journal;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>Commands that come together are decided one after the other.</summary>
public sealed class CommandArrayTests
{
    [Fact]
    public async Task Commands_in_one_append_come_to_what_they_come_to_one_by_one()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            ReservationCommand[] commands = [.. Enumerable.Range(0, 200).Select(n => Next(random, n))];
            List<ReservationTransition> single = await DecidedAsync(commands.Select(command => (object)command));
            List<ReservationTransition> together = await DecidedAsync(commands.Chunk(1 + random.Next(70)));

            Assert.Equal(single.Select(Text), together.Select(Text));
            Assert.Contains(single, t => t.Refusal == ReservationRefusal.Shortfall);
            Assert.Contains(single, t => t.IsReplay);
        }
    }

    private static string Text(ReservationTransition t) =>
        $"{t.Command} {t.Id} {t.Refusal} {t.IsReplay} {t.After?.State} {string.Join(' ', t.After?.Lines ?? [])} {string.Join(' ', t.Shortfalls)}";

    private static ReservationCommand Next(Random random, int n)
    {
        string id = $"r{random.Next(n + 1)}";
        string key = random.Next(10) == 0 ? $"k{random.Next(n + 1)}" : $"k{n}";
        return random.Next(5) switch
        {
            0 => new ConfirmCommand(key, 1, id),
            1 => new ReleaseCommand(key, 1, id),
            2 => new FulfilCommand(key, 1, id) { Lines = [] },
            _ => new HoldCommand(key, 1, $"r{n}")
            {
                Lines = [.. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => new RequestedLine($"SKU-{random.Next(3)}", "L", Quantity.Of(1 + random.Next(3))))],
                TtlMicros = 60_000_000,
                AllowPartial = random.Next(3) == 0,
            },
        };
    }

    private static async Task<List<ReservationTransition>> DecidedAsync(IEnumerable<object> tags)
    {
        using TemporaryDirectory lake = new();
        StockLedger ledger = new(new UniformPolicy(StockTerms.Plain));
        for (int sku = 0; sku < 3; sku++)
        {
            ledger.Load($"SKU-{sku}", "L", new OnHandState(Quantity.Of(40), OnHandState.None, OnHandState.None, null), 0);
        }

        ledger.Publish();
        await using StockJournal journal = StockJournal.Open(
            lake.Path,
            new StockJournalOptions { Files = new CrashableJournalFiles(), Follower = new LedgerFollower(ledger), TimeProvider = new SetClock("2026-01-01T00:00:00Z") },
            out _);
        List<ReservationTransition> answers = [];
        foreach (object tag in tags)
        {
            object admission = (await journal.AppendAsync(new JournalBatch { Tag = tag })).Admission!;
            answers.AddRange(admission is ReservationTransition one ? [one] : ((ReservationTransition?[])admission).Select(t => t!));
        }

        return answers;
    }
}

using System.Globalization;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>
/// What was answered survives power loss, and nothing is sold twice. <c>RETAILFLOW_LEDGER_RUNS</c> makes it more, <c>RETAILFLOW_SEED</c> others.
/// </summary>
public sealed class LedgerCrashTests
{
    [Fact]
    public async Task Nothing_that_was_answered_is_lost_and_nothing_is_claimed_twice_whenever_the_disk_fails()
    {
        int runs = Setting("RETAILFLOW_LEDGER_RUNS", 150);
        int first = Setting("RETAILFLOW_SEED", 1);
        int acknowledged = 0;
        for (int seed = first; seed < first + runs; seed++)
        {
            using LedgerCrashSimulation life = new(seed, PlantedBug.None);
            try
            {
                await life.RunAsync(4);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }

            Assert.Equal(4, life.Crashes);
            acknowledged += life.Acknowledged;
        }

        Assert.True(acknowledged > runs * 10, $"{acknowledged} answers in {runs} lives");
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_life()
    {
        using LedgerCrashSimulation one = new(77, PlantedBug.None);
        using LedgerCrashSimulation other = new(77, PlantedBug.None);
        await one.RunAsync(3);
        await other.RunAsync(3);

        Assert.NotEmpty(one.Trace);
        Assert.Equal(one.Trace, other.Trace);
    }

    [Theory]
    [InlineData(PlantedBug.GrantsOneTooMany)]
    [InlineData(PlantedBug.SyncLies)]
    [InlineData(PlantedBug.ForgetsTheLastEntry)]
    internal async Task A_planted_bug_is_caught(PlantedBug bug)
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            using LedgerCrashSimulation life = new(seed, bug);
            try
            {
                await life.RunAsync(4);
            }
            catch (Xunit.Sdk.XunitException)
            {
                return;
            }
            catch (IOException) when (bug == PlantedBug.SyncLies)
            {
                // A segment that is not what it was when the next one was begun: the journal itself does not open.
                return;
            }
        }

        Assert.Fail("Forty lives with the bug went by without a complaint.");
    }

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : fallback;
}

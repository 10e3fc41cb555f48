using System.Globalization;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>Many lives of the ledger against the auditor's books. <c>RETAILFLOW_LEDGER_RUNS</c> makes it more, <c>RETAILFLOW_SEED</c> others.</summary>
public sealed class LedgerSimulationTests
{
    [Fact]
    public void Every_answer_is_that_of_the_books_through_lateness_voids_expiry_and_restarts()
    {
        int runs = Setting("RETAILFLOW_LEDGER_RUNS", 60);
        int first = Setting("RETAILFLOW_SEED", 1);
        (int granted, int refused, int opened, int restarts) = (0, 0, 0, 0);
        for (int seed = first; seed < first + runs; seed++)
        {
            LedgerSimulation life = new(seed);
            try
            {
                life.Run(150);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }

            (granted, refused, opened, restarts) = (granted + life.Granted, refused + life.Refused, opened + life.Opened, restarts + life.Restarts);
        }

        // The stream must have met what it is for.
        Assert.True(granted > 0 && refused > 0 && opened > 0 && restarts > 0, $"{granted} granted, {refused} refused, {opened} looked up, {restarts} restarts");
    }

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : fallback;
}

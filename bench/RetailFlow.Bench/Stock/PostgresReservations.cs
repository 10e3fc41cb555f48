using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>
/// The reservation code of a shop on PostgreSQL, driven by pgbench: the row is updated if there is enough, and the reservation is
/// inserted, in one durable transaction.
/// </summary>
internal static partial class PostgresReservations
{
    private const int Clients = 32;

    private const string Script = """
        \set sku random(1, :skus)
        BEGIN;
        WITH taken AS (UPDATE stock SET reserved = reserved + 1 WHERE sku = :sku AND on_hand - reserved >= 1 RETURNING sku)
        INSERT INTO reservations (sku, quantity, expires_at) SELECT sku, 1, now() + interval '15 minutes' FROM taken;
        COMMIT;
        """;

    /// <summary>Reservations a second, and the mean latency in milliseconds.</summary>
    /// <exception cref="BenchException">pgbench is missing or failed, or a reservation was lost.</exception>
    public static async Task<(double PerSecond, double MeanMilliseconds)> MeasureAsync(PostgresServer server, string folder, int skus, TimeSpan time, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using (var create = source.CreateCommand(
            $"""
            DROP TABLE IF EXISTS reservations; DROP TABLE IF EXISTS stock;
            CREATE TABLE stock (sku int PRIMARY KEY, on_hand numeric(18,5) NOT NULL, reserved numeric(18,5) NOT NULL) WITH (fillfactor = 50);
            CREATE TABLE reservations (id bigserial PRIMARY KEY, sku int NOT NULL, quantity numeric(18,5) NOT NULL, expires_at timestamptz NOT NULL);
            INSERT INTO stock SELECT n, 1000000000, 0 FROM generate_series(1, {skus}) n
            """))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var analyze = source.CreateCommand("VACUUM ANALYZE stock"))
        {
            await analyze.ExecuteNonQueryAsync(cancellationToken);
        }

        var script = Path.Combine(folder, "reserve.sql");
        await File.WriteAllTextAsync(script, Script, cancellationToken);
        var address = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        var start = new ProcessStartInfo("pgbench") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (IEnumerable<string>)
        [
            "-h", address.Host!, "-p", Text(address.Port), "-U", address.Username!, "-n", "-M", "prepared", "-c", Text(Clients), "-j", "2",
            "-T", Text((int)time.TotalSeconds), "-D", $"skus={Text(skus)}", "-f", script, address.Database!,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new BenchException("pgbench did not start.");
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0 || Rate().Match(output) is not { Success: true } rate || Latency().Match(output) is not { Success: true } latency)
        {
            throw new BenchException($"pgbench failed: {(await error).Trim()}");
        }

        await using var check = source.CreateCommand("SELECT (SELECT sum(reserved) FROM stock) = (SELECT count(*) FROM reservations)");
        if (await check.ExecuteScalarAsync(cancellationToken) is not true)
        {
            throw new BenchException("PostgreSQL's reservations are not what its stock says.");
        }

        return (double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture), double.Parse(latency.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"tps = ([0-9.]+) \(without")]
    private static partial Regex Rate();

    [GeneratedRegex(@"latency average = ([0-9.]+) ms")]
    private static partial Regex Latency();
}

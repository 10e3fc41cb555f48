using System.Globalization;

namespace RetailFlow.Bench.Stock;

/// <summary>The reservation code of a shop on Redis: a script takes from the row if there is enough and writes the reservation, in one step.</summary>
internal static class RedisReservations
{
    private const int Clients = 32;
    private const int Counted = 200_000;

    private const string Script =
        "local taken = tonumber(redis.call('HGET', KEYS[1], 'reserved')) "
        + "if tonumber(redis.call('HGET', KEYS[1], 'on_hand')) - taken < 1 then return 0 end "
        + "redis.call('HSET', KEYS[1], 'reserved', taken + 1) "
        + "local id = redis.call('INCR', 'reservations') "
        + "redis.call('HSET', 'reservation:' .. id, 'sku', KEYS[1], 'quantity', 1) "
        + "redis.call('EXPIRE', 'reservation:' .. id, 900) return id";

    private const string Fill =
        "for i = 0, tonumber(ARGV[1]) - 1 do redis.call('HSET', string.format('stock:%012d', i), 'on_hand', 1000000000, 'reserved', 0) "
        + "redis.call('SET', string.format('answer:%012d', i), ARGV[2]) end return 1";

    /// <summary>Counts plenty of every SKU, and keeps an answer of a read for each.</summary>
    public static async Task FillAsync(RedisServer server, int skus, string answer, CancellationToken cancellationToken) =>
        await server.CommandAsync(["EVAL", Fill, "0", skus.ToString(CultureInfo.InvariantCulture), answer], cancellationToken);

    /// <summary>Reservations a second and milliseconds of the 99th percentile.</summary>
    /// <exception cref="BenchException">A reservation was lost.</exception>
    public static async Task<(double PerSecond, double P99)> HoldAsync(RedisServer server, int skus, CancellationToken cancellationToken)
    {
        var script = await server.CommandAsync(["SCRIPT", "LOAD", Script], cancellationToken);
        var before = Number(await server.CommandAsync(["INCRBY", "reservations", "0"], cancellationToken));
        var figures = await server.MeasureAsync(Clients, 1, Counted, skus, ["EVALSHA", script, "1", "stock:__rand_int__"], cancellationToken);
        return Number(await server.CommandAsync(["GET", "reservations"], cancellationToken)) - before == Counted
            ? figures
            : throw new BenchException("Redis's reservations are not as many as were asked for.");
    }

    /// <summary>Reads a second and milliseconds of the 99th percentile, of answers that were written before.</summary>
    public static Task<(double PerSecond, double P99)> ReadAsync(RedisServer server, int skus, CancellationToken cancellationToken) =>
        server.MeasureAsync(Clients, 1, 2 * Counted, skus, ["GET", "answer:__rand_int__"], cancellationToken);

    /// <summary>Records a second into a stream, a thousand in each message of a few connections, as the node is sent them.</summary>
    public static Task<(double PerSecond, double P99)> RecordsAsync(RedisServer server, int connections, int batch, string record, CancellationToken cancellationToken) =>
        server.MeasureAsync(connections, batch, 5 * Counted, int.MaxValue, ["XADD", "records", "*", "record", record], cancellationToken);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace RetailFlow.Bench.Ingest;

/// <summary>The baseline of ingest: the same records into a table of typed columns, each statement its own durable commit.</summary>
internal sealed class PostgresIngest(string connectionString, int processId)
{
    private const string Deadlock = "40P01";

    private int _deadlocks;

    public async Task<IngestOutcome> MeasureAsync(RecordFile file, int batch, int connections, TimeSpan time, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using (var reset = source.CreateCommand(PostgresIngestSql.Reset))
        {
            await reset.ExecuteNonQueryAsync(cancellationToken);
        }

        var warmUp = file.Records / batch / BatchFeeder.WarmUpShare;
        var values = Cut(file, batch);
        await RunAsync(source, values.GetRange(0, warmUp), batch, connections, BatchFeeder.WarmUpTime, cancellationToken);
        _deadlocks = 0;
        var outcome = await RunAsync(source, values.GetRange(warmUp, values.Count - warmUp), batch, connections, time, cancellationToken);
        await using var count = source.CreateCommand(PostgresIngestSql.Count);
        var rows = (long)(await count.ExecuteScalarAsync(cancellationToken))!;
        return outcome with { Detail = FormattableString.Invariant($"{rows:#,0} rows in the table, {_deadlocks} deadlocks retried") };
    }

    /// <summary>
    /// Parameter values are made before the clock runs: one value per column, or one array per column. Rows of a batch are
    /// put in the order of the key, because copies in concurrent batches would otherwise deadlock.
    /// </summary>
    private static List<object?[]> Cut(RecordFile file, int batch)
    {
        var result = new List<object?[]>(file.Records / batch);
        for (var from = 0; from + batch <= file.Records; from += batch)
        {
            var records = file.Typed(from, from + batch)
                .OrderBy(record => record.Source, StringComparer.Ordinal)
                .ThenBy(record => record.EventId, StringComparer.Ordinal)
                .ThenBy(record => record.Line)
                .ToList();
            result.Add(batch == 1
                ? [.. PostgresIngestSql.Columns.Select(column => column.One(records[0]) ?? DBNull.Value)]
                : [.. PostgresIngestSql.Columns.Select(column => column.Many(records))]);
        }

        return result;
    }

    private async Task<IngestOutcome> RunAsync(
        NpgsqlDataSource source, List<object?[]> values, int batch, int connections, TimeSpan time, CancellationToken cancellationToken)
    {
        var open = new List<NpgsqlConnection>();
        try
        {
            var commands = new List<NpgsqlCommand>();
            for (var i = 0; i < connections; i++)
            {
                var connection = await source.OpenConnectionAsync(cancellationToken);
                open.Add(connection);
                var command = new NpgsqlCommand(batch == 1 ? PostgresIngestSql.InsertOne : PostgresIngestSql.InsertMany, connection);
                foreach (var column in PostgresIngestSql.Columns)
                {
                    command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = batch == 1 ? column.Type : column.Type | NpgsqlDbType.Array });
                }

                await command.PrepareAsync(cancellationToken);
                commands.Add(command);
            }

            var feeder = new BatchFeeder(values.Count, time);
            var cpu = ProcessCpu.Seconds(processId);
            await Task.WhenAll(commands.Select(command => Task.Run(() => SendAsync(command, values, batch, feeder, cancellationToken), cancellationToken)));
            return feeder.Outcome("") with { ServerCpuSeconds = ProcessCpu.Seconds(processId) - cpu };
        }
        finally
        {
            foreach (var connection in open)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private async Task SendAsync(NpgsqlCommand command, List<object?[]> values, int batch, BatchFeeder feeder, CancellationToken cancellationToken)
    {
        while (feeder.Next() is { } next)
        {
            for (var i = 0; i < command.Parameters.Count; i++)
            {
                command.Parameters[i].Value = values[next][i];
            }

            var sentAt = Stopwatch.GetTimestamp();
            while (true)
            {
                try
                {
                    await command.ExecuteNonQueryAsync(cancellationToken);
                    break;
                }
                catch (PostgresException failure) when (failure.SqlState == Deadlock)
                {
                    Interlocked.Increment(ref _deadlocks);
                }
            }

            feeder.Done(batch, sentAt);
        }
    }
}

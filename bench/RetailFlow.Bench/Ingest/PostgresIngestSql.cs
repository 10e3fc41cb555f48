using NpgsqlTypes;

namespace RetailFlow.Bench.Ingest;

/// <summary>The statements of the PostgreSQL side.</summary>
internal static class PostgresIngestSql
{
    public const string Reset = """
        DROP TABLE IF EXISTS stock_record;
        CREATE TABLE stock_record (
          source text NOT NULL, event_id text NOT NULL, line bigint NOT NULL, type text NOT NULL, sku text NOT NULL, location text NOT NULL,
          quantity numeric(18,5) NOT NULL, event_time timestamptz NOT NULL, voids_event_id text, voids_line bigint, reference text, reason text,
          unit_cost numeric(18,5), channel text, PRIMARY KEY (source, event_id, line))
        """;

    public const string InsertOne = """
        INSERT INTO stock_record VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (source, event_id, line) DO NOTHING
        """;

    public const string InsertMany = """
        INSERT INTO stock_record SELECT * FROM unnest(
          $1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::timestamptz[], $9::text[], $10::bigint[],
          $11::text[], $12::text[], $13::numeric[], $14::text[])
        ON CONFLICT (source, event_id, line) DO NOTHING
        """;

    public const string Count = "SELECT count(*) FROM stock_record";

    public static IReadOnlyList<Column> Columns { get; } =
    [
        Of(NpgsqlDbType.Text, record => record.Source),
        Of(NpgsqlDbType.Text, record => record.EventId),
        Of(NpgsqlDbType.Bigint, record => record.Line),
        Of(NpgsqlDbType.Text, record => record.Type),
        Of(NpgsqlDbType.Text, record => record.Sku),
        Of(NpgsqlDbType.Text, record => record.Location),
        Of(NpgsqlDbType.Numeric, record => record.Quantity),
        Of(NpgsqlDbType.TimestampTz, record => record.EventTime),
        Of(NpgsqlDbType.Text, record => record.VoidsEventId),
        Of(NpgsqlDbType.Bigint, record => record.VoidsLine),
        Of(NpgsqlDbType.Text, record => record.Reference),
        Of(NpgsqlDbType.Text, record => record.Reason),
        Of(NpgsqlDbType.Numeric, record => record.UnitCost),
        Of(NpgsqlDbType.Text, record => record.Channel),
    ];

    private static Column Of<T>(NpgsqlDbType type, Func<TypedRecord, T> value) =>
        new(type, record => value(record), records => records.Select(value).ToArray());

    /// <summary>How a column is filled from records.</summary>
    internal sealed record Column(NpgsqlDbType Type, Func<TypedRecord, object?> One, Func<IReadOnlyList<TypedRecord>, object> Many);
}

namespace RetailFlow.Bench;

/// <summary>The statements of the bare script. File names are quoted; nothing else varies.</summary>
internal static class BareScriptSql
{
    public static string Bronze(IEnumerable<string> files, string target) => $$"""
        COPY (
          SELECT * FROM read_json([{{string.Join(", ", files.Select(Quote))}}], format = 'newline_delimited', columns = {
            event_id: 'VARCHAR', line: 'BIGINT', source: 'VARCHAR', type: 'VARCHAR', sku: 'VARCHAR', location: 'VARCHAR',
            quantity: 'DECIMAL(18,5)', event_time: 'TIMESTAMPTZ', voids: 'STRUCT(event_id VARCHAR, line BIGINT)',
            reference: 'VARCHAR', reason: 'VARCHAR', unit_cost: 'DECIMAL(18,5)', channel: 'VARCHAR'})
        ) TO {{Quote(target)}} (FORMAT parquet)
        """;

    /// <summary>
    /// Keeps the first row of each identity. Of the forms that DuckDB offers for this (DISTINCT ON, GROUP BY with first,
    /// a window, this one) it was the fastest over five million records.
    /// </summary>
    public static string Silver(string bronze, string target) => $"""
        COPY (
          SELECT * EXCLUDE (file_row_number) FROM read_parquet({Quote(bronze)}, file_row_number = true)
          WHERE file_row_number IN (
            SELECT min(file_row_number) FROM read_parquet({Quote(bronze)}, file_row_number = true) GROUP BY source, event_id, line)
        ) TO {Quote(target)} (FORMAT parquet)
        """;

    public static string Gold(string silver, string target) => $"""
        COPY (
          WITH record AS (
            SELECT sku, location, type, quantity, event_time, type <> 'void' AND NOT EXISTS (
              SELECT 1 FROM {Quote(silver)} AS v
              WHERE v.type = 'void' AND v.source = s.source AND v.voids.event_id = s.event_id AND v.voids.line = s.line) AS live
            FROM {Quote(silver)} AS s
          ), governing AS (
            SELECT sku, location, max(event_time) AS counted_at, arg_max(quantity, event_time) AS counted
            FROM record WHERE live AND type = 'count' GROUP BY sku, location
          )
          SELECT sku, location, coalesce(any_value(counted), 0) + coalesce(sum(
            CASE WHEN type IN ('sale', 'transfer_out', 'damage', 'shrink') THEN -quantity ELSE quantity END)
            FILTER (live AND type <> 'count' AND (counted_at IS NULL OR event_time > counted_at)), 0) AS on_hand
          FROM record LEFT JOIN governing USING (sku, location) GROUP BY sku, location
        ) TO {Quote(target)} (FORMAT parquet)
        """;

    public static string Rows(string file) => $"SELECT count(*) FROM {Quote(file)}";

    public static string OnHand(string gold) => $"SELECT CAST(sum(on_hand) AS DECIMAL(28,5)) FROM {Quote(gold)}";

    private static string Quote(string path) => $"'{path.Replace("'", "''", StringComparison.Ordinal)}'";
}

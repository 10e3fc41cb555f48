using RetailFlow.Delta;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Schemas of Bronze tables and of quarantine.</summary>
internal static class BronzeSchema
{
    /// <summary>Schema of a quarantine table.</summary>
    public static StructType Quarantine { get; } = new(
    [
        new StructField("layer", PrimitiveType.String, false),
        new StructField("rule", PrimitiveType.String, false),
        new StructField("field", PrimitiveType.String),
        new StructField("detail", PrimitiveType.String),
        new StructField("source_file", PrimitiveType.String),
        new StructField("batch_id", PrimitiveType.String),
        new StructField("row", PrimitiveType.Long),
        new StructField("raw", PrimitiveType.Binary),
        new StructField("record", PrimitiveType.String),
        new StructField("other", PrimitiveType.String),
        new StructField("quarantined_at", PrimitiveType.Timestamp, false),
        new StructField("_file", PrimitiveType.Long, false),
    ]);

    /// <summary>Schema of a feed's Bronze table: its columns, then the audit columns.</summary>
    public static StructType Of(FeedContract feed) => feed.IsNoted ? new StructType([.. NotedColumns.Table(feed.Record)]) : new StructType(
    [
        .. feed.Record == RecordKind.Stock
            ? StockColumns.Record
            : feed.Columns.Select(c => new StructField(c.Name, DeltaTypes.FromSql(c.Name, SqlNameOf(c)), !c.NotNull)),
        new StructField("_ingestion_ts", PrimitiveType.Timestamp, false),
        new StructField("_source_file", PrimitiveType.String, false),
        new StructField("_batch_id", PrimitiveType.String, false),
        new StructField("_row", PrimitiveType.Long, false),
        new StructField("_rescued", PrimitiveType.String),
        new StructField("_file", PrimitiveType.Long, false),
    ]);

    /// <summary>Columns of the engine's table that holds typed records of a feed before the audit columns are joined.</summary>
    public static string TypedColumns(FeedContract feed)
    {
        if (feed.Record == RecordKind.Stock)
        {
            return string.Join(", ", StockColumns.Parsed.Select(c => $"{SqlText.Name(c.Name)} {c.Type}"));
        }

        if (feed.IsNoted)
        {
            return string.Join(", ", NotedColumns.Parsed(feed.Record).Select(c => $"{SqlText.Name(c.Name)} {c.Type}"));
        }

        return string.Join(", ", feed.Columns.Select(c => $"{SqlText.Name(c.Name)} {c.SqlType}"))
            + ", _ingestion_ts timestamptz, _file bigint, _row bigint, _rescued varchar";
    }

    private static string SqlNameOf(ContractColumn column) => column.SqlType switch
    {
        "TIMESTAMPTZ" or "TIMESTAMP WITH TIME ZONE" => "TIMESTAMP WITH TIME ZONE",
        "STRING" or "TEXT" => "VARCHAR",
        "INT" => "INTEGER",
        "LONG" => "BIGINT",
        "BOOL" => "BOOLEAN",
        _ => column.SqlType.Replace(" ", "", StringComparison.Ordinal),
    };
}

using System.Text;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Stock.Records;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>The columns of a Bronze table of stock records, and how a judged record fills them.</summary>
internal static class StockColumns
{
    private static readonly byte[][] TypeNames =
        [.. Enum.GetValues<StockRecordType>().Select(type => Encoding.UTF8.GetBytes(StockRecordTypeName.Of(type)))];

    /// <summary>What the parser gives for each record, in order.</summary>
    public static IReadOnlyList<DuckDbColumnDefinition> Parsed { get; } =
    [
        new("source", DuckDbType.Varchar),
        new("event_id", DuckDbType.Varchar),
        new("line", DuckDbType.BigInt),
        new("type", DuckDbType.Varchar),
        new("sku", DuckDbType.Varchar),
        new("location", DuckDbType.Varchar),
        new("quantity", DuckDbType.Decimal(18, 5)),
        new("event_time", DuckDbType.TimestampTz),
        new("voids_event_id", DuckDbType.Varchar),
        new("voids_line", DuckDbType.BigInt),
        new("reference", DuckDbType.Varchar),
        new("reason", DuckDbType.Varchar),
        new("unit_cost", DuckDbType.Decimal(18, 4)),
        new("channel", DuckDbType.Varchar),
        new("attributes", DuckDbType.Varchar),
        new("_ingestion_ts", DuckDbType.TimestampTz),
        new("_file", DuckDbType.BigInt),
        new("_row", DuckDbType.BigInt),
        new("_rescued", DuckDbType.Varchar),
    ];

    /// <summary>Columns of the record itself, without the audit columns.</summary>
    public static IReadOnlyList<StructField> Record { get; } =
    [
        Field("source", "string", false),
        Field("event_id", "string", false),
        Field("line", "long", false),
        Field("type", "string", false),
        Field("sku", "string", false),
        Field("location", "string", false),
        new StructField("quantity", new DecimalType(18, 5), false),
        Field("event_time", "timestamp", false),
        Field("voids_event_id", "string", true),
        Field("voids_line", "long", true),
        Field("reference", "string", true),
        Field("reason", "string", true),
        new StructField("unit_cost", new DecimalType(18, 4), true),
        Field("channel", "string", true),
        Field("attributes", "string", true),
    ];

    /// <summary>Writes a judged record, which is UTF-8 throughout, into row <paramref name="row"/>.</summary>
    public static void Write(DuckDbChunkWriter chunk, int row, StockRecordDraft draft, long receivedAtMicros, long file, long fileRow)
    {
        chunk.SetKnownUtf8(0, row, draft.Source);
        chunk.SetKnownUtf8(1, row, draft.EventId);
        chunk.Column<long>(2)[row] = draft.Line;
        chunk.SetKnownUtf8(3, row, TypeNames[(int)draft.Type]);
        chunk.SetKnownUtf8(4, row, draft.Sku);
        chunk.SetKnownUtf8(5, row, draft.Location);
        chunk.Column<long>(6)[row] = draft.Quantity.Raw;
        chunk.Column<long>(7)[row] = draft.EventTimeMicros;
        if (draft.Type == StockRecordType.Void)
        {
            chunk.SetKnownUtf8(8, row, draft.VoidsEventId);
            chunk.Column<long>(9)[row] = draft.VoidsLine;
        }
        else
        {
            chunk.SetNull(8, row);
            chunk.SetNull(9, row);
        }

        Optional(chunk, 10, row, draft.Reference);
        Optional(chunk, 11, row, draft.Reason);
        if (draft.HasUnitCost)
        {
            chunk.Column<long>(12)[row] = draft.UnitCostRaw;
        }
        else
        {
            chunk.SetNull(12, row);
        }

        Optional(chunk, 13, row, draft.Channel);
        Optional(chunk, 14, row, draft.Attributes);
        chunk.Column<long>(15)[row] = receivedAtMicros;
        chunk.Column<long>(16)[row] = file;
        chunk.Column<long>(17)[row] = fileRow;
        Optional(chunk, 18, row, draft.Rescued);
    }

    private static void Optional(DuckDbChunkWriter chunk, int column, int row, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            chunk.SetNull(column, row);
        }
        else
        {
            chunk.SetKnownUtf8(column, row, value);
        }
    }

    private static StructField Field(string name, string type, bool nullable) => new(name, PrimitiveType.Find(type)!, nullable);
}

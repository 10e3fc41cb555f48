using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>The columns of a Bronze table of what the node decided or noted in the journal.</summary>
internal static class NotedColumns
{
    private static readonly DuckDbType Quantity = DuckDbType.Decimal(28, 5);

    private static readonly (string Name, DuckDbType Type, bool Nullable)[] Reservations =
    [
        ("sequence", DuckDbType.BigInt, false),
        ("at", DuckDbType.TimestampTz, false),
        ("command", DuckDbType.Varchar, false),
        ("id", DuckDbType.Varchar, false),
        ("key", DuckDbType.Varchar, true),
        ("request", DuckDbType.Varchar, true),
        ("outcome", DuckDbType.Varchar, false),
        ("state", DuckDbType.Varchar, true),
        ("created_at", DuckDbType.TimestampTz, true),
        ("expires_at", DuckDbType.TimestampTz, true),
        ("reference", DuckDbType.Varchar, true),
        ("channel", DuckDbType.Varchar, true),
        ("lines", DuckDbType.Varchar, true),
        ("transition", DuckDbType.Varchar, false),
        ("_file", DuckDbType.BigInt, false),
        ("_row", DuckDbType.BigInt, false),
    ];

    private static readonly (string Name, DuckDbType Type, bool Nullable)[] Incidents =
    [
        ("sequence", DuckDbType.BigInt, false),
        ("at", DuckDbType.TimestampTz, false),
        ("sku", DuckDbType.Varchar, false),
        ("location", DuckDbType.Varchar, false),
        ("cause", DuckDbType.BigInt, false),
        ("on_hand", Quantity, false),
        ("held", Quantity, false),
        ("committed", Quantity, false),
        ("shortage", Quantity, false),
        ("reservations", DuckDbType.Varchar, false),
        ("_file", DuckDbType.BigInt, false),
        ("_row", DuckDbType.BigInt, false),
    ];

    /// <summary>What the parser gives for each entry, in order.</summary>
    public static IReadOnlyList<DuckDbColumnDefinition> Parsed(RecordKind kind) => [.. Of(kind).Select(c => new DuckDbColumnDefinition(c.Name, c.Type))];

    /// <summary>The Bronze table's columns.</summary>
    public static IEnumerable<StructField> Table(RecordKind kind) =>
    [
        .. Of(kind).Select(c => new StructField(c.Name, DeltaTypes.FromSql(c.Name, c.Type.ToString()), c.Nullable)),
        new StructField("_source_file", PrimitiveType.String, false),
        new StructField("_batch_id", PrimitiveType.String, false),
    ];

    private static (string Name, DuckDbType Type, bool Nullable)[] Of(RecordKind kind) => kind == RecordKind.Reservation ? Reservations : Incidents;
}

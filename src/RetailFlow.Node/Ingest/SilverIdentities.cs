using System.Globalization;
using System.Text;
using RetailFlow.Lakehouse;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>Reads the identities that Silver has accepted, with the content hashes that the parser would give them.</summary>
internal static class SilverIdentities
{
    private const string Table = "silver.inventory_events";

    private const string Query =
        """
        SELECT source, event_id, CAST(line AS VARCHAR) AS line, type, sku, location, CAST(quantity AS VARCHAR) AS quantity,
               strftime(event_time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS event_time,
               voids_event_id, CAST(voids_line AS VARCHAR) AS voids_line, reference, reason,
               CAST(unit_cost AS VARCHAR) AS unit_cost, channel, attributes
        FROM silver.inventory_events
        """;

    // In the order of the query's columns.
    private static readonly StockField[] s_fields =
    [
        StockField.Source, StockField.EventId, StockField.Line, StockField.Type, StockField.Sku, StockField.Location, StockField.Quantity,
        StockField.EventTime, StockField.VoidsEventId, StockField.VoidsLine, StockField.Reference, StockField.Reason,
        StockField.UnitCost, StockField.Channel, StockField.Attributes,
    ];

    /// <summary>Adds Silver's identities to <paramref name="identities"/>; a lake without Silver has none.</summary>
    public static async Task LoadAsync(Lake lake, AcceptedIdentities identities, CancellationToken cancellationToken)
    {
        var tables = await lake.Catalog.TablesAsync(cancellationToken);
        if (!tables.Any(t => t.Name == Table && t.Version >= 0))
        {
            return;
        }

        var parser = new StockRecordParser(new StockRecordRules());
        var draft = new StockRecordDraft();
        var bytes = new byte[256];
        using var result = await lake.Sql.QueryAsync(Query, cancellationToken);
        foreach (var row in result.Rows())
        {
            cancellationToken.ThrowIfCancellationRequested();
            draft.Begin();
            for (var i = 0; i < s_fields.Length; i++)
            {
                if (row[i] is string text)
                {
                    var most = Encoding.UTF8.GetMaxByteCount(text.Length);
                    bytes = most > bytes.Length ? new byte[most] : bytes;
                    draft.SetText(s_fields[i], bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)));
                }
            }

            // Judged when it was received: what is in Silver is not judged by today's clock again.
            var context = new StockRecordContext(default, long.MaxValue / 2);
            if (!parser.Validate(draft, in context, out var violation))
            {
                throw new LakeException(
                    LakeErrorKind.Corrupt,
                    string.Create(CultureInfo.InvariantCulture, $"{Table} holds a record that breaks a rule: {violation.Detail}."));
            }

            identities.Accepted(draft.IdentityFingerprint(), new AcceptedIdentity(draft.ContentHash, draft.Type == StockRecordType.Void));
        }
    }
}

using System.Globalization;
using System.Text;
using RetailFlow.Lakehouse;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>
/// Reads the identities that Silver has accepted, and those of the voids of voids that it refused, with the content hashes that the
/// parser would give them.
/// </summary>
internal static class SilverIdentities
{
    private const string Silver = "silver.inventory_events";
    private const string Quarantine = "quarantine.inventory";

    private static readonly CompositeFormat s_accepted = CompositeFormat.Parse(
        """
        SELECT source, event_id, CAST(line AS VARCHAR) AS line, type, sku, location, CAST(quantity AS VARCHAR) AS quantity,
               strftime(event_time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS event_time,
               voids_event_id, CAST(voids_line AS VARCHAR) AS voids_line, reference, reason,
               CAST(unit_cost AS VARCHAR) AS unit_cost, channel, attributes
        FROM silver.inventory_events VERSION AS OF {0}
        """);

    private const string Refused =
        """
        SELECT record->>'$.source', record->>'$.event_id', record->>'$.line', record->>'$.type', record->>'$.sku', record->>'$.location',
               record->>'$.quantity',
               strftime(CAST(record->>'$.event_time' AS TIMESTAMPTZ) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'),
               record->>'$.voids_event_id', record->>'$.voids_line', record->>'$.reference', record->>'$.reason',
               record->>'$.unit_cost', record->>'$.channel', record->>'$.attributes'
        FROM quarantine.inventory
        WHERE layer = 'silver' AND rule = 'void_of_void'
        """;

    // In the order of the query's columns.
    private static readonly StockField[] s_fields =
    [
        StockField.Source, StockField.EventId, StockField.Line, StockField.Type, StockField.Sku, StockField.Location, StockField.Quantity,
        StockField.EventTime, StockField.VoidsEventId, StockField.VoidsLine, StockField.Reference, StockField.Reason,
        StockField.UnitCost, StockField.Channel, StockField.Attributes,
    ];

    /// <summary>Adds the identities to <paramref name="identities"/>; a lake without Silver has none.</summary>
    /// <param name="lake">The lake.</param>
    /// <param name="version">Version of Silver; -1 if there is none. What a later one accepted is still to be admitted.</param>
    /// <param name="identities">Where to.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task LoadAsync(Lake lake, long version, KnownIdentities identities, CancellationToken cancellationToken)
    {
        var tables = (await lake.Catalog.TablesAsync(cancellationToken)).Where(t => t.Version >= 0).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        if (version >= 0)
        {
            await LoadAsync(lake, string.Format(CultureInfo.InvariantCulture, s_accepted, version), isRefused: false, identities, cancellationToken);
        }

        if (tables.Contains(Quarantine))
        {
            await LoadAsync(lake, Refused, isRefused: true, identities, cancellationToken);
        }
    }

    private static async Task LoadAsync(Lake lake, string query, bool isRefused, KnownIdentities identities, CancellationToken cancellationToken)
    {
        var parser = new StockRecordParser(new StockRecordRules());
        var draft = new StockRecordDraft();
        using var result = await lake.Sql.QueryAsync(query, cancellationToken);
        foreach (var row in result.Rows())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fill(draft, row);

            // Judged when it was received: what is in Silver is not judged by today's clock again.
            var context = new StockRecordContext(default, long.MaxValue / 2);
            if (!parser.Validate(draft, in context, out var violation))
            {
                throw new LakeException(LakeErrorKind.Corrupt, $"{Silver} holds a record that breaks a rule: {violation.Detail}.");
            }

            identities.Taken(draft.IdentityFingerprint(), new KnownIdentity(draft.ContentHash, draft.Type == StockRecordType.Void, isRefused));
        }
    }

    private static void Fill(StockRecordDraft draft, object?[] row)
    {
        draft.Begin();
        Span<byte> room = stackalloc byte[512];
        for (var i = 0; i < s_fields.Length; i++)
        {
            if (row[i] is string text)
            {
                var bytes = Encoding.UTF8.GetMaxByteCount(text.Length) <= room.Length ? room : new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
                draft.SetText(s_fields[i], bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
            }
        }
    }
}

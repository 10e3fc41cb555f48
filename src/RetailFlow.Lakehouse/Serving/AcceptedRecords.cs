using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>One record as texts, in the order of <see cref="AcceptedRecords.Columns"/>. Valid while it is visited.</summary>
public readonly ref struct RecordTextRow
{
    private readonly DuckDbChunk _chunk;
    private readonly int _row;

    internal RecordTextRow(DuckDbChunk chunk, int row)
    {
        _chunk = chunk;
        _row = row;
    }

    /// <summary>The text of a column; false if the record has none.</summary>
    public bool TryGet(int column, out ReadOnlySpan<byte> utf8)
    {
        utf8 = _chunk.IsNull(column, _row) ? default : _chunk.GetUtf8(column, _row);
        return !_chunk.IsNull(column, _row);
    }
}

/// <summary>Takes one record.</summary>
/// <param name="row">The record.</param>
public delegate void RecordVisitor(RecordTextRow row);

/// <summary>
/// The records that hold identities, as far as tables have them: those that Silver has accepted, and the voids of voids that it refused. Read
/// by what came between two versions, a few files at a time.
/// </summary>
public sealed class AcceptedRecords
{
    private const string Silver = "silver.inventory_events";
    private const string Quarantine = "quarantine.inventory";
    private const int FilesAtOnce = 16;

    private const string Accepted =
        """
        source, event_id, cast(line as varchar), type, sku, location, cast(quantity as varchar),
        strftime(event_time at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'),
        voids_event_id, cast(voids_line as varchar), reference, reason, cast(unit_cost as varchar), channel, attributes
        """;

    private const string Refused =
        """
        record->>'$.source', record->>'$.event_id', record->>'$.line', record->>'$.type', record->>'$.sku', record->>'$.location',
        record->>'$.quantity',
        strftime(cast(record->>'$.event_time' as timestamptz) at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'),
        record->>'$.voids_event_id', record->>'$.voids_line', record->>'$.reference', record->>'$.reason',
        record->>'$.unit_cost', record->>'$.channel', record->>'$.attributes'
        """;

    private readonly Lake _lake;

    internal AcceptedRecords(Lake lake) => _lake = lake;

    /// <summary>The columns of a record, in the order in which they are visited.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "source", "event_id", "line", "type", "sku", "location", "quantity", "event_time", "voids_event_id", "voids_line", "reference", "reason",
        "unit_cost", "channel", "attributes",
    ];

    /// <summary>The tables as they are.</summary>
    public async ValueTask<RecordTables> TablesAsync(CancellationToken cancellationToken)
    {
        var silver = await _lake.Tables[Silver].TryLatestAsync(cancellationToken);
        var quarantine = await _lake.Tables[Quarantine].TryLatestAsync(cancellationToken);
        return new RecordTables(silver?.Metadata.Id ?? string.Empty, silver?.Version ?? -1, quarantine?.Version ?? -1);
    }

    /// <summary>Visits what Silver accepted after version <paramref name="from"/> (-1 for all) up to <paramref name="to"/>, in no order.</summary>
    /// <returns>False if records are gone, or if the log does not tell any more: then only all records tell which there are.</returns>
    public ValueTask<bool> ReadAcceptedAsync(long from, long to, RecordVisitor visit, CancellationToken cancellationToken) =>
        ReadAsync(Silver, from, to, $"select {Accepted} from ", "", visit, cancellationToken);

    /// <summary>The same for voids of voids that Silver refused: they hold their identities all the same.</summary>
    /// <returns>See <see cref="ReadAcceptedAsync"/>.</returns>
    public ValueTask<bool> ReadRefusedAsync(long from, long to, RecordVisitor visit, CancellationToken cancellationToken) =>
        ReadAsync(Quarantine, from, to, $"select {Refused} from ", " where layer = 'silver' and rule = 'void_of_void'", visit, cancellationToken);

    private async ValueTask<bool> ReadAsync(
        string name, long from, long to, string select, string where, RecordVisitor visit, CancellationToken cancellationToken)
    {
        if (from == to)
        {
            return true;
        }

        var table = _lake.Tables[name];
        var latest = await table.LatestAsync(cancellationToken);
        var snapshot = latest.Version == to ? latest : await table.Log.LoadAsync(TimeTravel.Version(to), cancellationToken);
        var changes = await InputChanges.BetweenAsync(table, from, snapshot, cancellationToken);
        if (!changes.CanBeFollowed || changes.Left.Count > 0)
        {
            return false;
        }

        using var connection = _lake.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        foreach (var reads in changes.Added.Chunk(FilesAtOnce))
        {
            using var open = new OpenFiles();
            var relation = await table.RelationAsync(open, connection, snapshot, reads, cancellationToken);
            using var result = connection.Query(select + relation + where);
            while (result.NextChunk(out var chunk))
            {
                cancellationToken.ThrowIfCancellationRequested();
                for (var row = 0; row < chunk.RowCount; row++)
                {
                    visit(new RecordTextRow(chunk, row));
                }
            }
        }

        return true;
    }
}

/// <summary>The tables that tell which identities are held.</summary>
/// <param name="Source">Names the table of accepted records: another table has another name, and empty stands for none.</param>
/// <param name="AcceptedVersion">Version of the table of accepted records; -1 if there is none.</param>
/// <param name="RefusedVersion">Version of the table of refused records; -1 if there is none.</param>
public readonly record struct RecordTables(string Source, long AcceptedVersion, long RefusedVersion);

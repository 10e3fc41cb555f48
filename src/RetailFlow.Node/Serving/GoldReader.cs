using System.Globalization;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Serving;

namespace RetailFlow.Node.Serving;

/// <summary>Reads what a run changed in Gold's stock: after a commit that only folded new records in, the rows it changed; else all of them.</summary>
internal sealed class GoldReader(Lake lake)
{
    /// <summary>The table that is read.</summary>
    public const string Table = "gold.stock_on_hand";

    private const string FoldMode = "fold";
    private const string Columns = "sku, location, on_hand, held, committed, safety_stock, available, last_event_time, last_count_time";

    // Below it, reading everything is as quick as asking for what changed.
    private const int SmallTable = 20_000;

    /// <summary>Gold as it is.</summary>
    public async ValueTask<GoldSnapshot> ReadAsync(CancellationToken cancellationToken)
    {
        var gold = await lake.History.GoldAsync(cancellationToken);
        if (gold.Version < 0)
        {
            return new GoldSnapshot(-1, 0, 0, 0, [], lake.Options.Clock.GetUtcNow());
        }

        var table = string.Create(CultureInfo.InvariantCulture, $"{Table} VERSION AS OF {gold.Version}");
        using var result = await lake.Sql.QueryAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                SELECT {Columns}, (SELECT max(sequence) FROM {table}), (SELECT count(*) FROM {table})
                FROM {table} ORDER BY last_event_time DESC NULLS LAST LIMIT {GoldSnapshot.LatestRows}
                """),
            cancellationToken);
        var rows = result.Rows().ToList();
        var (highest, count) = rows.Count == 0 ? (0, 0) : ((long)rows[0][9]!, (long)rows[0][10]!);
        return new GoldSnapshot(
            gold.Version, gold.Sequence, count < SmallTable ? 0 : highest, count, rows.Select(RowOf), lake.Options.Clock.GetUtcNow());
    }

    /// <summary>The snapshot after a run of the pipeline, and the rows that may have changed.</summary>
    /// <param name="current">The snapshot before it.</param>
    /// <param name="step">What the run did to the table; null if it has no such table.</param>
    /// <param name="sequence">The journal sequence that the run carried.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async ValueTask<GoldChange> ReadAfterAsync(GoldSnapshot? current, StepReport? step, long sequence, CancellationToken cancellationToken)
    {
        if (current is null || step is null)
        {
            return await ReadAnewAsync(sequence, cancellationToken);
        }

        var version = step.Version ?? current.Version;
        if (version == current.Version)
        {
            // The run succeeded and the rows are the same: they contain every record that it carried.
            return new GoldChange(current.CarriedTo(Math.Max(sequence, current.Sequence), lake.Options.Clock.GetUtcNow()), [], IsWhole: false);
        }

        // A row's order of acceptance only grows while records are folded in, so the greater ones are the changed ones. Another
        // commit in between, or an evaluation of whole keys, may have taken rows away: then everything is read.
        return version == current.Version + 1 && step is { Outcome: StepOutcome.Committed, Mode: FoldMode }
            && current is { Count: >= SmallTable, HighestOrder: > 0 }
            ? await ReadChangesAsync(current, version, sequence, cancellationToken)
            : await ReadAnewAsync(sequence, cancellationToken);
    }

    private async ValueTask<GoldChange> ReadAnewAsync(long sequence, CancellationToken cancellationToken)
    {
        var sheet = await lake.Stock.GetAsync([], null, null, cancellationToken);
        return new GoldChange(await SnapshotAsync(sheet, sequence, cancellationToken), sheet.Rows, IsWhole: true);
    }

    private async ValueTask<GoldSnapshot> SnapshotAsync(StockSheet sheet, long sequence, CancellationToken cancellationToken)
    {
        var highest = sheet.Rows.Count < SmallTable ? 0 : await HighestOrderAsync(sheet.Version, cancellationToken);
        return new GoldSnapshot(sheet.Version, Math.Max(sequence, sheet.Sequence), highest, sheet.Rows.Count, sheet.Rows, sheet.AsOf);
    }

    private async ValueTask<GoldChange> ReadChangesAsync(GoldSnapshot current, long version, long sequence, CancellationToken cancellationToken)
    {
        var table = string.Create(CultureInfo.InvariantCulture, $"{Table} VERSION AS OF {version}");
        using var result = await lake.Sql.QueryAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"SELECT {Columns}, sequence, (SELECT count(*) FROM {table}) FROM {table} WHERE sequence > {current.HighestOrder}"),
            cancellationToken);
        var changed = new List<StockRow>();
        var highest = current.HighestOrder;
        var count = current.Count;
        foreach (var row in result.Rows())
        {
            changed.Add(RowOf(row));
            highest = Math.Max(highest, (long)row[9]!);
            count = (long)row[10]!;
        }

        return new GoldChange(current.With(changed, count, version, Math.Max(sequence, current.Sequence), highest, lake.Options.Clock.GetUtcNow()), changed, IsWhole: false);
    }

    private static StockRow RowOf(object?[] row) => new(
        (string)row[0]!, (string)row[1]!, (decimal)row[2]!, (decimal)row[3]!, (decimal)row[4]!, (decimal)row[5]!, (decimal)row[6]!,
        (DateTimeOffset?)row[7], (DateTimeOffset?)row[8]);

    private async ValueTask<long> HighestOrderAsync(long version, CancellationToken cancellationToken)
    {
        using var result = await lake.Sql.QueryAsync(
            string.Create(CultureInfo.InvariantCulture, $"SELECT max(sequence) FROM {Table} VERSION AS OF {version}"), cancellationToken);
        return result.Rows().First()[0] is { } highest ? Convert.ToInt64(highest, CultureInfo.InvariantCulture) : 0;
    }
}

/// <summary>What a run of the pipeline did to Gold's stock.</summary>
/// <param name="Snapshot">The rows afterwards.</param>
/// <param name="Changed">The rows that changed, or all of them.</param>
/// <param name="IsWhole">Whether all rows were read: a key without a row has no record.</param>
internal sealed record GoldChange(GoldSnapshot Snapshot, IReadOnlyList<StockRow> Changed, bool IsWhole);

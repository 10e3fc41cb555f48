using System.Globalization;
using RetailFlow.Lakehouse;

namespace RetailFlow.Node.Ingest;

/// <summary>How far the journal is known to the pipeline, read from the registry of RAW.</summary>
internal static class RegisteredJournal
{
    private const string Table = "system.landed_files";

    /// <summary>The greatest sequence that is registered, 0 if none is.</summary>
    public static async Task<long> PositionAsync(Lake lake, CancellationToken cancellationToken)
    {
        var tables = await lake.Catalog.TablesAsync(cancellationToken);
        if (!tables.Any(t => t.Name == Table && t.Version >= 0))
        {
            return 0;
        }

        using var result = await lake.Sql.QueryAsync($"SELECT max(last_sequence) AS sequence FROM {Table}", cancellationToken);
        return result.Rows().First()[0] is { } sequence ? Convert.ToInt64(sequence, CultureInfo.InvariantCulture) : 0;
    }
}

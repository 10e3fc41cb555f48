using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>Reads any Delta table at a path, whoever wrote it. No lake is needed.</summary>
public static class DeltaFiles
{
    /// <summary>Rows of a table.</summary>
    /// <exception cref="DeltaException">It is no Delta table, is damaged, or needs a reader feature that is not supported.</exception>
    public static async ValueTask<SqlResult> ReadAsync(string path, long? version, DateTimeOffset? timestamp, CancellationToken cancellationToken)
    {
        var engine = OpenEngine();
        try
        {
            var snapshot = await LoadAsync(engine, path, version, timestamp, cancellationToken);
            var connection = engine.Connect();
            var scan = await ScanAsync(engine, connection, snapshot, path, cancellationToken);
            return new SqlResult(connection.Query($"select * from {scan.Relation}"), connection.CancelWith(cancellationToken), scan, connection, engine);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Writes the rows of a table as one Parquet file with the table's types; returns how many.</summary>
    public static async ValueTask<long> ExportAsync(string path, long? version, DateTimeOffset? timestamp, string toParquet, CancellationToken cancellationToken)
    {
        using var engine = OpenEngine();
        var snapshot = await LoadAsync(engine, path, version, timestamp, cancellationToken);
        using var connection = engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        using var scan = await ScanAsync(engine, connection, snapshot, path, cancellationToken);
        var temporary = toParquet + ".tmp";
        connection.Execute($"copy (select * from {scan.Relation}) to {SqlText.Literal(temporary)} (format parquet, compression snappy)");
        File.Delete(toParquet);
        LocalDurability.TryRename(temporary, toParquet);
        return connection.Scalar<long>($"select count(*) from read_parquet({SqlText.Literal(toParquet)})");
    }

    /// <summary>Writes what the log says: protocol, metadata, live files, transaction identifiers, domains.</summary>
    public static async ValueTask WriteLogAsync(string path, long? version, Utf8JsonWriter to, CancellationToken cancellationToken)
    {
        using var engine = OpenEngine();
        var snapshot = await LoadAsync(engine, path, version, null, cancellationToken);
        to.WriteStartObject();
        to.WriteNumber("version", snapshot.Version);
        to.WriteString("timestamp", snapshot.Timestamp);
        to.WritePropertyName("protocol");
        WriteAction(to, snapshot.Protocol);
        to.WritePropertyName("metaData");
        WriteAction(to, snapshot.Metadata);
        WriteList(to, "files", snapshot.Files.OrderBy(f => f.Path, StringComparer.Ordinal));
        WriteList(to, "txns", snapshot.Transactions.Values.OrderBy(t => t.AppId, StringComparer.Ordinal));
        WriteList(to, "domains", snapshot.DomainMetadata.Values.OrderBy(d => d.Domain, StringComparer.Ordinal));
        to.WriteEndObject();
        await to.FlushAsync(cancellationToken);
    }

    private static void WriteList(Utf8JsonWriter to, string name, IEnumerable<DeltaAction> actions)
    {
        to.WriteStartArray(name);
        foreach (var action in actions)
        {
            WriteAction(to, action);
        }

        to.WriteEndArray();
    }

    /// <summary>The action's content without the name that wraps it in a commit.</summary>
    private static void WriteAction(Utf8JsonWriter to, DeltaAction action)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            DeltaActionJson.Write(writer, action);
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        document.RootElement.EnumerateObject().First().Value.WriteTo(to);
    }

    private static ValueTask<TableScan> ScanAsync(TableEngine engine, DuckDbConnection connection, Snapshot snapshot, string path, CancellationToken cancellationToken) =>
        TableScan.OpenAsync(new TableAccess(engine, new LocalObjectStore(Path.GetFullPath(path)), ""), connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, cancellationToken);

    private static TableEngine OpenEngine() =>
        TableEngine.Open(new TableEngineOptions { WorkFolder = Path.Combine(Path.GetTempPath(), "retailflow") });

    private static async ValueTask<Snapshot> LoadAsync(TableEngine engine, string path, long? version, DateTimeOffset? timestamp, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(path))
        {
            throw new LakeException(LakeErrorKind.InvalidInput, $"Folder '{path}' does not exist.");
        }

        var log = new DeltaLog(
            new LocalObjectStore(Path.GetFullPath(path)),
            "",
            new DuckDbCheckpointParquet(engine),
            new DeltaLogOptions { Clock = TimeProvider.System, NewGuid = Guid.NewGuid, EngineInfo = "RetailFlow" });
        var at = version is { } number ? TimeTravel.Version(number) : timestamp is { } time ? TimeTravel.AsOf(time) : TimeTravel.Latest;
        return await log.LoadAsync(at, cancellationToken);
    }
}

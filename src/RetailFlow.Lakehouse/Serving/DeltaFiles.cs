using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.Lakehouse.Stores;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>Reads any Delta table, whoever wrote it, in a folder or at a URL of Azure storage. No lake is needed.</summary>
public static class DeltaFiles
{
    /// <summary>Rows of a table.</summary>
    /// <exception cref="DeltaException">It is no Delta table, is damaged, or needs a reader feature that is not supported.</exception>
    public static async ValueTask<SqlResult> ReadAsync(string path, long? version, DateTimeOffset? timestamp, CancellationToken cancellationToken, RemoteOptions? remote = null)
    {
        var session = TableSession.Open(path, remote);
        try
        {
            var rows = await session.Table.ReadAsync(At(version, timestamp), cancellationToken: cancellationToken);
            return new SqlResult(rows.Columns, rows.Rows(), rows, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Writes the rows of a table as one Parquet file with the table's types; returns how many.</summary>
    /// <exception cref="DeltaException">It is no Delta table, is damaged, or needs a reader feature that is not supported.</exception>
    public static async ValueTask<long> ExportAsync(string path, long? version, DateTimeOffset? timestamp, string toParquet, CancellationToken cancellationToken, RemoteOptions? remote = null)
    {
        using var session = TableSession.Open(path, remote);
        return await session.Table.ExportAsync(toParquet, At(version, timestamp), cancellationToken);
    }

    /// <summary>Rows that changed from one version to another, both included; null for the newest.</summary>
    /// <exception cref="DeltaException">It is no Delta table, or its change data feed is not on in one of the versions.</exception>
    public static async ValueTask<SqlResult> ChangesAsync(string path, long from, long? to, CancellationToken cancellationToken, RemoteOptions? remote = null)
    {
        var session = TableSession.Open(path, remote);
        try
        {
            var rows = await session.Table.ChangesAsync(from, to, cancellationToken);
            return new SqlResult(rows.Columns, rows.Rows(), rows, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Writes the rows that changed from one version to another as one Parquet file; returns how many.</summary>
    /// <exception cref="DeltaException">It is no Delta table, or its change data feed is not on in one of the versions.</exception>
    public static async ValueTask<long> ExportChangesAsync(string path, long from, long? to, string toParquet, CancellationToken cancellationToken, RemoteOptions? remote = null)
    {
        using var session = TableSession.Open(path, remote);
        return await session.Table.ExportChangesAsync(toParquet, from, to, cancellationToken);
    }

    /// <summary>Gives a table another profile by one commit; its files stay.</summary>
    /// <param name="path">Folder of the table, or its URL.</param>
    /// <param name="profile">Name of the profile: <c>interop</c> or <c>modern</c>.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <param name="remote">How storage in Azure is reached.</param>
    /// <returns>The version committed; null if the table had the profile already.</returns>
    /// <exception cref="LakeException">There is no such profile or folder.</exception>
    /// <exception cref="DeltaException">It is no Delta table, or cannot have that profile in place; the message says why.</exception>
    public static async ValueTask<long?> ConvertAsync(string path, string profile, CancellationToken cancellationToken, RemoteOptions? remote = null)
    {
        var wanted = TableProfile.Find(profile)
            ?? throw new LakeException(LakeErrorKind.InvalidInput, $"Profile '{profile}' is not known; it must be {TableProfile.Interop.Name} or {TableProfile.Modern.Name}.");
        using var session = TableSession.Open(path, remote);
        return await TableConversion.RunAsync(session.Table.Log, wanted, session.NewGuid, cancellationToken);
    }

    /// <summary>Writes what the log says: protocol, metadata, live files with their deletion vectors, transaction identifiers, domains.</summary>
    public static async ValueTask WriteLogAsync(string path, long? version, DateTimeOffset? timestamp, Utf8JsonWriter to, CancellationToken cancellationToken, RemoteOptions? remote = null)
    {
        using var session = TableSession.Open(path, remote);
        var snapshot = await session.Table.LoadAsync(At(version, timestamp), cancellationToken);
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

    /// <summary>Judges every table below a folder.</summary>
    /// <exception cref="LakeException">There is no such folder.</exception>
    public static async ValueTask<ConformanceReport> JudgeAsync(string folder, CancellationToken cancellationToken) => Directory.Exists(folder)
        ? await Conformance.JudgeAsync(folder, WorkFolder, cancellationToken)
        : throw new LakeException(LakeErrorKind.InvalidInput, $"Folder '{folder}' does not exist.");

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

    private static string WorkFolder => Path.Combine(Path.GetTempPath(), "retailflow");

    private static TimeTravel At(long? version, DateTimeOffset? timestamp) =>
        version is { } number ? TimeTravel.Version(number) : timestamp is { } time ? TimeTravel.AsOf(time) : TimeTravel.Latest;

    /// <summary>One table with an engine and a store of its own.</summary>
    private sealed class TableSession : IDisposable
    {
        private readonly OpenedStore? _opened;
        private readonly DeltaTables _tables;

        private TableSession(OpenedStore? opened, IObjectStore store, string path)
        {
            _opened = opened;
            _tables = DeltaTables.Open(store, new DeltaTablesOptions { WorkFolder = WorkFolder });
            Table = DeltaTable.Open(_tables, path);
        }

        public DeltaTable Table { get; }

        public Func<Guid> NewGuid => _tables.Options.NewGuid;

        public static TableSession Open(string path, RemoteOptions? remote)
        {
            if (OpenedStore.IsRemote(path))
            {
                var opened = OpenedStore.Open(path, remote ?? new RemoteOptions());
                return new TableSession(opened, opened.Store, "");
            }

            // The whole file system is the store, so that files which a table names by absolute paths are found.
            return Directory.Exists(path)
                ? new TableSession(null, new LocalObjectStore("/"), Path.GetFullPath(path))
                : throw new LakeException(LakeErrorKind.InvalidInput, $"Folder '{path}' does not exist.");
        }

        public void Dispose()
        {
            _tables.Dispose();
            _opened?.Dispose();
        }
    }
}

using System.Text.Json.Nodes;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Scanning;

/// <summary>A table of one version whose log is written by hand and whose files come from SQL.</summary>
internal sealed class HandMadeTable : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly List<string> _lines = [];

    public HandMadeTable(string fields, string protocol = """{"minReaderVersion":1,"minWriterVersion":2}""", string configuration = "{}", string partitions = "[]")
    {
        var schema = JsonValue.Create($$"""{"type":"struct","fields":[{{fields}}]}""").ToJsonString();
        _lines.Add("{\"protocol\":" + protocol + "}");
        _lines.Add($$$"""{"metaData":{"id":"t","format":{"provider":"parquet","options":{}},"schemaString":{{{schema}}},"partitionColumns":{{{partitions}}},"configuration":{{{configuration}}} }}""");
        Session = DeltaTables.Open(new LocalObjectStore(_folder.File("t")), new DeltaTablesOptions { WorkFolder = _folder.File("work"), Threads = 2 });
    }

    public DeltaTables Session { get; }

    public string Folder => _folder.File("t");

    /// <summary>Adds a data file with the rows of a select.</summary>
    public HandMadeTable File(string name, string select, string partitionValues = "{}", string options = "", string more = "", string? path = null)
    {
        var file = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using (var connection = Session.Engine.Connect())
        {
            connection.Execute($"copy ({select}) to '{file.Replace("'", "''", StringComparison.Ordinal)}' (format parquet{options})");
        }

        return Log(file, path ?? DeltaPath.Encode(name), partitionValues, more);
    }

    /// <summary>Adds a data file byte by byte.</summary>
    public HandMadeTable File(string name, byte[] content)
    {
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, name);
        System.IO.File.WriteAllBytes(file, content);
        return Log(file, name, "{}", "");
    }

    private HandMadeTable Log(string file, string path, string partitionValues, string more)
    {
        var logged = JsonValue.Create(path).ToJsonString();
        _lines.Add($$$"""{"add":{"path":{{{logged}}},"partitionValues":{{{partitionValues}}},"size":{{{new FileInfo(file).Length}}},"modificationTime":1,"dataChange":true{{{more}}} }}""");
        return this;
    }

    public DeltaTable Open()
    {
        var log = Path.Combine(Folder, "_delta_log");
        Directory.CreateDirectory(log);
        System.IO.File.WriteAllLines(Path.Combine(log, "00000000000000000000.json"), _lines);
        return DeltaTable.Open(Session, "");
    }

    /// <summary>All rows as text, as the engine prints them, in order; and the columns' types.</summary>
    public async Task<(string Types, string[] Rows)> ReadAsync(string select = "*", string tail = "")
    {
        using var rows = await Open().QueryAsync($"select {select} from {{table}} {tail} order by all");
        return (string.Join(", ", rows.Columns.Select(c => $"{c.Name} {c.Type}")), [.. rows.Rows().Select(r => string.Join('|', r.Select(Text)))]);
    }

    /// <summary>The text of the relation of all files.</summary>
    public async Task<string> RelationAsync()
    {
        var table = Open();
        var snapshot = await table.LoadAsync();
        using var connection = Session.Engine.Connect();
        using var scan = await TableScan.OpenAsync(table.Access, connection, snapshot, [.. snapshot.Files.OrderBy(f => f.Path, StringComparer.Ordinal)], ScanOptions.Everything, default);
        return scan.Relation;
    }

    public async Task<DeltaException> RefusedAsync() => await Assert.ThrowsAsync<DeltaException>(async () => await Open().ReadAsync());

    public void Dispose()
    {
        Session.Dispose();
        _folder.Dispose();
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        byte[] bytes => Convert.ToHexString(bytes),
        DateTimeOffset time => time.ToString("yyyy-MM-ddTHH:mm:ss.ffffffK", System.Globalization.CultureInfo.InvariantCulture),
        DateTime time => time.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}

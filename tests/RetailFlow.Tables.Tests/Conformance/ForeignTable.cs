using System.Globalization;
using System.Text.Json.Nodes;
using RetailFlow.DuckDb;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;
using Judge = RetailFlow.Tables.Conformance;

namespace RetailFlow.Tables.Tests.Conformance;

/// <summary>A table as another writer might leave it: a log written by hand, files and checkpoints from SQL, and what must be in it.</summary>
internal sealed class ForeignTable : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly DuckDbDatabase _database = DuckDbDatabase.Open();
    private readonly DuckDbConnection _connection;

    public ForeignTable(string at = "table/delta")
    {
        _connection = _database.Connect();
        Folder = _folder.File(at);
        Directory.CreateDirectory(Log);
    }

    public const string Protocol = """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""";

    public string Folder { get; }

    public string Log => Path.Combine(Folder, "_delta_log");

    public static string Features(params string[] readers)
    {
        var names = string.Join(',', readers.Select(r => $"\"{r}\""));
        return $$$"""{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[{{{names}}}],"writerFeatures":[{{{names}}}]}}""";
    }

    public static string Field(string name, string type, string metadata = "{}") =>
        $$"""{"name":"{{name}}","type":{{(type.StartsWith('{') ? type : $"\"{type}\"")}},"nullable":true,"metadata":{{metadata}}}""";

    public static string Metadata(string fields, string partitions = "", string configuration = "")
    {
        var schema = JsonValue.Create($$"""{"type":"struct","fields":[{{fields}}]}""").ToJsonString();
        return $$$"""{"metaData":{"id":"t","format":{"provider":"parquet","options":{}},"schemaString":{{{schema}}},"partitionColumns":[{{{partitions}}}],"configuration":{ {{{configuration}}} } }}""";
    }

    public static string Add(string path, string partitionValues = "", string more = "") =>
        $$$"""{"add":{"path":{{{JsonValue.Create(path).ToJsonString()}}},"partitionValues":{ {{{partitionValues}}} },"size":1,"modificationTime":1,"dataChange":true{{{more}}} }}""";

    public static string Remove(string path, bool dataChange = true, string more = "") =>
        $$$"""{"remove":{"path":{{{JsonValue.Create(path).ToJsonString()}}},"deletionTimestamp":1,"dataChange":{{{(dataChange ? "true" : "false")}}}{{{more}}} }}""";

    public static string Change(string path) => $$"""{"cdc":{"path":"{{path}}","partitionValues":{},"size":1,"dataChange":false} }""";

    public ForeignTable Commit(long version, params string[] lines) => Text($"{version:D20}.json", string.Join('\n', lines) + "\n");

    /// <summary>A file in the log's folder.</summary>
    public ForeignTable Text(string name, string content)
    {
        var file = Path.Combine(Log, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return this;
    }

    /// <summary>A data file with the rows of a select.</summary>
    public ForeignTable Data(string name, string select, string options = "")
    {
        Copy(Path.Combine(Folder, name), select, options);
        return this;
    }

    /// <summary>A Parquet file in the log's folder.</summary>
    public ForeignTable Checkpoint(string name, string select)
    {
        Copy(Path.Combine(Log, name), select, "");
        return this;
    }

    /// <summary>What the newest version must hold.</summary>
    public ForeignTable Expected(string select, string name = "part-0.parquet")
    {
        Copy(Path.Combine(Path.GetDirectoryName(Folder)!, "expected", name), select, "");
        return this;
    }

    public async Task<ConformanceReport> ReportAsync() =>
        await Judge.JudgeAsync(_folder.File("table"), _folder.File("work"), TestContext.Current.CancellationToken);

    public async Task<ConformanceResult> JudgeAsync() => Assert.Single((await ReportAsync()).Tables);

    /// <summary>The table is right, and the scoreboard says that it did this.</summary>
    public async Task AssertRightAsync(params string[] done)
    {
        var result = await JudgeAsync();
        Assert.True(result.Verdict == ConformanceVerdict.Right, $"{result.Verdict}: {result.Detail}");
        foreach (var part in done)
        {
            Assert.Contains(part, result.Detail, StringComparison.Ordinal);
        }
    }

    /// <summary>The table has another verdict, for this reason.</summary>
    public async Task AssertAsync(ConformanceVerdict verdict, string reason)
    {
        var result = await JudgeAsync();
        Assert.True(result.Verdict == verdict, $"{result.Verdict}: {result.Detail}");
        Assert.Contains(reason, result.Detail, StringComparison.Ordinal);
    }

    /// <summary>The changes of some versions: all columns but the commit's time, separated by bars.</summary>
    public async Task<string[]> ChangesAsync(long from, long? to = null)
    {
        using var session = DeltaTables.Open(new LocalObjectStore(Folder), new DeltaTablesOptions { WorkFolder = _folder.File("work") });
        var table = DeltaTable.Open(session, "");
        using var connection = session.Engine.Connect();
        using var feed = await ChangeFeed.OpenAsync(table.Access, table.Log, connection, from, to, TestContext.Current.CancellationToken);
        using var rows = connection.Query($"select * exclude (_commit_timestamp) from {feed.Relation} order by all");
        return [.. rows.Rows().Select(row => string.Join('|', row.Select(v => Convert.ToString(v ?? "null", CultureInfo.InvariantCulture))))];
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
        _folder.Dispose();
    }

    private void Copy(string file, string select, string options)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        _connection.Execute(string.Create(CultureInfo.InvariantCulture, $"copy ({select}) to '{file.Replace("'", "''", StringComparison.Ordinal)}' (format parquet{options})"));
    }
}

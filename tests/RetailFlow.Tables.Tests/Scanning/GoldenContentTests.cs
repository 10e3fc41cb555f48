using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Scanning;

public sealed class GoldenContentTests
{
    private static readonly string Golden = Path.GetFullPath(Path.Combine(RepositoryRoot(), "..", "shared", "conformance", "delta", "golden"));

    public static TheoryData<string> Tables => [.. Directory.GetDirectories(Golden).Where(d => Directory.Exists(d + "/expected")).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task The_newest_version_has_the_expected_rows(string name)
    {
        var ct = TestContext.Current.CancellationToken;
        using var folder = new TemporaryDirectory();
        using var engine = TableEngine.Open(new TableEngineOptions { WorkFolder = folder.Path, Threads = 2 });
        using var connection = engine.Connect();
        var store = new LocalObjectStore($"{Golden}/{name}/delta");
        var log = new DeltaLog(store, "", new DuckDbCheckpointParquet(engine), new DeltaLogOptions { Clock = TimeProvider.System, NewGuid = Guid.NewGuid, EngineInfo = "test" });
        var snapshot = await log.LoadAsync(ct);
        using var scan = await TableScan.OpenAsync(new TableAccess(engine, store, ""), connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, ct);
        var columns = SqlText.Names(snapshot.Schema.Fields.Select(f => f.Name));
        var expected = $"(select {columns} from read_parquet({SqlText.Literal($"{Golden}/{name}/expected/*.parquet")}, union_by_name = true))";
        Assert.Equal(0L, connection.Scalar<long>($"select count(*) from (select * from {scan.Relation} except all select * from {expected})"));
        Assert.Equal(0L, connection.Scalar<long>($"select count(*) from (select * from {expected} except all select * from {scan.Relation})"));
    }

    private static string RepositoryRoot([System.Runtime.CompilerServices.CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}

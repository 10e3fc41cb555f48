namespace RetailFlow.Delta.Tests;

/// <summary>A table whose rows are deleted by deletion vectors; files have ten rows unless told otherwise.</summary>
internal sealed class VectorTable
{
    public const long Rows = 10;

    private int vectors;

    private VectorTable(TestTable table) => Table = table;

    public TestTable Table { get; }

    public DeletionVectorFiles Files => new(Table.Store, TestTable.Path);

    public static Protocol Protocol(params string[] more) => new(
        3, 7, new HashSet<string> { "deletionVectors" }, new HashSet<string>(["appendOnly", "invariants", "deletionVectors", .. more]));

    public static async Task<(VectorTable Table, Snapshot Snapshot)> CreateAsync(IReadOnlyList<string> files, params (string Key, string Value)[] properties)
    {
        var table = new VectorTable(new TestTable());
        var metadata = TestTable.MetadataOf(configuration: properties.Length > 0 && properties[0].Key == "delta.enableDeletionVectors" ? properties : [("delta.enableDeletionVectors", "true"), .. properties]);
        var snapshot = await table.Table.CreateAsync(ProtocolUpgrade.For(Protocol(), metadata), metadata, [.. files.Select(f => File(f))]);
        return (table, snapshot);
    }

    public static AddFile File(string path, long rows = Rows, long low = 0) => TestTable.File(
        path, stats: $$$"""{"numRecords":{{{rows}}},"minValues":{"id":{{{low}}}},"maxValues":{"id":{{{low + rows - 1}}}},"nullCount":{"id":0}}""");

    /// <summary>The file with more rows deleted.</summary>
    public async Task<AddFile> DeletedAsync(AddFile file, params long[] rows)
    {
        var before = file.DeletionVector is { } old ? await Files.ReadAsync(old) : DeletionVector.Empty;
        var written = await Files.WriteAsync([before.Union(DeletionVector.Of(rows))], new Guid(++vectors, 1, 1, new byte[8]));
        return file with { DeletionVector = written[0], Stats = file.ParsedStatistics!.Widened().ToJson() };
    }

    /// <summary>A transaction that deletes rows of files and read just these.</summary>
    public async Task<DeltaTransaction> DeleteAsync(Snapshot on, string path, params long[] rows)
    {
        var transaction = DeltaTransaction.Create(on, "DELETE");
        transaction.ReadFiles(new FilePredicate.Unknown());
        foreach (var other in on.Files.Where(f => f.Path != path))
        {
            transaction.ReadRows(other, DeletionVector.Empty);
        }

        var file = on.Files.Single(f => f.Path == path);
        transaction.ReadRows(file, DeletionVector.Of(rows));
        transaction.ReplaceDeletionVector(file, await DeletedAsync(file, rows));
        return transaction;
    }

    public async Task<string> DeletedRowsAsync(Snapshot snapshot, string path) =>
        snapshot.Files.Single(f => f.Path == path).DeletionVector is { } vector ? string.Join(' ', (await Files.ReadAsync(vector)).Rows) : "";
}

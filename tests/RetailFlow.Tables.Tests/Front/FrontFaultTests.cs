using RetailFlow.Delta;
using RetailFlow.NaiveDelta;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Front;

/// <summary>Every operation of the front over a store of which one call fails, whichever it is.</summary>
public sealed class FrontFaultTests : IDisposable
{
    private static readonly Dictionary<string, Func<DeltaTable, DeltaTable, string, Task>> s_operations = new(StringComparer.Ordinal)
    {
        ["load"] = async (t, _, _) => await t.LoadAsync(TimeTravel.Version(2)),
        ["load as of"] = async (t, _, _) => await t.LoadAsync(TimeTravel.AsOf(DateTimeOffset.MaxValue)),
        ["read"] = async (t, _, _) => (await t.ReadAsync()).Dispose(),
        ["query"] = async (t, _, _) => (await t.QueryAsync("select count(*) from {table}")).Dispose(),
        ["export"] = async (t, _, file) => await t.ExportAsync(file),
        ["changes"] = async (t, _, _) => (await t.ChangesAsync(1)).Dispose(),
        ["export changes"] = async (t, _, file) => await t.ExportChangesAsync(file, 1),
        ["history"] = async (t, _, _) => await t.HistoryAsync(),
        ["create"] = async (_, other, _) => await other.CreateAsync(Definition),
        ["append"] = async (t, _, _) => await t.AppendAsync("select 7 as id"),
        ["overwrite"] = async (t, _, _) => await t.OverwriteAsync("select 7 as id"),
        ["merge"] = async (t, _, _) => await t.MergeAsync(new Merge { Source = "select 2 as id union all select 20000", Keys = Merge.On("id"), WhenMatched = [MatchedClause.Delete()], WhenNotMatched = [new InsertClause()] }),
        ["update"] = async (t, _, _) => await t.UpdateAsync(new Dictionary<string, string> { ["id"] = "id + 5000" }, "id < 2000"),
        ["delete"] = async (t, _, _) => await t.DeleteAsync("id % 2 = 0"),
        ["alter"] = async (t, _, _) => await t.AlterAsync([new SchemaChange.AddConstraint("positive", "id >= 0")]),
        ["optimize"] = async (t, _, _) => await t.OptimizeAsync(),
        ["vacuum"] = async (t, _, _) => await t.VacuumAsync(TimeSpan.Zero, force: true),
        ["restore"] = async (t, _, _) => await t.RestoreAsync(TimeTravel.Version(1)),
        ["clone"] = async (t, other, _) => await t.CloneShallowAsync(other),
        ["checkpoint"] = async (t, _, _) => await t.CheckpointAsync(),
    };

    private readonly TemporaryDirectory _folder = new();
    private readonly IObjectStore _store = new RelocatedObjectStore(new InMemoryObjectStore(), StoreLocation.OfFolder("/nowhere"));
    private int _copies;

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    private static TableDefinition Definition => new()
    {
        Schema = new([new("id", PrimitiveType.Long)]),
        Profile = TableProfile.Find("modern"),
        Properties = new Dictionary<string, string> { ["delta.checkpointInterval"] = "2", ["delta.enableChangeDataFeed"] = "true" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Any_call_may_fail_and_the_operation_succeeds_or_tells_of_the_store_and_changes_nothing(string operation)
    {
        var run = s_operations[operation];
        var faulty = new FaultInjectingObjectStore(_store, FaultPlan.None);
        using var session = DeltaTables.Open(faulty, new DeltaTablesOptions { WorkFolder = _folder.File("work"), Threads = 1 });
        var start = await StartAsync(session);
        var before = await RowsAsync();
        await run(DeltaTable.Open(session, "t"), DeltaTable.Open(session, "other"), _folder.File("out.parquet"));
        var after = await RowsAsync();

        var failed = 0;
        foreach (var fault in new[] { StoreFault.FailBefore, StoreFault.FailAfter })
        {
            for (var (n, met) = (1, true); met; n++)
            {
                await ResetAsync(start);
                var (calls, faults) = (0, faulty.Faults);
                var at = n;
                faulty.Follow(FaultPlan.When((call, _, _) => (fault == StoreFault.FailBefore || Writes(call)) && Interlocked.Increment(ref calls) == at ? fault : StoreFault.None));
                var error = await Record.ExceptionAsync(() => run(DeltaTable.Open(session, "t"), DeltaTable.Open(session, "other"), _folder.File("out.parquet")));
                faulty.Follow(FaultPlan.None);
                met = faulty.Faults > faults;
                if (error is null)
                {
                    Assert.True((after.SequenceEqual(before) && await IsAsync(start)) || after.SequenceEqual(await RowsAsync()), $"{operation}, call {n}, {fault}: it succeeded with something else.");
                    continue;
                }

                failed++;
                var told = Assert.IsType<DeltaException>(error);
                Assert.True(told.Kind == DeltaErrorKind.Unavailable, $"{operation}, call {n}, {fault}: {told.Kind} {told}");
                Assert.Matches("'(t|other)' .*fail", told.Message);
                Assert.True(await IsAsync(start) || before.SequenceEqual(await RowsAsync()), $"{operation}, call {n}, {fault}: the table changed.");
                await run(DeltaTable.Open(session, "t"), DeltaTable.Open(session, "other"), _folder.File("out.parquet"));
                Assert.True((after.SequenceEqual(before) && await IsAsync(start)) || after.SequenceEqual(await RowsAsync()), $"{operation}, call {n}, {fault}: repeating it gave something else.");
            }
        }

        Assert.True(failed > 0, "No call failed.");
    }

    [Fact]
    public async Task Cancellation_stays_what_it_is()
    {
        using var session = DeltaTables.Open(_store, new DeltaTablesOptions { WorkFolder = _folder.File("work"), Threads = 1 });
        await StartAsync(session);
        var table = DeltaTable.Open(session, "t");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await table.ReadAsync(cancellationToken: new CancellationToken(true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await table.DeleteAsync(cancellationToken: new CancellationToken(true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await table.VacuumAsync(cancellationToken: new CancellationToken(true)));
    }

    private static bool Writes(StoreOperation call) =>
        call is StoreOperation.PutIfAbsent or StoreOperation.Put or StoreOperation.ImportIfAbsent or StoreOperation.Delete;

    // A checkpoint at version 2, and a deletion vector in a file of its own at version 3.
    private async Task<List<(string Path, byte[] Content)>> StartAsync(DeltaTables session)
    {
        var table = DeltaTable.Open(session, "t");
        await table.CreateAsync(Definition);
        await table.AppendAsync("select range as id from range(3000)");
        await table.AppendAsync("select 10000 as id");
        await table.DeleteAsync("id % 3 = 0");
        Assert.Contains((await table.LoadAsync()).Files, f => f.DeletionVector is { StorageType: "u" });
        var content = new List<(string, byte[])>();
        await foreach (var found in _store.ListAsync(""))
        {
            content.Add((found.Path, (await _store.ReadAsync(found.Path))!));
        }

        return content;
    }

    // The table's objects are those of the start, byte for byte: then it is what it was.
    private async Task<bool> IsAsync(List<(string Path, byte[] Content)> start)
    {
        var paths = new List<string>();
        await foreach (var found in _store.ListAsync("t/"))
        {
            paths.Add(found.Path);
        }

        if (!paths.SequenceEqual(start.Select(s => s.Path)))
        {
            return false;
        }

        foreach (var (path, content) in start)
        {
            if ((await _store.ReadAsync(path))?.SequenceEqual(content) != true)
            {
                return false;
            }
        }

        return true;
    }

    private async Task ResetAsync(List<(string Path, byte[] Content)> start)
    {
        var paths = new List<string>();
        await foreach (var found in _store.ListAsync(""))
        {
            paths.Add(found.Path);
        }

        foreach (var path in paths)
        {
            await _store.DeleteAsync(path);
        }

        foreach (var (path, content) in start)
        {
            await _store.PutAsync(path, content);
        }
    }

    private async Task<List<string>> RowsAsync()
    {
        var folder = _folder.File($"copy{_copies++}");
        await _store.CopyToAsync(folder, "t/");
        using var naive = NaiveTable.Open(Path.Combine(folder, "t"));
        Assert.Empty(naive.CheckLog());
        var rows = naive.Read(naive.Newest).Rows;
        Directory.Delete(folder, recursive: true);
        return rows;
    }
}

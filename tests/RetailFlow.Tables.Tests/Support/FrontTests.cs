using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Tables.Tests.Proof;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Support;

/// <summary>Tests of the front on a folder of their own; every table in it is held to the second reader when a test ends.</summary>
public abstract class FrontTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly TimeProvider _clock;

    private protected FrontTests(TimeProvider? clock = null)
    {
        _clock = clock ?? TimeProvider.System;
        Store = new LocalObjectStore(_folder.File("store"));
        Session = Open(Store, "work");
    }

    private protected LocalObjectStore Store { get; }

    private protected DeltaTables Session { get; }

    public async ValueTask DisposeAsync()
    {
        Session.Dispose();
        try
        {
            await TableProof.OfFolderAsync(_folder.File("store"));
        }
        finally
        {
            _folder.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    private protected DeltaTables Open(IObjectStore store, string work) =>
        DeltaTables.Open(store, new DeltaTablesOptions { WorkFolder = _folder.File(work), Clock = _clock });

    private protected async Task<DeltaTable> CreateAsync(TableDefinition definition)
    {
        var table = DeltaTable.Open(Session, "t");
        await table.CreateAsync(definition);
        return table;
    }

    /// <summary>The rows of a query as text, sorted, each with its columns separated by bars.</summary>
    private protected static async Task<string[]> RowsAsync(DeltaTable table, string sql, TimeTravel? at = null)
    {
        using var rows = await table.QueryAsync(sql, at);
        return [.. rows.Rows().Select(row => string.Join('|', row.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture)))).Order(StringComparer.Ordinal)];
    }

    private protected static Task<string[]> RowsAsync(DeltaTable table, TimeTravel? at = null) => RowsAsync(table, "select * from {table}", at);
}

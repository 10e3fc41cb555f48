using System.Collections.Concurrent;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tables;

/// <summary>The Delta tables of one lake by name, <c>layer.table</c>.</summary>
internal sealed class LakeTables : IDisposable
{
    private readonly ConcurrentDictionary<string, LakeTable> _tables = new(StringComparer.Ordinal);
    private readonly IObjectStore _store;
    private readonly TableEngine _engine;
    private readonly Action<string>? _warn;
    private readonly DeltaLogOptions _logOptions;
    private readonly DuckDbCheckpointParquet _parquet;

    public LakeTables(LakeOptions options, IObjectStore store, TableEngine engine)
    {
        _store = store;
        _engine = engine;
        _warn = options.Warn;
        _parquet = new DuckDbCheckpointParquet(engine);
        _logOptions = new DeltaLogOptions { Clock = options.Clock, NewGuid = options.NewGuid, EngineInfo = "RetailFlow/0.1" };
        Writer = new DataFileWriter(engine, store, options.NewGuid, options.Clock);
    }

    /// <summary>Writes data files for any of the tables.</summary>
    public DataFileWriter Writer { get; }

    /// <summary>The layers that hold tables, in the order in which data flows.</summary>
    public static IReadOnlyList<string> Layers { get; } = ["bronze", "silver", "gold", "quarantine", "system"];

    /// <summary>The table of that name, whether or not it exists yet.</summary>
    public LakeTable this[string name] => _tables.GetOrAdd(name, n => new LakeTable(n, _store, _engine, new DeltaLog(_store, PathOf(n), _parquet, _logOptions), _warn));

    /// <summary>Names of all tables that exist, sorted.</summary>
    public async ValueTask<IReadOnlyList<string>> ExistingAsync(CancellationToken cancellationToken)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var layer in Layers)
        {
            string? after = null;
            while (await FirstAsync($"{layer}/", after, cancellationToken) is { } first)
            {
                var parts = first.Split('/');
                if (parts.Length > 2 && await FirstAsync($"{layer}/{parts[1]}/_delta_log/", null, cancellationToken) is not null)
                {
                    names.Add($"{layer}.{parts[1]}");
                }

                // What follows the slash in ordinal order: nothing else of this folder is listed.
                after = parts.Length > 2 ? $"{layer}/{parts[1]}0" : first;
            }
        }

        return [.. names];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var table in _tables.Values)
        {
            table.Dispose();
        }
    }

    private async ValueTask<string?> FirstAsync(string prefix, string? after, CancellationToken cancellationToken)
    {
        await foreach (var item in _store.ListAsync(prefix, after, cancellationToken))
        {
            return item.Path;
        }

        return null;
    }

    private static string PathOf(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && Layers.Contains(name[..dot])
            ? $"{name[..dot]}/{name[(dot + 1)..]}"
            : throw new LakeException(LakeErrorKind.InvalidInput, $"Table {name}: a table is named layer.table, with a layer of {string.Join(", ", Layers)}.");
    }
}

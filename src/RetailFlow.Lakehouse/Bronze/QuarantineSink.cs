using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// Collects records that broke a rule while a batch is read; spills with the engine, so a file of nothing else is no danger. Most batches have none, and
/// make no table for them.
/// </summary>
internal sealed class QuarantineSink(TableEngine engine) : IDisposable
{
    /// <summary>Bytes of a record that are kept beside the reason; RAW has all of them.</summary>
    public const int LongestRaw = 65536;

    private readonly object _gate = new();
    private readonly string _table = engine.UniqueName("set_aside");
    private DuckDbConnection? _connection;
    private DuckDbAppender? _appender;
    private long _count;

    /// <summary>Records set aside.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Sets one record aside.</summary>
    public void Add(LandedFile file, long row, string rule, string field, string detail, ReadOnlySpan<byte> raw)
    {
        var kept = raw[..Math.Min(raw.Length, LongestRaw)].ToArray();
        lock (_gate)
        {
            Appender().AppendRow(file.Ordinal, row, rule, field, detail, kept);
            _count++;
        }
    }

    /// <summary>The engine's table that holds everything that was added.</summary>
    public string ToTable()
    {
        lock (_gate)
        {
            Appender().Flush();
            return _table;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _appender?.Dispose();
        _connection?.Execute($"drop table if exists {_table}");
        _connection?.Dispose();
    }

    private DuckDbAppender Appender()
    {
        if (_appender is null)
        {
            _connection ??= engine.Connect();
            _connection.Execute($"create table {_table} (_file bigint, _row bigint, rule varchar, field varchar, detail varchar, raw blob)");
            _appender = _connection.CreateAppender(_table);
        }

        return _appender;
    }
}

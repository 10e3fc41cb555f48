using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Collects records that broke a rule while a batch is read; spills with the engine, so a file of nothing else is no danger.</summary>
internal sealed class QuarantineSink : IDisposable
{
    /// <summary>Bytes of a record that are kept beside the reason; RAW has all of them.</summary>
    public const int LongestRaw = 65536;

    private readonly object _gate = new();
    private readonly DuckDbConnection _connection;
    private readonly DuckDbAppender _appender;
    private long _count;

    public QuarantineSink(TableEngine engine)
    {
        Table = engine.UniqueName("set_aside");
        _connection = engine.Connect();
        _connection.Execute($"create table {Table} (_file bigint, _row bigint, rule varchar, field varchar, detail varchar, raw blob)");
        _appender = _connection.CreateAppender(Table);
    }

    /// <summary>The engine's table that holds them.</summary>
    public string Table { get; }

    /// <summary>Records set aside.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Sets one record aside.</summary>
    public void Add(LandedFile file, long row, string rule, string field, string detail, ReadOnlySpan<byte> raw)
    {
        var kept = raw[..Math.Min(raw.Length, LongestRaw)].ToArray();
        lock (_gate)
        {
            _appender.AppendRow(file.Ordinal, row, rule, field, detail, kept);
            _count++;
        }
    }

    /// <summary>Makes everything added visible to queries.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _appender.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _appender.Dispose();
        _connection.Execute($"drop table if exists {Table}");
        _connection.Dispose();
    }
}

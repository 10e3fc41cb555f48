using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

internal enum LogStep
{
    Append,
    Sync,
    FailWrite,
    FailSync,
    Crash,
    Restart,
}

/// <summary>A log beside its own books: what was acknowledged, and what was handed in after that.</summary>
internal sealed class LogModel : IDisposable
{
    private readonly Random _random;
    private readonly CrashableLogFile _file = new();
    private readonly List<string> _acknowledged = [];
    private readonly List<string> _pending = [];
    private AppendLogWriter _log;
    private int _number;
    private readonly int _roomBytes;

    public LogModel(Random random)
    {
        _random = random;
        _roomBytes = random.Next(2) * random.Next(1, 4_000);
        _log = Open();
    }

    public void Run(IEnumerable<LogStep> script)
    {
        foreach (LogStep step in script.Append(LogStep.Crash))
        {
            switch (step)
            {
                case LogStep.Append:
                    Append();
                    break;
                case LogStep.Sync:
                    Sync();
                    break;
                case LogStep.FailWrite:
                    _file.FailWriteAfter(0, _random.Next(0, 200));
                    break;
                case LogStep.FailSync:
                    _file.FailSyncAfter(0);
                    break;
                case LogStep.Crash:
                    _file.Crash(_random);
                    Reopen();
                    break;
                case LogStep.Restart:
                    Reopen();
                    break;
            }
        }
    }

    public void Dispose()
    {
        _log.Dispose();
        _file.Dispose();
    }

    private void Append()
    {
        string payload = LogText.Payload(_number++, _random);
        if (_log.IsPoisoned)
        {
            Assert.Throws<LogPoisonedException>(() => _log.Append(payload));
            return;
        }

        _log.Append(payload);
        _pending.Add(payload);
    }

    private void Sync()
    {
        try
        {
            LogPosition position = _log.Sync();
            _acknowledged.AddRange(_pending);
            _pending.Clear();
            Assert.Equal(new LogPosition(_log.File.Length, _acknowledged.Count), position);
        }
        catch (LogPoisonedException)
        {
            Assert.True(_log.IsPoisoned);
        }
    }

    private void Reopen()
    {
        _log.Dispose();
        try
        {
            _log = Open();
        }
        catch (StorageException)
        {
            // The injected failure met the opening: the next one meets a working disk, and must find the same.
            _log = Open();
        }

        List<string> found = LogText.Read(_file, 0, _log.Position);
        Assert.Equal(_acknowledged, found.Take(_acknowledged.Count));
        List<string> more = found[_acknowledged.Count..];
        Assert.Equal(_pending.Take(more.Count), more);

        _acknowledged.AddRange(more);
        _pending.Clear();
    }

    private AppendLogWriter Open() =>
        AppendLogWriter.Open(_roomBytes == 0 ? _file : new PreparedLogFile(_file, new PreparedLogFileOptions { RoomBytes = _roomBytes, FromSyncsPerSecond = 0 }), out _);
}

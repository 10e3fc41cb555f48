using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

public sealed class LocalLogFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("segment.ndjson");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_log_on_disk_survives_being_closed_and_loses_its_torn_end()
    {
        using (AppendLogWriter log = AppendLogWriter.Open(LocalLogFile.Open(Path), out _))
        {
            log.Append("{\"a\":1}");
            log.Append("{\"b\":2}");
            log.Sync();
        }

        File.AppendAllText(Path, "{\"crc32c\":\"0000");

        using AppendLogWriter again = AppendLogWriter.Open(LocalLogFile.Open(Path), out LogRecovery recovery);
        Assert.Equal(new LogRecovery(2, 57, 15), recovery);
        Assert.Equal(57, new FileInfo(Path).Length);
        Assert.Equal(["{\"a\":1}", "{\"b\":2}"], LogText.Read(again.File, 0, 57));
    }

    [Fact]
    public void A_second_writer_is_refused_and_readers_are_not()
    {
        AppendLogWriter log = AppendLogWriter.Open(LocalLogFile.Open(Path), out _);
        log.Append("{\"a\":1}");
        long durable = log.Sync().Bytes;

        Assert.Equal("EAGAIN", Assert.Throws<StorageException>(() => LocalLogFile.Open(Path)).ErrorName);

        using LocalLogFile reader = LocalLogFile.OpenRead(Path);
        Assert.Equal(["{\"a\":1}"], LogText.Read(reader, 0, durable));
        Assert.Equal(durable, File.ReadAllBytes(Path).Length);

        log.Dispose();
        LocalLogFile.Open(Path).Dispose();
    }

    [Fact]
    public void A_damaged_log_is_named_and_left_as_it_is()
    {
        using (AppendLogWriter log = AppendLogWriter.Open(LocalLogFile.Open(Path), out _))
        {
            log.Append("{\"a\":1}");
            log.Append("{\"b\":2}");
            log.Sync();
        }

        byte[] bytes = File.ReadAllBytes(Path);
        bytes[24] ^= 1;
        File.WriteAllBytes(Path, bytes);

        LogCorruptException exception = Assert.Throws<LogCorruptException>(
            () => AppendLogWriter.Open(LocalLogFile.Open(Path), out _));
        Assert.Contains(Path, exception.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(Path));
    }

    [Fact]
    public void A_log_in_a_missing_directory_is_a_storage_failure()
    {
        string path = _directory.File("none/segment");

        Assert.Equal("ENOENT", Assert.Throws<StorageException>(() => LocalLogFile.Open(path)).ErrorName);
        Assert.Equal("ENOENT", Assert.Throws<StorageException>(() => LocalLogFile.OpenRead(path)).ErrorName);
    }

    [Fact]
    public async Task A_reader_follows_the_writer_up_to_what_is_durable()
    {
        const int Items = 3000;
        long durable = 0;
        await using GroupCommitLog<int, long> log = new(
            AppendLogWriter.Open(LocalLogFile.Open(Path), out _),
            (item, writer) =>
            {
                writer.Append(FormattableString.Invariant($$"""{"n":{{item}}}"""));
                return writer.Position;
            },
            new GroupCommitOptions(),
            position => Volatile.Write(ref durable, position.Bytes));
        Task<List<string>> follower = Task.Run(async () =>
        {
            using LocalLogFile file = LocalLogFile.OpenRead(Path);
            List<string> seen = [];
            long from = 0;
            while (seen.Count < Items)
            {
                long to = Volatile.Read(ref durable);
                seen.AddRange(LogText.Read(file, from, to));
                from = to;
                await Task.Yield();
            }

            return seen;
        });

        await Task.WhenAll(Enumerable.Range(0, Items).Select(n => log.AppendAsync(n).AsTask()));

        Assert.Equal(Enumerable.Range(0, Items).Select(n => FormattableString.Invariant($$"""{"n":{{n}}}""")), await follower);
    }
}

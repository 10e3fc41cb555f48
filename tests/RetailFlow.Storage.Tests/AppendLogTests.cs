using System.Text;
using System.Text.Json;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

public sealed class AppendLogTests
{
    // RFC 3720 appendix B.4, and the check value of the CRC catalogue.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AAu)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43u)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794Eu)]
    [InlineData("313233343536373839", 0xE3069283u)]
    [InlineData("", 0u)]
    public void Checksums_are_those_of_the_standard(string hex, uint expected) =>
        Assert.Equal(expected, Crc32C.Compute(Convert.FromHexString(hex)));

    [Fact]
    public void A_record_is_one_line_of_json_with_the_checksum_of_the_payload_first()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        byte[] payload = """{"sku":"A","quantity":"1.50"}"""u8.ToArray();
        log.Append(payload);
        log.Append(payload);
        log.Sync();

        // The first record of a group has a space behind its first comma, which the checksum covers.
        byte[] withMark = """{ "sku":"A","quantity":"1.50"}"""u8.ToArray();
        string expected = FormattableString.Invariant($$"""{"crc32c":"{{Crc32C.Compute(withMark):x8}}", "sku":"A","quantity":"1.50"}""") + "\n"
            + FormattableString.Invariant($$"""{"crc32c":"{{Crc32C.Compute(payload):x8}}","sku":"A","quantity":"1.50"}""") + "\n";
        Assert.Equal(expected, Encoding.UTF8.GetString(file.ToArray()));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\t \r}")]
    [InlineData("{\"a\":{}}")]
    [InlineData("{\"text\":\"},{\\n\"}")]
    public void Every_json_object_becomes_a_line_of_json_and_comes_back_byte_for_byte(string payload)
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        log.Append(payload);
        log.Append("""{"next":true}""");
        log.Sync();

        Assert.Equal([payload, """{"next":true}"""], LogText.Read(file, 0, log.Position));
        string line = Encoding.UTF8.GetString(file.ToArray()).Split('\n')[0];
        using JsonDocument json = JsonDocument.Parse(line);
        using JsonDocument original = JsonDocument.Parse(payload);
        Assert.Equal("crc32c", json.RootElement.EnumerateObject().First().Name);
        Assert.Equal(
            original.RootElement.EnumerateObject().Select(member => member.Name),
            json.RootElement.EnumerateObject().Skip(1).Select(member => member.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("{\"a\":1} ")]
    [InlineData(" {\"a\":1}")]
    [InlineData("{ \"a\":1}")]
    [InlineData("{ }")]
    [InlineData("{\"a\":\n1}")]
    public void What_cannot_be_a_record_is_refused_and_adds_nothing(string payload)
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        log.Append("{\"a\":1}");
        LogPosition before = log.End;

        Assert.Throws<ArgumentException>(() => log.Append(payload));
        LogText.Bytes(payload).CopyTo(log.Reserve(100));
        Assert.Throws<ArgumentException>(() => log.Commit(Encoding.UTF8.GetByteCount(payload)));

        Assert.Equal(before, log.End);
        log.Sync();
        Assert.Equal(["{\"a\":1}"], LogText.Recover(file, out _));
    }

    [Fact]
    public void A_record_of_the_greatest_length_is_kept_and_a_longer_one_refused()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        string greatest = "{\"a\":\"" + new string('x', AppendLogWriter.MaxRecordBytes - 8) + "\"}";
        log.Append("{\"first\":1}");
        log.Append(greatest);
        log.Append("{\"last\":1}");
        Assert.Throws<ArgumentException>(() => log.Append(greatest + "}"));
        Assert.Throws<ArgumentOutOfRangeException>(() => { log.Reserve(AppendLogWriter.MaxRecordBytes + 1); });
        log.Sync();

        List<string> found = LogText.Recover(file, out LogRecovery recovery);

        Assert.Equal(3, recovery.Records);
        Assert.Equal(greatest, found[1]);
    }

    [Fact]
    public void Reserved_room_becomes_a_record_only_when_committed()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        LogText.Bytes("{\"forgotten\":1}").CopyTo(log.Reserve(200_000));
        log.Append("{\"a\":1}");
        Assert.Throws<InvalidOperationException>(() => log.Commit(5));
        LogText.Bytes("{\"b\":2}").CopyTo(log.Reserve(300_000));
        log.Commit(7);
        LogText.Bytes("{}").CopyTo(log.Reserve(2));
        log.Commit(2);
        log.Reserve(50);
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Commit(51));
        log.Sync();
        Assert.Throws<InvalidOperationException>(() => log.Commit(5));

        Assert.Equal(["{\"a\":1}", "{\"b\":2}", "{}"], LogText.Recover(file, out _));
    }

    [Fact]
    public void One_sync_makes_all_that_was_appended_durable_and_an_empty_one_costs_nothing()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        int atOpening = file.Syncs;
        for (int n = 0; n < 1000; n++)
        {
            log.Append(FormattableString.Invariant($$"""{"n":{{n}}}"""));
        }

        Assert.Equal(0, file.Length);
        LogPosition position = log.Sync();
        Assert.Equal(position, log.Sync());

        Assert.Equal(atOpening + 1, file.Syncs);
        Assert.Equal(new LogPosition(file.SyncedBytes, 1000), position);
        Assert.Equal(position, log.Durable);
        Assert.Equal(log.Position, file.Length);
    }

    [Fact]
    public void Rewinding_forgets_exactly_the_records_after_the_place()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        log.Append("{\"a\":1}");
        LogPosition durable = log.Sync();
        log.Append("{\"b\":1}");
        LogPosition place = log.End;
        log.Append("{\"c\":1}");
        log.Rewind(place);
        log.Append("{\"d\":1}");
        log.Sync();

        Assert.Throws<ArgumentOutOfRangeException>(() => log.Rewind(durable));
        Assert.Equal(["{\"a\":1}", "{\"b\":1}", "{\"d\":1}"], LogText.Recover(file, out LogRecovery recovery));
        Assert.Equal(3, recovery.Records);
    }

    [Fact]
    public void Opening_again_goes_on_where_the_log_ended()
    {
        CrashableLogFile file = new();
        using (AppendLogWriter log = AppendLogWriter.Open(file, out LogRecovery empty))
        {
            Assert.Equal(new LogRecovery(0, 0, 0), empty);
            log.Append("{\"a\":1}");
            log.Sync();
            log.Append("{\"never synced\":1}");
        }

        using AppendLogWriter again = AppendLogWriter.Open(file, out LogRecovery recovery);
        Assert.Equal(new LogRecovery(1, file.Length, 0), recovery);
        again.Append("{\"b\":2}");
        Assert.Equal(new LogPosition(file.Length + 29, 2), again.End);
        again.Sync();

        Assert.Equal(["{\"a\":1}", "{\"b\":2}"], LogText.Read(file, 0, again.Position));
        Assert.Equal(["{\"b\":2}"], LogText.Read(file, recovery.ValidBytes, again.Position));
    }

    [Fact]
    public void After_a_failed_write_nothing_is_accepted_or_acknowledged()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        log.Append("{\"a\":1}");
        LogPosition durable = log.Sync();
        file.FailWriteAfter(0, bytesWritten: 10);
        log.Append("{\"b\":2}");

        LogPoisonedException first = Assert.Throws<LogPoisonedException>(() => log.Sync());
        Assert.IsType<StorageException>(first.InnerException);
        AssertPoisoned(log);

        Assert.Equal(durable, log.Durable);
        Assert.Equal(["{\"a\":1}"], LogText.Recover(file, out LogRecovery recovery));
        Assert.Equal(10, recovery.TornBytes);
    }

    [Fact]
    public void After_a_failed_sync_nothing_is_accepted_though_the_next_sync_would_succeed()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        file.FailSyncAfter(0);
        log.Append("{\"b\":2}");

        Assert.Throws<LogPoisonedException>(() => log.Sync());
        AssertPoisoned(log);

        Assert.Equal(0, log.Durable.Bytes);
    }

    [Fact]
    public void A_disposed_writer_closes_its_file_and_accepts_nothing()
    {
        CrashableLogFile file = new();
        AppendLogWriter log = AppendLogWriter.Open(file, out _);
        log.Dispose();
        log.Dispose();

        Assert.Equal(1, file.Disposals);
        Assert.Throws<ObjectDisposedException>(() => log.Append("{\"a\":1}"));
        Assert.Throws<ObjectDisposedException>(() => log.Sync());
    }

    private static void AssertPoisoned(AppendLogWriter log)
    {
        Assert.True(log.IsPoisoned);
        Assert.Throws<LogPoisonedException>(() => log.Append("{\"c\":3}"));
        Assert.Throws<LogPoisonedException>(() => { log.Reserve(10); });
        Assert.Throws<LogPoisonedException>(() => log.Commit(2));
        Assert.Throws<LogPoisonedException>(() => log.Sync());
    }
}

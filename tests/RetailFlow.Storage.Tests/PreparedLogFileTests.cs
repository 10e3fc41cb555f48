using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

/// <summary>Room behind the end of a log: there while it is wanted, never taken for records or for damage.</summary>
public sealed class PreparedLogFileTests : IDisposable
{
    private const int RoomBytes = 4096;

    private static readonly string s_long = $$"""{"text":"{{new string('x', 700)}}"}""";

    private readonly CrashableLogFile _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void Records_take_the_place_of_room_and_the_length_is_that_of_the_records()
    {
        using AppendLogWriter log = Open();
        Group(log, "{\"a\":1}");
        Assert.Equal(log.Position, _disk.Length);

        Group(log, "{\"b\":2}");
        Assert.Equal(RoomBytes, _disk.Length);
        Assert.Equal(log.Position, log.File.Length);
        Assert.All(_disk.ToArray()[(int)log.Position..], value => Assert.Equal((byte)'\n', value));

        Group(log, "{\"c\":3}");
        Assert.Equal(RoomBytes, _disk.Length);
        Assert.Equal(["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"], LogText.Read(_disk, 0, log.Position));

        for (int n = 0; n < 6; n++)
        {
            Group(log, s_long);
        }

        Assert.Equal(2 * RoomBytes, _disk.Length);
        Assert.Equal(9, LogText.Read(_disk, 0, log.Position).Count);
    }

    [Fact]
    public void A_log_that_is_closed_ends_with_its_last_record_and_one_that_is_killed_is_cut_without_a_word_of_torn_bytes()
    {
        AppendLogWriter killed = Open();
        Group(killed, "{\"a\":1}");
        Group(killed, "{\"b\":2}");
        long end = killed.Position;
        Assert.Equal(RoomBytes, _disk.Length);

        using (AppendLogWriter again = Open(out LogRecovery recovery))
        {
            Assert.Equal(new LogRecovery(2, end, 0), recovery);
            Assert.Equal(end, _disk.Length);
            Group(again, "{\"c\":3}");
            Group(again, "{\"d\":4}");
            Assert.Equal(RoomBytes, _disk.Length);
            end = again.Position;
        }

        Assert.Equal(end, _disk.Length);
        Assert.Equal(end, _disk.SyncedBytes);
    }

    [Fact]
    public void Room_is_kept_from_some_syncs_a_second_on_and_given_back_below()
    {
        SteppingClock clock = new();
        PreparedLogFileOptions options = new() { RoomBytes = RoomBytes, FromSyncsPerSecond = 500, TimeProvider = clock };
        using AppendLogWriter log = AppendLogWriter.Open(new PreparedLogFile(_disk, options), out _);
        Groups(TimeSpan.FromMilliseconds(3));
        Assert.Equal(log.Position, _disk.Length);

        Groups(TimeSpan.FromMilliseconds(1));
        Assert.Equal(log.Position, log.File.Length);
        Assert.InRange(_disk.Length, log.Position + 1, log.Position + RoomBytes);

        Groups(TimeSpan.FromMilliseconds(3));
        Assert.Equal(log.Position, _disk.Length);

        void Groups(TimeSpan step)
        {
            for (int n = 0; n < 130; n++)
            {
                clock.Now += step;
                Group(log, "{\"a\":1}");
            }
        }
    }

    [Fact]
    public void A_large_group_makes_no_room_and_leaves_what_there_is_behind()
    {
        using AppendLogWriter log = Open();
        Group(log, "{\"a\":1}");
        for (int n = 0; n < 100; n++)
        {
            log.Append(s_long);
        }

        log.Sync();
        Assert.InRange(log.Position, 64 * 1024, long.MaxValue);
        Assert.Equal(log.Position, _disk.Length);
    }

    [Fact]
    public void A_disk_without_space_for_room_still_takes_records()
    {
        using AppendLogWriter log = Open();
        Group(log, "{\"a\":1}");
        _disk.FailWriteAfter(1, bytesWritten: 100);
        Group(log, "{\"b\":2}");
        Assert.Equal(log.Position + 100, _disk.Length);
        Group(log, "{\"c\":3}");

        Assert.Equal(["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"], LogText.Read(_disk, 0, log.Position));
        Assert.Equal(3, LogText.Recover(_disk, out LogRecovery recovery).Count);
        Assert.Equal(0, recovery.TornBytes);
    }

    [Theory]
    [InlineData(1, '\n')]
    [InlineData(2, '\n')]
    [InlineData(3, '\n')]
    [InlineData(1, '\0')]
    [InlineData(2, '\0')]
    public void A_last_group_of_which_a_sector_did_not_reach_the_device_is_cut_from_there_on(int missing, char instead)
    {
        AppendLogWriter log = Open();
        Group(log, "{\"a\":1}");
        Group(log, "{\"b\":2}");
        long before = log.Position;
        Group(log, s_long, s_long, s_long);
        Assert.Equal(RoomBytes, _disk.Length);
        LoseSector(missing, instead);

        List<string> found = LogText.Recover(_disk, out LogRecovery recovery);

        // The first of the group lies in the sectors 0 and 1, the second in 1 and 2, the third in 3 and 4.
        Assert.Equal(missing == 3 ? 4 : missing == 2 ? 3 : 2, found.Count);
        Assert.True(recovery.ValidBytes >= before);
        Assert.True(recovery.TornBytes > 0);
        Assert.Equal(recovery.ValidBytes, _disk.Length);
    }

    [Fact]
    public void A_sector_that_is_missing_before_a_later_group_is_damage()
    {
        AppendLogWriter log = Open();
        Group(log, "{\"a\":1}");
        Group(log, "{\"b\":2}");
        long bad = log.Position;
        Group(log, s_long, s_long, s_long);
        Group(log, "{\"after\":1}");
        LoseSector(1);

        Assert.Equal(bad, Assert.Throws<LogCorruptException>(() => Open()).Offset);
    }

    [Fact]
    public void A_last_group_with_other_bytes_in_it_than_room_is_damage()
    {
        AppendLogWriter log = Open();
        Group(log, "{\"a\":1}");
        Group(log, "{\"b\":2}");
        long bad = log.Position;
        Group(log, s_long, s_long, s_long);
        LoseSector(1, 'y');

        Assert.Equal(bad, Assert.Throws<LogCorruptException>(() => Open()).Offset);
    }

    private static void Group(AppendLogWriter log, params string[] payloads)
    {
        foreach (string payload in payloads)
        {
            log.Append(payload);
        }

        log.Sync();
    }

    private void LoseSector(int sector, char instead = '\n')
    {
        byte[] bytes = _disk.ToArray();
        for (int position = sector * 512; position < (sector + 1) * 512; position++)
        {
            _disk.Flip(position, (byte)(bytes[position] ^ (byte)instead));
        }
    }

    private AppendLogWriter Open() => Open(out _);

    private AppendLogWriter Open(out LogRecovery recovery) =>
        AppendLogWriter.Open(new PreparedLogFile(_disk, new PreparedLogFileOptions { RoomBytes = RoomBytes, FromSyncsPerSecond = 0 }), out recovery);

    private sealed class SteppingClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}

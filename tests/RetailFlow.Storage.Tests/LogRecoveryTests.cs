using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

public sealed class LogRecoveryTests
{
    [Fact]
    public void A_torn_end_of_every_length_is_cut_and_the_rest_kept()
    {
        CrashableLogFile whole = new();
        using AppendLogWriter log = AppendLogWriter.Open(whole, out _);
        log.Append("{\"a\":1}");
        log.Append("{\"b\":22}");
        int kept = (int)log.Sync().Bytes;
        log.Append("{\"c\":\"the last, torn record\"}");
        log.Sync();
        byte[] bytes = whole.ToArray();

        for (int length = kept; length < bytes.Length; length++)
        {
            CrashableLogFile file = new();
            file.Write(0, bytes.AsSpan(0, length));

            Assert.Equal(["{\"a\":1}", "{\"b\":22}"], LogText.Recover(file, out LogRecovery recovery));
            Assert.Equal(new LogRecovery(2, kept, length - kept), recovery);
            Assert.Equal(bytes[..kept], file.ToArray());
            Assert.Equal(kept, file.SyncedBytes);
        }
    }

    [Fact]
    public void A_file_cut_at_every_byte_keeps_exactly_the_whole_records()
    {
        CrashableLogFile whole = new();
        List<long> ends = [0];
        using AppendLogWriter log = AppendLogWriter.Open(whole, out _);
        Random random = new(7);
        for (int n = 0; n < 12; n++)
        {
            log.Append(LogText.Payload(n, random));
            ends.Add(log.Position);
        }

        log.Sync();
        byte[] bytes = whole.ToArray();
        for (int length = 0; length <= bytes.Length; length++)
        {
            CrashableLogFile file = new();
            file.Write(0, bytes.AsSpan(0, length));
            LogText.Recover(file, out LogRecovery recovery);

            long expected = ends.Last(end => end <= length);
            Assert.Equal(new LogRecovery(ends.IndexOf(expected), expected, length - expected), recovery);
        }
    }

    [Fact]
    public void Every_flipped_bit_before_the_last_record_is_corruption_that_names_the_record()
    {
        CrashableLogFile whole = new();
        using AppendLogWriter log = AppendLogWriter.Open(whole, out _);
        log.Append("{\"a\":1}");
        long second = log.Position;
        log.Append("{\"b\":\"damaged\"}");
        long third = log.Position;
        log.Append("{\"c\":3}");
        log.Sync();
        byte[] bytes = whole.ToArray();

        for (int position = 0; position < third; position++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                CrashableLogFile file = new();
                file.Write(0, bytes);
                file.Flip(position, (byte)(1 << bit));

                // A damaged line end joins two records; if it joins the last one there is no valid record behind it.
                if (position == third - 1)
                {
                    LogText.Recover(file, out LogRecovery cut);
                    Assert.Equal(new LogRecovery(1, second, bytes.Length - second), cut);
                    continue;
                }

                LogCorruptException exception = Assert.Throws<LogCorruptException>(() => AppendLogWriter.Open(file, out _));
                Assert.Equal(position < second ? 0 : second, exception.Offset);
                Assert.Equal(file.Name, exception.FileName);
                Assert.Equal(bytes.Length, file.Length);
            }
        }
    }

    [Fact]
    public void Damage_inside_a_read_range_is_corruption_even_at_its_end()
    {
        CrashableLogFile file = new();
        using AppendLogWriter log = AppendLogWriter.Open(file, out _);
        log.Append("{\"a\":1}");
        long second = log.Position;
        log.Append("{\"b\":2}");
        log.Sync();

        Assert.Equal(second, Assert.Throws<LogCorruptException>(() => LogText.Read(file, 0, log.Position - 1)).Offset);
        Assert.Equal(log.Position, Assert.Throws<LogCorruptException>(() => LogText.Read(file, 0, log.Position + 1)).Offset);
        Assert.Equal(1, Assert.Throws<LogCorruptException>(() => LogText.Read(file, 1, log.Position)).Offset);
        file.Flip((int)log.Position - 3, 1);
        Assert.Equal(second, Assert.Throws<LogCorruptException>(() => LogText.Read(file, second, log.Position)).Offset);
    }

    [Fact]
    public void A_long_end_of_rubbish_without_lines_is_cut_in_bounded_memory()
    {
        CrashableLogFile file = new();
        using (AppendLogWriter log = AppendLogWriter.Open(file, out _))
        {
            log.Append("{\"a\":1}");
            log.Sync();
        }

        byte[] zeros = new byte[1 << 20];
        for (int n = 0; n < 40; n++)
        {
            file.Write(file.Length, zeros);
        }

        Assert.Equal(["{\"a\":1}"], LogText.Recover(file, out LogRecovery recovery));
        Assert.Equal(40 << 20, recovery.TornBytes);
    }

    [Fact]
    public void A_record_behind_a_long_stretch_of_rubbish_proves_corruption()
    {
        CrashableLogFile file = new();
        using AppendLogWriter other = AppendLogWriter.Open(new CrashableLogFile(), out _);
        other.Append("{\"behind\":1}");
        other.Sync();
        byte[] rubbish = new byte[20 << 20];
        rubbish[^1] = (byte)'\n';
        file.Write(0, rubbish);
        file.Write(file.Length, ((CrashableLogFile)other.File).ToArray());

        Assert.Equal(0, Assert.Throws<LogCorruptException>(() => AppendLogWriter.Open(file, out _)).Offset);
    }

    [Fact]
    public void Opening_fails_closed_when_the_cut_cannot_be_made_durable()
    {
        CrashableLogFile file = new();
        file.Write(0, "{\"torn"u8);
        file.FailSyncAfter(0);

        Assert.Throws<StorageException>(() => AppendLogWriter.Open(file, out _));

        Assert.Equal(1, file.Disposals);
    }

    /// <summary>
    /// Random appends, syncs, failures and power losses: what comes back is every acknowledged record, then possibly some of
    /// the records appended after them, in order, and nothing else.
    /// </summary>
    [Fact]
    public void Whatever_happens_recovery_gives_the_acknowledged_records_and_a_beginning_of_the_rest()
    {
        Gen<LogStep[]> steps = Gen.ArrayOf(Gen.Frequency(
            (8, Gen.Constant(LogStep.Append)),
            (4, Gen.Constant(LogStep.Sync)),
            (1, Gen.Constant(LogStep.FailWrite)),
            (1, Gen.Constant(LogStep.FailSync)),
            (2, Gen.Constant(LogStep.Crash)),
            (1, Gen.Constant(LogStep.Restart))));
        Prop.ForAll(
            steps.ToArbitrary(),
            Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
            (script, seed) =>
            {
                using LogModel model = new(new Random(seed));
                model.Run(script);
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500).WithEndSize(80));
    }
}

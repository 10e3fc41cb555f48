using System.Globalization;
using System.Text;
using RetailFlow.Stock.Journal;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Stock.Tests.Journal;

/// <summary>A lake with a journal that can be closed, broken and opened again.</summary>
internal sealed class JournalFixture : IAsyncDisposable
{
    private readonly TemporaryDirectory lake = new();

    public JournalFixture(bool onDisk = false)
    {
        Options = new StockJournalOptions { TimeProvider = Clock, Files = onDisk ? null : Files };
    }

    public string LakeRoot => lake.Path;

    public SetClock Clock { get; } = new("2026-11-22T08:00:00.123456Z");

    public CrashableJournalFiles Files { get; } = new();

    public StockJournalOptions Options { get; set; }

    public StockJournal Journal { get; private set; } = null!;

    public JournalRecovery Recovery { get; private set; }

    public static JournalBatch Batch(params string[] records)
    {
        JournalBatch batch = new();
        foreach (string record in records)
        {
            batch.Add(Encoding.UTF8.GetBytes(record));
        }

        return batch;
    }

    public static string Record(int number) => $$"""{"event_id":"e-{{number}}"}""";

    public static string Segment(string day, long first, string door = "http") =>
        $"raw/inventory/ingestion_date={day}/source={door}/journal-{first:D20}.ndjson";

    public StockJournal Open()
    {
        Journal = StockJournal.Open(lake.Path, Options, out JournalRecovery recovery);
        Recovery = recovery;
        return Journal;
    }

    public async Task<StockJournal> ReopenAsync()
    {
        await CloseAsync();
        return Open();
    }

    public async Task CloseAsync()
    {
        if (Journal is not null)
        {
            await Journal.DisposeAsync();
        }
    }

    /// <summary>Sequence and record of everything durable after <paramref name="sequence"/>.</summary>
    public List<(long Sequence, string Record)> ReadAll(long sequence = 0, long? maxBytes = null) => Read(Journal.RangesAfter(sequence, maxBytes));

    public List<(long Sequence, string Record)> Read(IEnumerable<JournalRange> ranges)
    {
        List<(long, string)> records = [];
        foreach (JournalRange range in ranges)
        {
            using JournalReader reader = Journal.Read(range);
            while (reader.MoveNext())
            {
                JournalEnvelopeReader envelope = reader.Current;
                records.Add((envelope.Sequence, envelope.IsMalformed
                    ? Encoding.Latin1.GetString(envelope.Malformed())
                    : Encoding.UTF8.GetString(envelope.Record)));
            }
        }

        return records;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        lake.Dispose();
    }
}

/// <summary>A clock that stands where it is set.</summary>
internal sealed class SetClock(string time) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = DateTimeOffset.Parse(time, CultureInfo.InvariantCulture);

    public override DateTimeOffset GetUtcNow() => Now;
}

using RetailFlow.Lakehouse;
using RetailFlow.Node.Http;
using RetailFlow.Node.Http.Doors;
using RetailFlow.Stock.Journal;

namespace RetailFlow.Node;

/// <summary>How a node runs.</summary>
public sealed record NodeOptions
{
    /// <summary>Where a node listens unless told otherwise: this machine only.</summary>
    public const string DefaultUrls = "http://127.0.0.1:5080";

    /// <summary>The lake it serves; the clock of the lake is the clock of the node.</summary>
    public required LakeOptions Lake { get; init; }

    /// <summary>Addresses to listen on, separated by semicolons; port 0 takes a free one.</summary>
    public string Urls { get; init; } = DefaultUrls;

    /// <summary>For a lake in Azure: begins a journal on this machine although the lake's is on another one, which is lost.</summary>
    public bool TakeOver { get; init; }

    /// <summary>Feeds the node a live simulated retailer.</summary>
    public bool Demo { get; init; }

    /// <summary>Records a second that the simulated retailer sends.</summary>
    public double DemoRecordsPerSecond { get; init; } = 300;

    /// <summary>Longest time between two runs of the pipeline.</summary>
    public TimeSpan RunInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>So many records waiting start a run before the interval is over.</summary>
    public long RunAtRecords { get; init; } = 1_000_000;

    /// <summary>Longest pause after failed runs; pauses double up to it.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Time between two reconciliations of the node's own; zero for none.</summary>
    public TimeSpan ReconcileInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Largest request body in bytes, after decompression.</summary>
    public int MaxBodyBytes { get; init; } = 64 << 20;

    /// <summary>What tells reservations of one moment apart: each time another one, and none that can be guessed.</summary>
    public Func<Guid> NewReservation { get; init; } = RandomGuids.Next;

    /// <summary>How long a read waits for the sequence it asks for.</summary>
    public TimeSpan SequenceTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many streams of stock may be open at once.</summary>
    public int StreamLimit { get; init; } = 1_000;

    /// <summary>A stream that has nothing to tell says so as often.</summary>
    public TimeSpan StreamHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Changes that are kept for streams that were cut off or are slow; a power of two.</summary>
    internal int StreamRing { get; init; } = 1 << 16;

    /// <summary>Settings of the doors for documents of others.</summary>
    public DoorOptions Doors { get; init; } = new();

    /// <summary>Where the node says that it listens and what to open; null says nothing.</summary>
    public TextWriter? Announce { get; init; }

    /// <summary>Where it logs, one line an entry; null logs nothing.</summary>
    public TextWriter? Log { get; init; }

    /// <summary>Takes messages and serves nothing over HTTP: the one source to take from, or empty for all; null for a node that serves.</summary>
    internal string? Ingest { get; init; }

    /// <summary>Other files under the journal than those of the local disk.</summary>
    internal IJournalFiles? JournalFiles { get; init; }

    /// <summary>
    /// The lake's options with the engine held to half of the cores unless told otherwise: the other half acknowledges and answers.
    /// </summary>
    internal LakeOptions EngineOptions() => Lake with { Threads = Lake.Threads ?? Math.Max(1, Environment.ProcessorCount / 2) };

    /// <summary>Refuses options that make no node.</summary>
    /// <exception cref="LakeException">An option is wrong; the message names it.</exception>
    internal void Validate()
    {
        foreach (var url in Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Require(
                Uri.TryCreate(url.Replace("*", "any", StringComparison.Ordinal).Replace("+", "any", StringComparison.Ordinal), UriKind.Absolute, out var parsed)
                    && parsed.Scheme == Uri.UriSchemeHttp && parsed.AbsolutePath == "/",
                $"urls: '{url}' is not an address such as {DefaultUrls}.");
        }

        Doors.Validate();
        Require(RunInterval > TimeSpan.Zero, "run interval: must be longer than nothing.");
        Require(RunAtRecords > 0, "run at records: must be above 0.");
        Require(LongestBackOff > TimeSpan.Zero, "longest back-off: must be longer than nothing.");
        Require(ReconcileInterval >= TimeSpan.Zero, "reconcile interval: must not be below nothing.");
        Require(MaxBodyBytes is > 0 and <= 1 << 30, "max body bytes: must be from 1 to 2^30.");
        Require(SequenceTimeout > TimeSpan.Zero, "sequence timeout: must be longer than nothing.");
        Require(StreamLimit >= 0, "stream limit: must be 0 or more.");
        Require(StreamHeartbeat > TimeSpan.Zero, "stream heartbeat: must be longer than nothing.");
        Require(DemoRecordsPerSecond is > 0 and <= 1_000_000, "demo records per second: must be above 0 and at most 1,000,000.");
    }

    private static void Require(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new LakeException(LakeErrorKind.Configuration, complaint);
        }
    }
}

using RetailFlow.Lakehouse;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Kafka;
using RetailFlow.Node.Live;
using RetailFlow.Node.Refresh;
using RetailFlow.Node.Serving;

namespace RetailFlow.Node;

/// <summary>What the parts of one node share: how far it has come up, and what it serves.</summary>
internal sealed class NodeState(NodeOptions options) : IDisposable
{
    private readonly SemaphoreSlim _wake = new(0, 1);
    private EventIntake? _intake;
    private Lake? _lake;
    private KafkaConsumption? _kafka;
    private Exception? _failure;
    private volatile bool _stopping;
    private RunStatus _lastRun = new();
    private Comparison _comparison = new();
    private ReconciliationStatus _reconciliation = new();

    public NodeOptions Options { get; } = options;

    public TimeProvider Clock => Options.Lake.Clock;

    /// <summary>Takes records; null until the journal is recovered.</summary>
    public EventIntake? Intake => Volatile.Read(ref _intake);

    /// <summary>The lake; null until it is open.</summary>
    public Lake? Lake => Volatile.Read(ref _lake);

    /// <summary>Takes messages of topics; null where the project names none.</summary>
    public KafkaConsumption? Kafka
    {
        get => Volatile.Read(ref _kafka);
        set => Volatile.Write(ref _kafka, value);
    }

    public GoldStock Gold { get; } = new(options.Lake.Clock);

    /// <summary>How the pipeline fares.</summary>
    public RunStatus LastRun
    {
        get => Volatile.Read(ref _lastRun);
        set => Volatile.Write(ref _lastRun, value);
    }

    /// <summary>Oversells that came to light since the start.</summary>
    public RecentIncidents Incidents { get; } = new();

    /// <summary>How Gold and the ledger compare.</summary>
    public Comparison Comparison
    {
        get => Volatile.Read(ref _comparison);
        set => Volatile.Write(ref _comparison, value);
    }

    /// <summary>What the node's own reconciliation has found.</summary>
    public ReconciliationStatus Reconciliation
    {
        get => Volatile.Read(ref _reconciliation);
        set => Volatile.Write(ref _reconciliation, value);
    }

    /// <summary>Whether the node works, but has found numbers that are not as they must be.</summary>
    public bool IsDegraded => Reconciliation.Holds == false || Comparison.Differed > 0;

    public DateTimeOffset StartedAt { get; } = options.Lake.Clock.GetUtcNow();

    /// <summary>True from the moment the node is told to stop.</summary>
    public bool IsStopping => _stopping;

    /// <summary>True when records can be acknowledged and stock can be answered.</summary>
    public bool IsReady => Intake is { Failure: null } && Gold.Current is not null && !_stopping && _failure is null;

    /// <summary>Why it is not ready, in one line.</summary>
    public string WhyNotReady => _failure is { } failure ? $"The node could not start: {failure.Message}"
        : _stopping ? "The node is stopping."
        : Intake is null ? "The node is recovering its journal."
        : Intake.Failure is { } poison ? poison.Message
        : Gold.Current is null ? "The node is reading Gold."
        : "The node is ready.";

    /// <summary>Records acknowledged that Gold does not contain.</summary>
    public long Lag => Math.Max(0, (Intake?.Sequence ?? 0) - (Gold.Current?.Sequence ?? 0));

    public void Opened(Lake lake) => Volatile.Write(ref _lake, lake);

    public void Recovered(EventIntake intake) => Volatile.Write(ref _intake, intake);

    public void Failed(Exception failure) => _failure = failure;

    public void Stopping() => _stopping = true;

    /// <summary>Starts a run of the pipeline now instead of at the end of the interval.</summary>
    public void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // A run is due already.
        }
    }

    /// <summary>Completes when a run is wanted before its time.</summary>
    public Task WokenAsync(CancellationToken cancellationToken) => _wake.WaitAsync(cancellationToken);

    public void Dispose() => _wake.Dispose();
}

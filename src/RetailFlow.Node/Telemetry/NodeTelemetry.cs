using System.Diagnostics;
using System.Diagnostics.Metrics;
using RetailFlow.Node.Kafka;

namespace RetailFlow.Node.Telemetry;

/// <summary>The node's meter and activity source, both named <c>RetailFlow.Node</c>.</summary>
internal sealed class NodeTelemetry : IDisposable
{
    public const string Name = "RetailFlow.Node";

    public static readonly ActivitySource Activities = new(Name);

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _received;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _quarantined;
    private readonly Counter<long> _oversold;
    private readonly Counter<long> _messages;
    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _acknowledge;
    private readonly Histogram<double> _run;
    private readonly Counter<long> _reconciliations;
    private readonly Histogram<double> _reconciling;

    /// <param name="node">What is measured when somebody asks.</param>
    public NodeTelemetry(NodeState node)
    {
        _received = _meter.CreateCounter<long>("retailflow.records.received", "{record}", "Records that came in.");
        _accepted = _meter.CreateCounter<long>("retailflow.records.accepted", "{record}", "Records taken for the first time.");
        _duplicates = _meter.CreateCounter<long>("retailflow.records.duplicates", "{record}", "Records that were taken before.");
        _quarantined = _meter.CreateCounter<long>("retailflow.records.quarantined", "{record}", "Records set aside.");
        _oversold = _meter.CreateCounter<long>("retailflow.oversells", "{incident}", "Keys whose claims turned out to be beyond what there is.");
        _messages = _meter.CreateCounter<long>("retailflow.kafka.messages", "{message}", "Messages of topics that became durable, by source.");
        _meter.CreateObservableGauge("retailflow.kafka.lag", () => KafkaStatus.Lags(node.Kafka), "{message}", "Offsets that the broker has given and the journal does not have, by source, topic and partition.");
        _batch = _meter.CreateHistogram<int>("retailflow.batch.size", "{record}", "Records of one request.");
        _acknowledge = _meter.CreateHistogram<double>("retailflow.journal.duration", "s", "From handing a batch to the journal until it is durable.");
        _run = _meter.CreateHistogram<double>("retailflow.pipeline.duration", "s", "One run of the pipeline.");
        _reconciliations = _meter.CreateCounter<long>("retailflow.reconcile.runs", "{run}", "Reconciliations by the node, by outcome: ok, failed, or error where it could not be found out.");
        _reconciling = _meter.CreateHistogram<double>("retailflow.reconcile.duration", "s", "One reconciliation.");
        _meter.CreateObservableGauge("retailflow.pipeline.lag", () => node.Lag, "{record}", "Records acknowledged and not yet in Gold.");
        _meter.CreateObservableGauge("retailflow.ledger_equals_gold", () => node.Comparison.Differed == 0 ? 1 : 0, null, "1 while Gold never had another number than the ledger.");

        // Nothing is said before there is something to say.
        _meter.CreateObservableGauge(
            "retailflow.reconcile.ok",
            () => node.Reconciliation.Holds is { } holds ? [new Measurement<int>(holds ? 1 : 0)] : Array.Empty<Measurement<int>>(),
            null,
            "1 if everything added up in the last reconciliation.");
    }

    public void Count(int received, int accepted, int duplicates, int quarantined, TimeSpan durable)
    {
        _received.Add(received);
        _accepted.Add(accepted);
        _duplicates.Add(duplicates);
        _quarantined.Add(quarantined);
        _batch.Record(received);
        _acknowledge.Record(durable.TotalSeconds);
    }

    public void Took(string source, int messages) => _messages.Add(messages, new KeyValuePair<string, object?>("source", source));

    public void Oversold() => _oversold.Add(1);

    public void Ran(TimeSpan elapsed) => _run.Record(elapsed.TotalSeconds);

    public void Reconciled(string outcome, TimeSpan elapsed)
    {
        _reconciliations.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        _reconciling.Record(elapsed.TotalSeconds);
    }

    public void Dispose() => _meter.Dispose();
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Telemetry;
using RetailFlow.Storage;

namespace RetailFlow.Node.Kafka;

/// <summary>The feeds of <c>kafka.yml</c>, each consumed on a thread of its own from the start of the node to its end.</summary>
internal sealed class KafkaConsumption : IAsyncDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);

    private readonly NodeState _node;
    private readonly EventIntake _intake;
    private readonly NodeTelemetry _telemetry;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly FeedStatus[] _statuses;
    private TaskCompletionSource _changed = Fresh();

    private KafkaConsumption(NodeState node, EventIntake intake, NodeTelemetry telemetry, ILogger log, IReadOnlyList<KafkaFeed> feeds)
    {
        _node = node;
        _intake = intake;
        _telemetry = telemetry;
        _log = log;
        _statuses = [.. feeds.Select(feed => new FeedStatus { Name = feed.Name, Group = feed.Group })];
    }

    /// <summary>How each feed fares, in the order of the file.</summary>
    public IReadOnlyList<FeedStatus> Statuses => [.. _statuses.Select((_, i) => Volatile.Read(ref _statuses[i]))];

    /// <summary>Starts consuming what the project names; null where it names nothing.</summary>
    /// <exception cref="LakeException">The file is wrong, a secret is not there, or the client's library is not.</exception>
    public static KafkaConsumption? Start(Lake lake, NodeState node, EventIntake intake, NodeTelemetry telemetry, ILogger log)
    {
        var feeds = KafkaFile.Read(lake.Project);
        if (node.Options.Ingest is { Length: > 0 } only)
        {
            var names = string.Join(", ", feeds.Select(feed => feed.Name));
            feeds = [.. feeds.Where(feed => feed.Name == only)];
            if (feeds.Count == 0)
            {
                throw new LakeException(LakeErrorKind.InvalidInput, $"Source '{only}' is not in {KafkaFile.FileName}; it has {(names.Length > 0 ? names : "none")}.");
            }
        }

        if (feeds.Count == 0)
        {
            return null;
        }

        LibRdKafka.Require();
        foreach (var feed in feeds)
        {
            KafkaSettings.Of(feed, node.Options.Doors.Variable);
        }

        var consumption = new KafkaConsumption(node, intake, telemetry, log, feeds);
        for (var i = 0; i < feeds.Count; i++)
        {
            var index = i;
            consumption._running.Add(Task.Factory.StartNew(
                () => consumption.Run(lake, feeds[index], index), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }

        return consumption;
    }

    /// <summary>Completes when a status is another than before the call.</summary>
    public Task ChangedAsync() => Volatile.Read(ref _changed).Task;

    /// <summary>Takes nothing more, waits for what is on its way, and leaves the groups.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps one feed from going on is shown and tried again; the node answers meanwhile.")]
    private void Run(Lake lake, KafkaFeed feed, int index)
    {
        var pump = NewPump(lake, feed, index);
        var pause = s_firstPause;
        while (!_stop.IsCancellationRequested)
        {
            var taken = _statuses[index].Taken;
            try
            {
                using var log = new KafkaMessageLog(feed, _node.Options.Doors.Variable, line => NodeLog.KafkaSays(_log, feed.Name, line));
                pump.Consume(log, _stop.Token);
            }
            catch (Exception failed) when (_intake.Failure is not null || failed is LogPoisonedException)
            {
                // Whether the last batch is durable is known when the node has started again.
                pump.Trouble(FeedState.Stopped, $"The journal takes nothing more: {failed.Message}");
                NodeLog.KafkaStopped(_log, feed.Name, failed);
                return;
            }
            catch (Exception failed)
            {
                pause = _statuses[index].Taken > taken ? s_firstPause : pause;
                pump.Trouble(FeedState.Retrying, failed.Message);
                NodeLog.KafkaFailed(_log, feed.Name, pause, failed);
                _stop.Token.WaitHandle.WaitOne(pause);
                pause = pause * 2 < _node.Options.LongestBackOff ? pause * 2 : _node.Options.LongestBackOff;
            }
        }

        pump.Stopped();
    }

    private MessagePump NewPump(Lake lake, KafkaFeed feed, int index)
    {
        var target = new PumpTarget(
            _intake.Messages,
            messages => _intake.TakeAsync(messages, CancellationToken.None),
            positions => lake.Landing.StartMessagesAsync(positions, _stop.Token),
            message => RawDocument.KeepAsync(lake, "kafka", feed.Name, $"{message.Origin.Partition.Topic}-message", "bin", message.Value!.Value, _stop.Token));
        return new MessagePump(feed, target, _node.Clock, status => Publish(index, status))
        {
            Durable = (answer, elapsed) =>
            {
                _telemetry.Count(answer.Batch.Received, answer.Batch.Accepted, answer.Batch.Duplicates, answer.Batch.SetAside.Count, elapsed);
                _telemetry.Took(feed.Name, answer.Batch.Received);
            },
            Warn = what => NodeLog.KafkaGap(_log, feed.Name, what),
        };
    }

    private void Publish(int index, FeedStatus status)
    {
        Volatile.Write(ref _statuses[index], status);
        Interlocked.Exchange(ref _changed, Fresh()).TrySetResult();
    }
}

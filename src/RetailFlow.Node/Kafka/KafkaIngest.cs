using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Projects;

namespace RetailFlow.Node.Kafka;

/// <summary>How far a partition is after <see cref="KafkaIngest"/>.</summary>
/// <param name="Source">The source of <c>kafka.yml</c>.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The next offset; null if nothing was ever taken.</param>
/// <param name="LastMessageAt">Time of the last message that was taken in this run; null if none was.</param>
public sealed record IngestedPartition(string Source, string Topic, int Partition, long? Position, DateTimeOffset? LastMessageAt);

/// <summary>Takes what brokers have at this moment, without serving anything.</summary>
public static class KafkaIngest
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>Takes until every partition was at its end, carries what came into the tables, and ends.</summary>
    /// <param name="options">The lake and its project; nothing listens.</param>
    /// <param name="source">The one source to take from; null takes all.</param>
    /// <param name="patience">How long to wait for brokers and partitions without taking anything.</param>
    /// <param name="cancellationToken">Ends it early; what was taken stays.</param>
    /// <exception cref="LakeException">There is no such source, a partition has stopped, or nothing came of it in time.</exception>
    public static async Task<IReadOnlyList<IngestedPartition>> RunAsync(
        NodeOptions options, string? source, TimeSpan patience, CancellationToken cancellationToken)
    {
        await using var host = await NodeHost.StartAsync(options with { Ingest = source ?? string.Empty }, cancellationToken);
        var consumption = host.State.Kafka
            ?? throw new LakeException(LakeErrorKind.InvalidInput, $"The project has no {KafkaFile.FileName} with sources, so there is nothing to take from.");
        var clock = options.Lake.Clock;
        var taken = 0L;
        var since = clock.GetTimestamp();
        while (true)
        {
            var changed = consumption.ChangedAsync();
            var statuses = consumption.Statuses;
            if (statuses.All(IsDone))
            {
                await host.StopAsync();
                return Result(statuses);
            }

            if (statuses.FirstOrDefault(s => s.State == FeedState.Stopped) is { } stopped)
            {
                throw new LakeException(LakeErrorKind.Unavailable, $"Source {stopped.Name}: {stopped.LastError}");
            }

            if (statuses.Sum(s => s.Taken) is var now && now > taken)
            {
                (taken, since) = (now, clock.GetTimestamp());
            }

            if (clock.GetElapsedTime(since) > patience)
            {
                throw new LakeException(LakeErrorKind.Unavailable, $"Nothing came in {patience.TotalSeconds:0} seconds: {string.Join("; ", statuses.Where(s => !IsDone(s)).Select(Describe))}.");
            }

            try
            {
                await changed.WaitAsync(s_look, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                // A source that is being tried again says nothing meanwhile.
            }
        }
    }

    private static bool IsDone(FeedStatus status) =>
        status.State == FeedState.Consuming && status.Partitions.Count > 0 && status.Partitions.All(p => p.AtEnd || p.Stopped is not null);

    private static string Describe(FeedStatus status) => status.Partitions.Count == 0
        ? $"source {status.Name} was given no partition by the group {status.Group}{(status.LastError is { } error ? $" ({error})" : string.Empty)}"
        : $"source {status.Name} is not at the end of {string.Join(", ", status.Partitions.Where(p => !p.AtEnd).Select(p => p.Partition))}{(status.LastError is { } reason ? $" ({reason})" : string.Empty)}";

    private static IReadOnlyList<IngestedPartition> Result(IReadOnlyList<FeedStatus> statuses) =>
        statuses.SelectMany(s => s.Partitions).FirstOrDefault(p => p.Stopped is not null) is { Stopped: { } reason }
            ? throw new LakeException(LakeErrorKind.Conflict, reason)
            : [.. statuses.SelectMany(s => s.Partitions.Select(p => new IngestedPartition(s.Name, p.Partition.Topic, p.Partition.Partition, p.Position, p.LastMessageAt)))];
}

using System.Diagnostics.Metrics;
using System.Text.Json;
using RetailFlow.Node.Http;

namespace RetailFlow.Node.Kafka;

/// <summary>How the feeds of messages fare, for <c>/v1/status</c> and the meter.</summary>
internal static class KafkaStatus
{
    /// <summary>The member <c>kafka</c>, a list of sources; nothing where the project names none.</summary>
    public static void Write(Utf8JsonWriter json, KafkaConsumption? kafka)
    {
        if (kafka is null)
        {
            return;
        }

        json.WriteStartArray("kafka"u8);
        foreach (var feed in kafka.Statuses)
        {
            json.WriteStartObject();
            json.WriteString("source"u8, feed.Name);
            json.WriteString("group"u8, feed.Group);
            json.WriteString("state"u8, feed.State switch
            {
                FeedState.Joining => "joining"u8,
                FeedState.Consuming => "consuming"u8,
                FeedState.Waiting => "waiting for the journal"u8,
                FeedState.Retrying => "retrying"u8,
                FeedState.Stopped => "stopped"u8,
                _ => throw new InvalidOperationException("There is no other state."),
            });
            json.WriteNumber("messages_since_start"u8, feed.Taken);
            json.WriteNumber("passed_over_since_start"u8, feed.PassedOver);
            json.WriteString("last_error"u8, feed.LastError);
            StockJson.WriteTime(json, "last_error_at"u8, feed.LastErrorAt);
            json.WriteStartArray("partitions"u8);
            foreach (var partition in feed.Partitions)
            {
                Write(json, partition);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The lag of every partition whose end is known.</summary>
    public static IEnumerable<Measurement<long>> Lags(KafkaConsumption? kafka)
    {
        foreach (var feed in kafka?.Statuses ?? [])
        {
            foreach (var partition in feed.Partitions)
            {
                if (partition.Lag is { } lag)
                {
                    yield return new Measurement<long>(
                        lag,
                        KeyValuePair.Create("source", (object?)feed.Name),
                        KeyValuePair.Create("topic", (object?)partition.Partition.Topic),
                        KeyValuePair.Create("partition", (object?)partition.Partition.Partition));
                }
            }
        }
    }

    private static void Write(Utf8JsonWriter json, PartitionStatus partition)
    {
        json.WriteStartObject();
        json.WriteString("topic"u8, partition.Partition.Topic);
        json.WriteNumber("partition"u8, partition.Partition.Partition);
        json.WriteString("state"u8, partition.Stopped is null ? "consuming"u8 : "stopped"u8);
        WriteNumber(json, "position"u8, partition.Position);
        WriteNumber(json, "end"u8, partition.End);
        WriteNumber(json, "lag"u8, partition.Lag);
        json.WriteNumber("skipped_since_start"u8, partition.Skipped);
        StockJson.WriteTime(json, "last_message_at"u8, partition.LastMessageAt);
        json.WriteString("reason"u8, partition.Stopped);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}

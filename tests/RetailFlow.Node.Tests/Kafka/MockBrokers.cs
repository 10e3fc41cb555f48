using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using RetailFlow.Node.Kafka;
using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>
/// The cluster that librdkafka has for tests: brokers on this machine that speak the protocol, with topics, groups and committed offsets.
/// </summary>
public sealed partial class MockBrokers : IDisposable
{
    private const string Library = "librdkafka.so.1";
    private const int Producer = 0;
    private readonly IntPtr _client;
    private readonly IntPtr _cluster;
    private readonly IProducer<byte[]?, byte[]?> _producer;

    public MockBrokers(string topic, int partitions)
    {
        LibRdKafka.Require();
        var reason = new byte[512];
        _client = New(Producer, Quiet(reason), reason, reason.Length);
        Assert.True(_client != IntPtr.Zero, Encoding.UTF8.GetString(reason));
        _cluster = NewCluster(_client, 1);
        Servers = Marshal.PtrToStringUTF8(Bootstraps(_cluster))!;
        Topic = topic;
        Create(topic, partitions);
        _producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig { BootstrapServers = Servers, LingerMs = 0, MessageMaxBytes = 40 << 20 }).Build();
    }

    public string Servers { get; }

    public string Topic { get; }

    public void Create(string topic, int partitions) => Assert.Equal(0, CreateTopic(_cluster, topic, partitions, 1));

    public Task<long> ProduceAsync(int partition, string value, params (string Name, string Value)[] headers) =>
        ProduceAsync(partition, Encoding.UTF8.GetBytes(value), headers);

    /// <summary>Produces a message and returns its offset.</summary>
    public async Task<long> ProduceAsync(int partition, byte[]? value, params (string Name, string Value)[] headers)
    {
        var message = new Message<byte[]?, byte[]?> { Key = "key"u8.ToArray(), Value = value, Headers = [] };
        foreach (var (name, text) in headers)
        {
            message.Headers.Add(name, Encoding.UTF8.GetBytes(text));
        }

        return (await _producer.ProduceAsync(new TopicPartition(Topic, partition), message)).Offset.Value;
    }

    /// <summary>What a group has committed of the topic's partitions.</summary>
    public long[] Committed(string group, int partitions)
    {
        using var consumer = Member(group);
        return [.. consumer.Committed(Enumerable.Range(0, partitions).Select(p => new TopicPartition(Topic, p)), TimeSpan.FromSeconds(20)).Select(o => o.Offset.Value)];
    }

    /// <summary>Commits an offset of a partition for a group that nobody is a member of.</summary>
    public void Commit(string group, int partition, long offset)
    {
        using var consumer = Member(group);
        consumer.Commit([new TopicPartitionOffset(Topic, partition, offset)]);
    }

    public void Dispose()
    {
        _producer.Dispose();
        Destroy(_cluster);
        DestroyClient(_client);
    }

    private static IntPtr Quiet(byte[] reason)
    {
        var settings = NewSettings();
        Assert.Equal(0, Set(settings, "log_level", "0", reason, reason.Length));
        return settings;
    }

    private IConsumer<byte[], byte[]> Member(string group) =>
        new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = Servers, GroupId = group, EnableAutoCommit = false }).Build();

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
    private static partial IntPtr NewSettings();

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(IntPtr settings, string name, string value, byte[] reason, nint size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
    private static partial IntPtr New(int type, IntPtr settings, byte[] reason, nint size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_destroy")]
    private static partial void DestroyClient(IntPtr client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_new")]
    private static partial IntPtr NewCluster(IntPtr client, int brokers);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_destroy")]
    private static partial void Destroy(IntPtr cluster);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    private static partial IntPtr Bootstraps(IntPtr cluster);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateTopic(IntPtr cluster, string topic, int partitions, int replicas);
}

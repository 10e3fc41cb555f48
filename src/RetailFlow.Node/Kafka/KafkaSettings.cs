using System.Globalization;
using Confluent.Kafka;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Projects;

namespace RetailFlow.Node.Kafka;

/// <summary>The client's settings for a feed.</summary>
internal static class KafkaSettings
{
    private const int EventHubsPort = 9093;
    private static readonly TimeSpan s_longestHeartbeat = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_longestPoll = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_report = TimeSpan.FromSeconds(1);

    /// <summary>Settings of a consumer that seeks to offsets it is told, and never begins anywhere by itself.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="LakeException">A secret is not where the feed says.</exception>
    public static ConsumerConfig Of(KafkaFeed feed, Func<string, string?> variable)
    {
        var security = feed.Security;
        var password = security.Password?.Read(variable);
        var servers = feed.BootstrapServers.Count > 0 ? feed.BootstrapServers : [EventHubsServer(security, password!)];
        return new ConsumerConfig
        {
            BootstrapServers = string.Join(',', servers),
            GroupId = feed.Group,
            ClientId = "retailflow",
            AutoOffsetReset = AutoOffsetReset.Error,
            EnablePartitionEof = true,

            // What the journal has is stored by hand; the client tells the group from time to time, and when it leaves.
            EnableAutoCommit = true,
            EnableAutoOffsetStore = false,
            AutoCommitIntervalMs = (int)s_report.TotalMilliseconds,
            SessionTimeoutMs = (int)feed.SessionTimeout.TotalMilliseconds,
            HeartbeatIntervalMs = (int)Math.Min(feed.SessionTimeout.TotalMilliseconds / 3, s_longestHeartbeat.TotalMilliseconds),
            MaxPollIntervalMs = (int)Math.Max(s_longestPoll.TotalMilliseconds, feed.SessionTimeout.TotalMilliseconds),
            QueuedMaxMessagesKbytes = feed.BufferMebibytes * 1024,
            QueuedMinMessages = feed.MaxBatch,

            // Event Hubs ends connections that say nothing for some minutes.
            SocketKeepaliveEnable = true,
            MetadataMaxAgeMs = security.IsEventHubs ? (int)s_longestSilence.TotalMilliseconds : null,
            ConnectionsMaxIdleMs = security.IsEventHubs ? (int)s_longestSilence.TotalMilliseconds : null,
            SecurityProtocol = security.Protocol switch
            {
                "plaintext" => SecurityProtocol.Plaintext,
                "ssl" => SecurityProtocol.Ssl,
                "sasl_plaintext" => SecurityProtocol.SaslPlaintext,
                "sasl_ssl" => SecurityProtocol.SaslSsl,
                _ => throw new ArgumentOutOfRangeException(nameof(feed), security.Protocol, "Not a protocol."),
            },
            SaslMechanism = security.Mechanism switch
            {
                null => null,
                "PLAIN" => SaslMechanism.Plain,
                "SCRAM-SHA-256" => SaslMechanism.ScramSha256,
                "SCRAM-SHA-512" => SaslMechanism.ScramSha512,
                _ => throw new ArgumentOutOfRangeException(nameof(feed), security.Mechanism, "Not a mechanism."),
            },
            SaslUsername = security.Username,
            SaslPassword = password,
            SslCaLocation = security.AuthorityFile,
            SslCertificateLocation = security.CertificateFile,
            SslKeyLocation = security.KeyFile,
        };
    }

    /// <summary>The host of <c>Endpoint=sb://NAMESPACE.servicebus.windows.net/;...</c>, at the port of its Kafka endpoint.</summary>
    private static string EventHubsServer(KafkaSecurity security, string connectionString)
    {
        foreach (var part in connectionString.Split(';', StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith("Endpoint=", StringComparison.OrdinalIgnoreCase)
                && Uri.TryCreate(part["Endpoint=".Length..], UriKind.Absolute, out var endpoint) && endpoint.Host.Length > 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{endpoint.Host}:{EventHubsPort}");
            }
        }

        throw new LakeException(LakeErrorKind.Configuration, $"{security.Password!.Key}: the connection string has no Endpoint=sb://NAMESPACE/ to follow the brokers from.");
    }
}

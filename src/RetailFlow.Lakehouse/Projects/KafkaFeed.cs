namespace RetailFlow.Lakehouse.Projects;

/// <summary>What the messages of a topic are.</summary>
public enum KafkaFormat
{
    /// <summary>Each value is one stock record in JSON.</summary>
    Stock,

    /// <summary>Each message is one CloudEvent, binary or structured, whose data is a stock record.</summary>
    CloudEvents,
}

/// <summary>Topics that the node takes stock records from, an entry of <c>kafka.yml</c>.</summary>
public sealed record KafkaFeed
{
    /// <summary>The name under which the lake keeps how far it is: one cluster for ever.</summary>
    public required string Name { get; init; }

    /// <summary>Brokers to begin with, <c>host:port</c>.</summary>
    public required IReadOnlyList<string> BootstrapServers { get; init; }

    /// <summary>Topics.</summary>
    public required IReadOnlyList<string> Topics { get; init; }

    /// <summary>The consumer group; a lake has one of its own.</summary>
    public required string Group { get; init; }

    /// <summary>What the messages are.</summary>
    public KafkaFormat Format { get; init; }

    /// <summary>Source of records that name none; null takes the feed contract's.</summary>
    public string? Source { get; init; }

    /// <summary>Name of a header that has the source of records that name none; null if none has.</summary>
    public string? SourceHeader { get; init; }

    /// <summary>Whether a partition that the lake knows nothing of begins with what comes from now on, and not with the oldest message there is.</summary>
    public bool StartsAtEnd { get; init; }

    /// <summary>Whether a partition whose next message is not there any more goes on with the oldest there is; otherwise it stops and says so.</summary>
    public bool JumpsOverGaps { get; init; }

    /// <summary>Most messages that become durable together.</summary>
    public int MaxBatch { get; init; } = 5_000;

    /// <summary>Memory for messages that were fetched ahead, in MiB.</summary>
    public int BufferMebibytes { get; init; } = 32;

    /// <summary>After so long without a sign of life the group gives the partitions to others.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How the brokers are spoken to.</summary>
    public KafkaSecurity Security { get; init; } = new();
}

/// <summary>How brokers are spoken to. Secrets are not here: only where they are.</summary>
public sealed record KafkaSecurity
{
    /// <summary><c>plaintext</c>, <c>ssl</c>, <c>sasl_plaintext</c> or <c>sasl_ssl</c>.</summary>
    public string Protocol { get; init; } = "plaintext";

    /// <summary><c>PLAIN</c>, <c>SCRAM-SHA-256</c> or <c>SCRAM-SHA-512</c>; null without SASL.</summary>
    public string? Mechanism { get; init; }

    /// <summary>Who logs in; null without SASL.</summary>
    public string? Username { get; init; }

    /// <summary>Where the password is, or the connection string of Event Hubs; null where none is needed.</summary>
    public SecretPlace? Password { get; init; }

    /// <summary>Whether <see cref="Password"/> is a connection string, which the brokers follow from if none are named.</summary>
    public bool IsEventHubs { get; init; }

    /// <summary>File of the certificates that the brokers' are checked against; null takes the system's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>File of the client's own certificate, and of its key; null without one.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>File of the key of <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }
}

/// <summary>Where a secret is read, when it is needed.</summary>
/// <param name="Key">The key of <c>kafka.yml</c> that says so, for messages.</param>
/// <param name="Variable">Name of an environment variable, or null.</param>
/// <param name="File">Path of a file, or null.</param>
public sealed record SecretPlace(string Key, string? Variable, string? File)
{
    /// <summary>Reads the secret; line breaks at its end do not belong to it.</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="LakeException">It is not there; the message names the place and never the secret.</exception>
    public string Read(Func<string, string?> variable)
    {
        if (Variable is not null)
        {
            return variable(Variable) is { Length: > 0 } value
                ? value.TrimEnd('\r', '\n')
                : throw new LakeException(LakeErrorKind.Configuration, $"{Key}: the environment variable {Variable} is not set.");
        }

        try
        {
            return System.IO.File.ReadAllText(File!).TrimEnd('\r', '\n') is { Length: > 0 } value
                ? value
                : throw new LakeException(LakeErrorKind.Configuration, $"{Key}: the file '{File}' is empty.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new LakeException(LakeErrorKind.Configuration, $"{Key}: the file '{File}' cannot be read: {unreadable.Message}", unreadable);
        }
    }
}

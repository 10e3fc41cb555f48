using System.Globalization;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Lakehouse.Projects;

/// <summary>
/// Reads <c>kafka.yml</c> of a project: topics that the node takes stock records from. Without the file there are none, and nothing connects
/// anywhere.
/// </summary>
public static class KafkaFile
{
    /// <summary>Name of the file in the project's folder.</summary>
    public const string FileName = "kafka.yml";

    private const int NameCharacters = 32;
    private const int SourceCharacters = 64;
    private const int TopicCharacters = 249;
    private const int GroupCharacters = 255;

    private static readonly string[] s_keys =
    [
        "name", "bootstrap_servers", "topics", "group", "format", "source", "source_header", "start", "on_truncated", "max_batch", "buffer_mib",
        "session_timeout_ms", "security", "event_hubs",
    ];

    /// <summary>Reads a project's sources.</summary>
    /// <exception cref="LakeException">The file is wrong; the message names file, line, key, value and rule.</exception>
    public static IReadOnlyList<KafkaFeed> Read(LakeProject project)
    {
        var path = Path.Combine(project.Folder, FileName);
        if (!File.Exists(path) || YamlEntry.Read(path) is not { } root)
        {
            return [];
        }

        root.AllowOnly("sources");
        var feeds = new List<KafkaFeed>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in root["sources"]?.Items ?? [])
        {
            var feed = Feed(entry, project.Folder);
            if (!names.Add(feed.Name))
            {
                throw entry["name"]!.Error($"'{feed.Name}' is named twice; the lake keeps how far it is under that name");
            }

            feeds.Add(feed);
        }

        return feeds;
    }

    private static KafkaFeed Feed(YamlEntry entry, string folder)
    {
        entry.AllowOnly(s_keys);
        var security = Security(entry, folder);
        var format = Choice(entry, "format", "stock", "stock", "cloudevents") == "stock" ? KafkaFormat.Stock : KafkaFormat.CloudEvents;
        if (format == KafkaFormat.CloudEvents && (entry["source"] ?? entry["source_header"]) is { } idle)
        {
            throw idle.Error("has no meaning with the format cloudevents: an event names its source itself");
        }

        return new KafkaFeed
        {
            Name = Word(entry, "name", NameCharacters, c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-', "of a-z, 0-9, '_' and '-'"),
            BootstrapServers = Servers(entry, security),
            Topics = Topics(entry),
            Group = Word(entry, "group", GroupCharacters, c => !char.IsControl(c), "without control characters"),
            Format = format,
            Source = Source(entry),
            SourceHeader = entry["source_header"] is null ? null : Word(entry, "source_header", GroupCharacters, c => !char.IsControl(c), "without control characters"),
            StartsAtEnd = Choice(entry, "start", "earliest", "earliest", "latest") == "latest",
            JumpsOverGaps = Choice(entry, "on_truncated", "stop", "stop", "earliest") == "earliest",
            MaxBatch = Number(entry, "max_batch", 5_000, 1, 100_000),
            BufferMebibytes = Number(entry, "buffer_mib", 32, 1, 2_047),
            SessionTimeout = TimeSpan.FromMilliseconds(Number(entry, "session_timeout_ms", 45_000, 1_000, 3_600_000)),
            Security = security,
        };
    }

    private static IReadOnlyList<string> Servers(YamlEntry entry, KafkaSecurity security)
    {
        if (entry["bootstrap_servers"] is not { } given)
        {
            return security.IsEventHubs ? [] : throw entry.Error("needs 'bootstrap_servers'");
        }

        var servers = given.Texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries)).ToList();
        foreach (var server in servers)
        {
            var colon = server.LastIndexOf(':');
            if (colon <= 0 || server.Contains("//", StringComparison.Ordinal)
                || !ushort.TryParse(server.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            {
                throw given.Error($"'{server}' must be host:port, such as broker-1:9092");
            }
        }

        return servers.Count > 0 ? servers : throw given.Error("must name a broker");
    }

    private static IReadOnlyList<string> Topics(YamlEntry entry)
    {
        var given = entry["topics"] ?? throw entry.Error("needs 'topics'");
        var topics = given.Texts;
        foreach (var topic in topics)
        {
            if (topic.Length is 0 or > TopicCharacters || topic is "." or ".." || !topic.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            {
                throw given.Error($"'{topic}' must be a topic's name: 1 to {TopicCharacters} of A-Z, a-z, 0-9, '.', '_' and '-'");
            }
        }

        return topics.Count > 0 && topics.Distinct(StringComparer.Ordinal).Count() == topics.Count
            ? topics
            : throw given.Error("must name a topic, and each once");
    }

    private static string? Source(YamlEntry entry)
    {
        if (entry["source"] is not { } given)
        {
            return null;
        }

        var source = Word(entry, "source", SourceCharacters, c => !char.IsControl(c) && !char.IsSurrogate(c), "without control characters");
        return source != StockLedger.SalesSource ? source : throw given.Error($"'{source}' is the node's own: name the system that the records come from");
    }

    private static KafkaSecurity Security(YamlEntry entry, string folder)
    {
        if (entry["event_hubs"] is { } hubs)
        {
            hubs.AllowOnly("connection_string_env", "connection_string_file");
            if (entry["security"] is { } both)
            {
                throw both.Error("is set by event_hubs already: SASL_SSL with the connection string");
            }

            return new KafkaSecurity
            {
                Protocol = "sasl_ssl",
                Mechanism = "PLAIN",
                Username = "$ConnectionString",
                Password = Place(hubs, "connection_string", folder) ?? throw hubs.Error("needs 'connection_string_env' or 'connection_string_file'"),
                IsEventHubs = true,
            };
        }

        if (entry["security"] is not { } given)
        {
            return new KafkaSecurity();
        }

        if ((given["password"] ?? given["connection_string"]) is { } secret)
        {
            throw secret.Error("must not stand in the file: name an environment variable (password_env) or a file (password_file)");
        }

        given.AllowOnly("protocol", "mechanism", "username", "password_env", "password_file", "ca_file", "certificate_file", "key_file");
        var protocol = Choice(given, "protocol", null, "plaintext", "ssl", "sasl_plaintext", "sasl_ssl");
        var isSasl = protocol.StartsWith("sasl", StringComparison.Ordinal);
        var idle = isSasl ? null : given["mechanism"] ?? given["username"] ?? given["password_env"] ?? given["password_file"];
        if (idle is not null)
        {
            throw idle.Error($"has no meaning with the protocol {protocol}");
        }

        if (given["certificate_file"] is { } certificate && given["key_file"] is null)
        {
            throw certificate.Error("needs 'key_file' beside it");
        }

        return new KafkaSecurity
        {
            Protocol = protocol,
            Mechanism = isSasl ? Choice(given, "mechanism", null, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512") : null,
            Username = isSasl ? given.Required("username") : null,
            Password = isSasl ? Place(given, "password", folder) ?? throw given.Error("needs 'password_env' or 'password_file'") : null,
            AuthorityFile = Existing(given["ca_file"], folder),
            CertificateFile = Existing(given["certificate_file"], folder),
            KeyFile = Existing(given["key_file"], folder),
        };
    }

    private static SecretPlace? Place(YamlEntry entry, string name, string folder)
    {
        var (variable, file) = (entry[name + "_env"], entry[name + "_file"]);
        if (variable is not null && file is not null)
        {
            throw file.Error($"and {name}_env exclude each other");
        }

        return variable is not null ? new SecretPlace($"{FileName}: {variable.Key}", variable.Text, null)
            : file is not null ? new SecretPlace($"{FileName}: {file.Key}", null, Path.Combine(folder, file.Text))
            : null;
    }

    private static string? Existing(YamlEntry? entry, string folder)
    {
        if (entry is null)
        {
            return null;
        }

        var path = Path.Combine(folder, entry.Text);
        return File.Exists(path) ? path : throw entry.Error($"'{path}' does not exist");
    }

    private static string Word(YamlEntry entry, string name, int most, Func<char, bool> fits, string rule)
    {
        var text = entry.Required(name);
        return text.Length >= 1 && text.Length <= most && text.All(fits)
            ? text
            : throw entry[name]!.Error($"'{text}' must be 1 to {most} characters {rule}");
    }

    private static string Choice(YamlEntry entry, string name, string? otherwise, params string[] known)
    {
        var text = entry[name]?.Text ?? otherwise ?? entry.Required(name);
        return known.Contains(text, StringComparer.Ordinal) ? text : throw entry[name]!.Error($"'{text}' must be one of {string.Join(", ", known)}");
    }

    private static int Number(YamlEntry entry, string name, int otherwise, int least, int most) =>
        entry[name] is not { } given ? otherwise
        : int.TryParse(given.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw given.Error($"'{given.Text}' must be a whole number from {least} to {most}");
}

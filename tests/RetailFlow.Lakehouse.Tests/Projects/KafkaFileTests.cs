using RetailFlow.Lakehouse.Projects;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Projects;

public sealed class KafkaFileTests : IDisposable
{
    private const string Plain = "name: a, bootstrap_servers: 'b:9092', topics: t, group: g";
    private readonly TemporaryDirectory _project = new();

    public KafkaFileTests() => File.WriteAllText(Path.Combine(_project.Path, "dbt_project.yml"), "name: test\n");

    public void Dispose() => _project.Dispose();

    [Fact]
    public void A_project_without_the_file_has_no_sources_and_an_empty_one_neither()
    {
        Assert.Empty(KafkaFile.Read(LakeProject.Load(_project.Path, "dev")));
        Assert.Empty(Read("# nothing yet\n"));
        Assert.Empty(Read("sources: []\n"));
    }

    [Fact]
    public void Defaults_are_careful()
    {
        var feed = Assert.Single(Read($"sources: [{{{Plain}}}]"));

        Assert.Equal(("a", "b:9092", "t", "g"), (feed.Name, Assert.Single(feed.BootstrapServers), Assert.Single(feed.Topics), feed.Group));
        Assert.Equal((KafkaFormat.Stock, false, false), (feed.Format, feed.StartsAtEnd, feed.JumpsOverGaps));
        Assert.Equal((5_000, 32, TimeSpan.FromSeconds(45)), (feed.MaxBatch, feed.BufferMebibytes, feed.SessionTimeout));
        Assert.Equal(new KafkaSecurity(), feed.Security);
        Assert.Null(feed.Source);
        Assert.Null(feed.SourceHeader);
    }

    [Fact]
    public void Every_setting_is_read()
    {
        File.WriteAllText(Path.Combine(_project.Path, "ca.pem"), "");
        var feed = Assert.Single(Read(
            """
            sources:
              - name: tills
                bootstrap_servers: [one:1, "two:2,three:3"]
                topics: [t.1, t_2]
                group: our group
                source: pos
                source_header: origin
                start: latest
                on_truncated: earliest
                max_batch: 7
                buffer_mib: 8
                session_timeout_ms: 9000
                security: {protocol: sasl_ssl, mechanism: SCRAM-SHA-256, username: u, password_env: P, ca_file: ca.pem}
            """));

        Assert.Equal(["one:1", "two:2", "three:3"], feed.BootstrapServers);
        Assert.Equal(["t.1", "t_2"], feed.Topics);
        Assert.Equal(("our group", "pos", "origin", true, true, 7, 8, 9.0), (feed.Group, feed.Source, feed.SourceHeader, feed.StartsAtEnd, feed.JumpsOverGaps, feed.MaxBatch, feed.BufferMebibytes, feed.SessionTimeout.TotalSeconds));
        Assert.Equal(("sasl_ssl", "SCRAM-SHA-256", "u", Path.Combine(_project.Path, "ca.pem")), (feed.Security.Protocol, feed.Security.Mechanism, feed.Security.Username, feed.Security.AuthorityFile));
        Assert.Equal("secret", feed.Security.Password!.Read(name => name == "P" ? "secret\n" : null));
    }

    [Fact]
    public void Event_hubs_log_in_with_the_connection_string_which_is_read_where_it_is()
    {
        var secret = Path.Combine(_project.Path, "hub.secret");
        var feed = Assert.Single(Read("sources: [{name: hub, topics: t, group: $Default, format: cloudevents, event_hubs: {connection_string_file: hub.secret}}]"));

        Assert.Equal(("sasl_ssl", "PLAIN", "$ConnectionString", true), (feed.Security.Protocol, feed.Security.Mechanism, feed.Security.Username, feed.Security.IsEventHubs));
        Assert.Empty(feed.BootstrapServers);
        Assert.Equal(KafkaFormat.CloudEvents, feed.Format);
        var missing = Assert.Throws<LakeException>(() => feed.Security.Password!.Read(_ => null));
        Assert.StartsWith($"kafka.yml: sources[0].event_hubs.connection_string_file: the file '{secret}' cannot be read", missing.Message, StringComparison.Ordinal);
        File.WriteAllText(secret, "Endpoint=sb://x/;Key=k\n");
        Assert.Equal("Endpoint=sb://x/;Key=k", feed.Security.Password!.Read(_ => null));
        File.WriteAllText(secret, "\n");
        Assert.Throws<LakeException>(() => feed.Security.Password!.Read(_ => null));
    }

    [Theory]
    [InlineData("streams: []", "the document has the unknown key 'streams'; known are sources.")]
    [InlineData("sources: [{bootstrap_servers: 'b:1', topics: t, group: g}]", "sources[0] needs 'name'.")]
    [InlineData("sources: [{name: Tills, bootstrap_servers: 'b:1', topics: t, group: g}]", "sources[0].name 'Tills' must be 1 to 32 characters of a-z, 0-9, '_' and '-'.")]
    [InlineData("sources: [{name: a, topics: t, group: g}]", "sources[0] needs 'bootstrap_servers'.")]
    [InlineData("sources: [{name: a, bootstrap_servers: broker, topics: t, group: g}]", "sources[0].bootstrap_servers 'broker' must be host:port, such as broker-1:9092.")]
    [InlineData("sources: [{name: a, bootstrap_servers: 'b:0', topics: t, group: g}]", "sources[0].bootstrap_servers 'b:0' must be host:port, such as broker-1:9092.")]
    [InlineData("sources: [{name: a, bootstrap_servers: 'http://b:1', topics: t, group: g}]", "sources[0].bootstrap_servers 'http://b:1' must be host:port, such as broker-1:9092.")]
    [InlineData("sources: [{name: a, bootstrap_servers: 'b:1', group: g}]", "sources[0] needs 'topics'.")]
    [InlineData("sources: [{name: a, bootstrap_servers: 'b:1', topics: [], group: g}]", "sources[0].topics must name a topic, and each once.")]
    [InlineData("sources: [{name: a, bootstrap_servers: 'b:1', topics: [t, t], group: g}]", "sources[0].topics must name a topic, and each once.")]
    [InlineData("sources: [{name: a, bootstrap_servers: 'b:1', topics: '^t.*', group: g}]", "sources[0].topics '^t.*' must be a topic's name: 1 to 249 of A-Z, a-z, 0-9, '.', '_' and '-'.")]
    [InlineData("sources: [{name: a, bootstrap_servers: 'b:1', topics: t}]", "sources[0] needs 'group'.")]
    [InlineData("sources: [{" + Plain + ", format: avro}]", "sources[0].format 'avro' must be one of stock, cloudevents.")]
    [InlineData("sources: [{" + Plain + ", start: newest}]", "sources[0].start 'newest' must be one of earliest, latest.")]
    [InlineData("sources: [{" + Plain + ", on_truncated: skip}]", "sources[0].on_truncated 'skip' must be one of stop, earliest.")]
    [InlineData("sources: [{" + Plain + ", max_batch: 0}]", "sources[0].max_batch '0' must be a whole number from 1 to 100000.")]
    [InlineData("sources: [{" + Plain + ", buffer_mib: many}]", "sources[0].buffer_mib 'many' must be a whole number from 1 to 2047.")]
    [InlineData("sources: [{" + Plain + ", session_timeout_ms: 999}]", "sources[0].session_timeout_ms '999' must be a whole number from 1000 to 3600000.")]
    [InlineData("sources: [{" + Plain + ", source: reservations}]", "sources[0].source 'reservations' is the node's own: name the system that the records come from.")]
    [InlineData("sources: [{" + Plain + ", format: cloudevents, source: pos}]", "sources[0].source has no meaning with the format cloudevents: an event names its source itself.")]
    [InlineData("sources: [{" + Plain + ", password: x}]", "sources[0] has the unknown key 'password'; known are name, bootstrap_servers, topics, group, format, source, source_header, start, on_truncated, max_batch, buffer_mib, session_timeout_ms, security, event_hubs.")]
    [InlineData("sources: [{" + Plain + ", security: {protocol: tls}}]", "sources[0].security.protocol 'tls' must be one of plaintext, ssl, sasl_plaintext, sasl_ssl.")]
    [InlineData("sources: [{" + Plain + ", security: {protocol: ssl, username: u}}]", "sources[0].security.username has no meaning with the protocol ssl.")]
    [InlineData("sources: [{" + Plain + ", security: {protocol: sasl_ssl, mechanism: PLAIN, username: u, password: p}}]", "sources[0].security.password must not stand in the file: name an environment variable (password_env) or a file (password_file).")]
    [InlineData("sources: [{" + Plain + ", security: {protocol: sasl_ssl, mechanism: PLAIN, username: u}}]", "sources[0].security needs 'password_env' or 'password_file'.")]
    [InlineData("sources: [{" + Plain + ", security: {protocol: sasl_ssl, mechanism: GSSAPI, username: u, password_env: P}}]", "sources[0].security.mechanism 'GSSAPI' must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512.")]
    [InlineData("sources: [{" + Plain + ", security: {protocol: sasl_ssl, mechanism: PLAIN, username: u, password_env: P, password_file: f}}]", "sources[0].security.password_file and password_env exclude each other.")]
    [InlineData("sources: [{" + Plain + ", security: {protocol: ssl, certificate_file: dbt_project.yml}}]", "sources[0].security.certificate_file needs 'key_file' beside it.")]
    [InlineData("sources: [{" + Plain + ", event_hubs: {}}]", "sources[0].event_hubs needs 'connection_string_env' or 'connection_string_file'.")]
    [InlineData("sources: [{" + Plain + ", event_hubs: {connection_string_env: C}, security: {protocol: ssl}}]", "sources[0].security is set by event_hubs already: SASL_SSL with the connection string.")]
    [InlineData("sources: [{" + Plain + "}, {" + Plain + "}]", "sources[1].name 'a' is named twice; the lake keeps how far it is under that name.")]
    public void What_is_wrong_is_told_in_one_line_with_file_key_value_and_rule(string yaml, string complaint)
    {
        var refused = Assert.Throws<LakeException>(() => Read(yaml));

        Assert.Equal(LakeErrorKind.Configuration, refused.Kind);
        Assert.Equal($"{Path.Combine(_project.Path, "kafka.yml")}:1: {complaint}", refused.Message);
    }

    [Fact]
    public void A_file_that_is_named_and_not_there_is_told_by_its_path()
    {
        var refused = Assert.Throws<LakeException>(() => Read("sources: [{" + Plain + ", security: {protocol: ssl, ca_file: ca.pem}}]"));

        Assert.EndsWith($"sources[0].security.ca_file '{Path.Combine(_project.Path, "ca.pem")}' does not exist.", refused.Message, StringComparison.Ordinal);
    }

    private IReadOnlyList<KafkaFeed> Read(string yaml)
    {
        File.WriteAllText(Path.Combine(_project.Path, "kafka.yml"), yaml);
        return KafkaFile.Read(LakeProject.Load(_project.Path, "dev"));
    }
}

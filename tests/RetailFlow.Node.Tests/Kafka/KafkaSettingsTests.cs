using Confluent.Kafka;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Node.Kafka;
using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

public sealed class KafkaSettingsTests
{
    private const string Hub = "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=s3cret=";

    [Fact]
    public void The_client_never_begins_anywhere_by_itself_and_tells_the_group_only_what_it_was_told()
    {
        var settings = KafkaSettings.Of(Feed(new KafkaSecurity()), _ => null);

        Assert.Equal((AutoOffsetReset.Error, false), (settings.AutoOffsetReset, settings.EnableAutoOffsetStore));
        Assert.Equal(("b:1", "g", SecurityProtocol.Plaintext), (settings.BootstrapServers, settings.GroupId, settings.SecurityProtocol));
        Assert.Null(settings.SaslPassword);
    }

    [Fact]
    public void Event_hubs_are_reached_at_the_namespace_of_the_connection_string_which_is_the_password()
    {
        var settings = KafkaSettings.Of(Feed(Hubs()) with { BootstrapServers = [] }, name => name == "HUB" ? Hub : null);

        Assert.Equal("shop.servicebus.windows.net:9093", settings.BootstrapServers);
        Assert.Equal((SecurityProtocol.SaslSsl, SaslMechanism.Plain, "$ConnectionString", Hub), (settings.SecurityProtocol, settings.SaslMechanism, settings.SaslUsername, settings.SaslPassword));
    }

    [Theory]
    [InlineData(null, "kafka.yml: event_hubs.connection_string_env: the environment variable HUB is not set.")]
    [InlineData("SharedAccessKey=s3cret", "kafka.yml: event_hubs.connection_string_env: the connection string has no Endpoint=sb://NAMESPACE/ to follow the brokers from.")]
    public void A_secret_that_is_not_there_or_no_connection_string_is_told_without_showing_it(string? value, string complaint)
    {
        var refused = Assert.Throws<LakeException>(() => KafkaSettings.Of(Feed(Hubs()) with { BootstrapServers = [] }, _ => value));

        Assert.Equal((LakeErrorKind.Configuration, complaint), (refused.Kind, refused.Message));
    }

    [Theory]
    [InlineData("sasl_plaintext", "SCRAM-SHA-256", SecurityProtocol.SaslPlaintext, SaslMechanism.ScramSha256)]
    [InlineData("sasl_ssl", "SCRAM-SHA-512", SecurityProtocol.SaslSsl, SaslMechanism.ScramSha512)]
    public void A_password_comes_from_where_the_file_says(string protocol, string mechanism, SecurityProtocol expected, SaslMechanism with)
    {
        var security = new KafkaSecurity { Protocol = protocol, Mechanism = mechanism, Username = "u", Password = new SecretPlace("password_env", "P", null) };

        var settings = KafkaSettings.Of(Feed(security), name => name == "P" ? "p" : null);

        Assert.Equal((expected, with, "u", "p"), (settings.SecurityProtocol, settings.SaslMechanism, settings.SaslUsername, settings.SaslPassword));
    }

    private static KafkaFeed Feed(KafkaSecurity security) => new() { Name = "pos", BootstrapServers = ["b:1"], Topics = ["t"], Group = "g", Security = security };

    private static KafkaSecurity Hubs() => new()
    {
        Protocol = "sasl_ssl",
        Mechanism = "PLAIN",
        Username = "$ConnectionString",
        Password = new SecretPlace("kafka.yml: event_hubs.connection_string_env", "HUB", null),
        IsEventHubs = true,
    };
}

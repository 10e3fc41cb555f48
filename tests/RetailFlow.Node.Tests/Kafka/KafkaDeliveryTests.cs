using System.Text;
using RetailFlow.Node.Kafka;
using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>Messages of brokers that speak the protocol, through to stock answers and tables.</summary>
public sealed class KafkaDeliveryTests : KafkaScenario
{
    [Fact]
    public async Task What_is_produced_is_in_the_ledger_once_and_the_status_says_how_far_it_is()
    {
        Node.Write(Brokers, "source: tills");
        await ProduceAsync(30);
        await Node.StartAsync();
        await Node.TakenAsync(Partitions);

        await Brokers.ProduceAsync(1, Receipt(7));
        await ProduceAsync(1);
        var feed = await Node.UntilAsync(f => f.Taken == 32 && f.Partitions.All(p => p.AtEnd), "32 messages");

        Assert.Equal([11, 11, 10], feed.Partitions.Select(p => p.Position));
        await AssertOnceAsync(Node, duplicates: 1);
        var counts = (await Node.GetAsync("/v1/status")).GetProperty("records_since_start");
        Assert.Equal((32, 31, 1), (counts.GetProperty("received").GetInt32(), counts.GetProperty("accepted").GetInt32(), counts.GetProperty("duplicates").GetInt32()));
        var status = await Node.StatusAsync();
        Assert.Equal(("pos", "retailflow", "consuming", 32), (status.GetProperty("source").GetString(), status.GetProperty("group").GetString(), status.GetProperty("state").GetString(), status.GetProperty("messages_since_start").GetInt32()));
        var partition = status.GetProperty("partitions")[1];
        Assert.Equal(
            ("stock-events", 1, "consuming", 11, 11, 0),
            (partition.GetProperty("topic").GetString(), partition.GetProperty("partition").GetInt32(), partition.GetProperty("state").GetString(), partition.GetProperty("position").GetInt32(), partition.GetProperty("end").GetInt32(), partition.GetProperty("lag").GetInt32()));
        Assert.NotNull(partition.GetProperty("last_message_at").GetString());
        var rows = await Node.QueryAsync("SELECT DISTINCT source FROM silver.inventory_events");
        Assert.Equal("""{"source":"tills"}""", Assert.Single(rows.EnumerateArray()).GetRawText());
        Assert.Equal([0, 0, 0], KafkaStatus.Lags(Node.Host.State.Kafka).Select(m => m.Value));
    }

    [Fact]
    public async Task What_is_no_record_is_kept_byte_for_byte_and_quarantined_with_the_rule_and_what_follows_is_taken()
    {
        Node.Write(Brokers, "source_header: origin");
        byte[] broken = [0xFF, 0x00, 0x7B];
        var large = Receipt(99).Insert(1, new string(' ', 1 << 20));
        await Node.StartAsync();

        await Brokers.ProduceAsync(0, broken, ("origin", "till-1"));
        await Brokers.ProduceAsync(0, (byte[]?)null);
        await Brokers.ProduceAsync(0, "[" + Receipt(100) + "]");
        await Brokers.ProduceAsync(0, Receipt(101), ("origin", new string('x', 65)));
        await Brokers.ProduceAsync(0, Receipt(102), ("origin", "reservations"));
        await Brokers.ProduceAsync(0, large);
        await Brokers.ProduceAsync(0, Receipt(103), ("origin", "till-1"), ("origin", "till-2"));
        await Node.UntilAsync(f => f.Taken == 7, "7 messages");

        Assert.Equal("1", await Node.OnHandAsync("A"));
        var rows = (await Node.QueryAsync("SELECT rule, CASE WHEN octet_length(raw) > 1000 THEN 'long' ELSE hex(raw) END AS raw FROM quarantine.inventory")).EnumerateArray().ToList();
        string Raw(string rule) => Assert.Single(rows, r => r.GetProperty("rule").GetString() == rule).GetProperty("raw").GetString()!;
        Assert.Equal(6, rows.Count);
        Assert.Equal(Convert.ToHexString(broken), Raw("invalid_utf8"));
        Assert.Equal("", Raw("tombstone"));
        Assert.Equal(Convert.ToHexString(Encoding.UTF8.GetBytes("[" + Receipt(100) + "]")), Raw("not_an_object"));
        Assert.Equal(Convert.ToHexString(Encoding.UTF8.GetBytes(Receipt(101))), Raw("invalid_value"));
        Assert.Equal(Convert.ToHexString(Encoding.UTF8.GetBytes(Receipt(102))), Raw("reserved_source"));
        Assert.Equal("long", Raw("record_too_large"));
        var journal = Assert.Single(Directory.GetFiles(Path.Combine(Node.LakePath, "raw", "inventory"), "journal-*.ndjson", SearchOption.AllDirectories));
        Assert.Contains($"\"from\":\"pos/stock-events/0@5\",\"malformed\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(large))}\"}}", await File.ReadAllTextAsync(journal), StringComparison.Ordinal);
        var sources = await Node.QueryAsync("SELECT source FROM silver.inventory_events");
        Assert.Equal("""[{"source":"till-2"}]""", sources.GetRawText());
        Assert.True((await Node.Host.State.Lake!.Reconciliation.RunAsync(default)).Holds);
    }

    [Fact]
    public async Task Events_are_taken_in_both_modes_and_what_breaks_their_rules_is_quarantined_as_it_came()
    {
        Node.Write(Brokers, "format: cloudevents");
        const string Data = """{"sku":"A","location":"L","quantity":1}""";
        (string, string)[] attributes = [("ce_specversion", "1.0"), ("ce_id", "e 1%41"), ("ce_source", "/tills/käse"), ("ce_type", "shop.receipt"), ("ce_time", "2026-01-02T00:00:00Z"), ("content-type", "application/json")];
        var structured = """{"specversion":"1.0","id":"e2","source":"/tills","type":"shop.receipt","time":"2026-01-02T00:00:00Z","data":{"sku":"A","location":"L","quantity":2}}""";
        await Node.StartAsync();

        await Brokers.ProduceAsync(0, Data, attributes);
        await Brokers.ProduceAsync(0, structured, ("content-type", "application/cloudevents+json; charset=UTF-8"));
        await Brokers.ProduceAsync(0, Data, [.. attributes, ("ce_id", "again")]);
        await Brokers.ProduceAsync(0, Data, [.. attributes.Where(a => a.Item1 != "ce_source")]);
        await Brokers.ProduceAsync(0, "[" + structured + "]", ("content-type", "application/cloudevents-batch+json"));
        await Brokers.ProduceAsync(0, NodeFixture.Sale("whole", "A"));
        await Node.UntilAsync(f => f.Taken == 6, "6 messages");

        Assert.Equal("3", await Node.OnHandAsync("A"));
        var records = await Node.QueryAsync("SELECT event_id, source FROM silver.inventory_events ORDER BY event_id");
        Assert.Equal("""[{"event_id":"e 1%41","source":"/tills/käse"},{"event_id":"e2","source":"/tills"}]""", records.GetRawText());
        var rules = await Node.QueryAsync("SELECT rule, field, decode(raw) AS raw FROM quarantine.inventory ORDER BY rule, field, raw");
        Assert.Equal(
            ["missing_field source " + Data, "missing_field specversion " + NodeFixture.Sale("whole", "A"), "not_supported content-type [" + structured + "]", "repeated ce_id " + Data],
            rules.EnumerateArray().Select(r => $"{r.GetProperty("rule").GetString()} {r.GetProperty("field").GetString()} {r.GetProperty("raw").GetString()}"));
    }
}

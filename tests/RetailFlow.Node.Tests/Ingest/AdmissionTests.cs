using System.Text;
using RetailFlow.Node.Ingest;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Ingest;

public sealed class AdmissionTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private static readonly long s_now = 1_800_000_000_000_000;
    private readonly KnownIdentities _history;
    private readonly RecordJudge _judge = new(new StockRecordRules());
    private long _sequence = 1;

    public AdmissionTests() => _history = KnownIdentities.Open(_folder.Path);

    public void Dispose()
    {
        _history.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_same_content_is_a_duplicate_however_it_is_spelled()
    {
        var admission = new Admission(_history);

        var batch = Decide(
            admission,
            Record("1", "\"quantity\":5,\"event_time\":\"2026-01-01T00:00:00Z\""),
            Record("1", "\"event_time\":\"2026-01-01T01:00:00+01:00\",\"quantity\":\"5.000\",\"unknown\":true"));

        Assert.Equal((1, 1, 0), (batch.Accepted, batch.Duplicates, batch.SetAside.Count));
    }

    [Fact]
    public void Other_content_under_the_same_identity_is_a_conflict_and_the_first_stays()
    {
        var admission = new Admission(_history);
        const string Time = ",\"event_time\":\"2026-01-01T00:00:00Z\"";

        var batch = Decide(admission, Record("1", "\"quantity\":5" + Time), Record("1", "\"quantity\":6" + Time), Record("1", "\"quantity\":5" + Time));

        Assert.Equal((1, 1), (batch.Accepted, batch.Duplicates));
        var conflict = Assert.Single(batch.SetAside);
        Assert.Equal((1, "identity_conflict"), (conflict.Index, conflict.Rule));
    }

    [Fact]
    public void An_identity_is_found_however_long_ago_it_was_taken()
    {
        var admission = new Admission(_history);
        var records = Enumerable.Range(0, 100).Select(i => Record($"{i}", "\"quantity\":5,\"event_time\":\"2026-01-01T00:00:00Z\"")).ToArray();

        var first = Decide(admission, records);
        var second = Decide(admission, records);

        Assert.Equal((100, 0), (first.Accepted, first.Duplicates));
        Assert.Equal((0, 100), (second.Accepted, second.Duplicates));
        Assert.Equal(100, _history.Count);
    }

    [Fact]
    public void A_void_of_a_void_is_refused_and_holds_its_identity_and_a_void_that_comes_first_is_accepted()
    {
        var admission = new Admission(_history);
        const string Rest = "\"quantity\":1,\"event_time\":\"2026-01-01T00:00:00Z\"";

        var batch = Decide(
            admission,
            Void("v1", "later", Rest),
            Record("later", Rest),
            Void("v2", "v1", Rest),
            Void("v2", "v1", Rest),
            Void("v2", "else", Rest),
            Void("v3", "v2", Rest));

        Assert.Equal(2, batch.Accepted);
        Assert.Equal(
            [(2, "void_of_void"), (3, "void_of_void"), (4, "identity_conflict"), (5, "void_of_void")],
            batch.SetAside.Select(s => (s.Index, s.Rule)));
    }

    [Fact]
    public void What_breaks_a_rule_is_set_aside_in_the_order_of_the_request_and_is_no_identity()
    {
        var admission = new Admission(_history);
        const string Time = ",\"event_time\":\"2026-01-01T00:00:00Z\"";

        var batch = Decide(
            admission,
            Record("1", "\"quantity\":5" + Time),
            Record("2", "\"quantity\":-5" + Time),
            Record("1", "\"quantity\":7" + Time),
            "{\"event_id\":",
            Record("2", "\"quantity\":5" + Time));

        Assert.Equal((2, 0), (batch.Accepted, batch.Duplicates));
        Assert.Equal(
            [(1, "quantity_not_positive"), (2, "identity_conflict"), (3, "malformed_json")],
            batch.SetAside.Select(s => (s.Index, s.Rule)));
        Assert.Equal(5, batch.Journal.Count);
    }

    private static string Record(string id, string rest) => $"{{\"event_id\":\"{id}\",\"type\":\"sale\",\"sku\":\"A\",\"location\":\"L\",{rest}}}";

    private static string Void(string id, string target, string rest) =>
        $"{{\"event_id\":\"{id}\",\"type\":\"void\",\"sku\":\"A\",\"location\":\"L\",\"voids\":{{\"event_id\":\"{target}\"}},{rest}}}";

    private IntakeBatch Decide(Admission admission, params string[] records)
    {
        var body = Encoding.UTF8.GetBytes(string.Join('\n', records));
        using var slices = new RecordSlices();
        RecordSplitter.Split(body, lines: true, slices);
        var batch = _judge.Judge(body, slices.All, "till", s_now);
        admission.Decide(batch, _sequence);
        batch.Close();
        _sequence += records.Length;
        return batch;
    }
}

using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Cli.Tests.Recovery;

/// <summary>
/// A client that keeps its own books: what it sent, and what was acknowledged. A batch without an answer is sent again, as a till
/// does that does not know whether it arrived.
/// </summary>
internal sealed class PostingClient(int number, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<string> _sent = [];
    private string? _unanswered;
    private int _next;

    /// <summary>Identities in batches that were answered.</summary>
    public ConcurrentDictionary<string, byte> Acknowledged { get; } = new(StringComparer.Ordinal);

    /// <summary>Every identity that ever left the client.</summary>
    public IReadOnlyList<string> Sent => _sent;

    public string Source => $"client-{number}";

    public long Received { get; private set; }

    public long Accepted { get; private set; }

    public long Duplicates { get; private set; }

    public long Quarantined { get; private set; }

    public long LastSequence { get; private set; }

    /// <summary>Sends until the node is gone; calls <paramref name="acknowledged"/> after each answer.</summary>
    public async Task RunAsync(Uri address, Action acknowledged)
    {
        using var client = new HttpClient { BaseAddress = address };
        while (true)
        {
            var body = _unanswered ?? NextBody();
            _unanswered = body;
            try
            {
                using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/x-ndjson"));
                using var response = await client.PostAsync(new Uri($"/v1/events?source={Source}", UriKind.Relative), content);
                var answer = await response.Content.ReadAsStringAsync();
                Assert.True(response.IsSuccessStatusCode, answer);
                Note(body, answer);
            }
            catch (HttpRequestException)
            {
                return;
            }

            _unanswered = null;
            acknowledged();
        }
    }

    /// <summary>Records never seen before, and now and then a resend, a conflict and nonsense.</summary>
    private string NextBody()
    {
        var body = new StringBuilder();
        for (var i = _random.Next(1, 60); i > 0; i--)
        {
            switch (_random.Next(20))
            {
                case 0 when !Acknowledged.IsEmpty:
                    body.Append(Record(_random.Next(_next), quantity: 1));
                    break;
                case 1 when !Acknowledged.IsEmpty:
                    body.Append(Record(_random.Next(_next), quantity: 2));
                    break;
                case 2:
                    body.Append("{\"event_id\":\"broken\"");
                    break;
                default:
                    body.Append(Record(_next, quantity: 1));
                    _sent.Add(Id(_next++));
                    break;
            }

            body.Append('\n');
        }

        return body.ToString();
    }

    private void Note(string body, string answer)
    {
        var lines = body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var document = JsonDocument.Parse(answer);
        var root = document.RootElement;
        var quarantined = root.GetProperty("quarantined").EnumerateArray().Select(q => q.GetProperty("index").GetInt32()).ToHashSet();
        Received += lines.Length;
        Accepted += root.GetProperty("accepted").GetInt32();
        Duplicates += root.GetProperty("duplicates").GetInt32();
        Quarantined += quarantined.Count;
        var sequence = root.GetProperty("sequence").GetInt64();
        Assert.True(sequence > LastSequence, $"sequence {sequence} after {LastSequence}");
        LastSequence = sequence;
        for (var i = 0; i < lines.Length; i++)
        {
            if (!quarantined.Contains(i))
            {
                using var record = JsonDocument.Parse(lines[i]);
                Acknowledged.TryAdd(record.RootElement.GetProperty("event_id").GetString()!, 0);
            }
        }
    }

    private static string Id(int number) => $"e-{number}";

    private static string Record(int number, int quantity) =>
        $"{{\"event_id\":\"{Id(number)}\",\"type\":\"sale\",\"sku\":\"S{number % 50}\",\"location\":\"L{number % 3}\",\"quantity\":{quantity},\"event_time\":\"2026-01-01T00:00:00Z\"}}";
}

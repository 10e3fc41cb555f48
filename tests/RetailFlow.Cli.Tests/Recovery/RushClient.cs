using System.Text;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Cli.Tests.Recovery;

/// <summary>A request on its way: what is wanted under which key.</summary>
internal sealed record RushCommand(string Path, string Key, string Body)
{
    /// <summary>The state of the reservation afterwards, if it is granted.</summary>
    public required string State { get; init; }

    /// <summary>The reservation; null for one that is new.</summary>
    public string? Id { get; init; }
}

/// <summary>What was answered to a request, to the byte.</summary>
internal sealed record RushAnswer(RushCommand Command, int Status, string Body);

/// <summary>What a client was last told of a reservation: its state, and its lines as <see cref="RushBook"/> writes them.</summary>
internal sealed record RushGrant(string Id, string State, string Lines);

/// <summary>
/// A shopper that keeps its own books. It asks for two neighbours of the scarce SKUs, for one of them if it cannot have both, and
/// orders or gives back some of what it got. A request that was not answered is sent again under its key until it is.
/// </summary>
internal sealed class RushClient(int number, int skus)
{
    private readonly Queue<RushCommand> _next = new();
    private int _asked;

    /// <summary>Every answer that came, by key.</summary>
    public Dictionary<string, RushAnswer> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>Every reservation that was granted to it, as it was last told.</summary>
    public Dictionary<string, RushGrant> Grants { get; } = new(StringComparer.Ordinal);

    /// <summary>The request that has no answer; null if there is none.</summary>
    public RushCommand? Unanswered { get; private set; }

    /// <summary>Asks until it has all it wants or the node is gone; calls <paramref name="answered"/> after each answer.</summary>
    public async Task RunAsync(HttpClient http, Uri address, Action answered)
    {
        while ((Unanswered ??= Next()) is { } command)
        {
            try
            {
                var answer = await SendAsync(http, address, command);
                Take(answer);
            }
            catch (HttpRequestException)
            {
                return;
            }

            Unanswered = null;
            answered();
        }
    }

    public static string Sku(int i) => $"RUSH-{i:D2}";

    public static RushCommand Hold(string key, params int[] skus) => new(
        "/v1/reservations",
        key,
        $"{{\"ttl_seconds\":3600,\"lines\":[{string.Join(',', skus.Select(i => $"{{\"sku\":\"{Sku(i)}\",\"location\":\"L\",\"quantity\":1}}"))}]}}")
    {
        State = "held",
    };

    public static async Task<RushAnswer> SendAsync(HttpClient http, Uri address, RushCommand command)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, command.Path))
        {
            Content = new StringContent(command.Body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", command.Key);
        using var response = await http.SendAsync(request);
        return new RushAnswer(command, (int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private RushCommand? Next()
    {
        if (_next.TryDequeue(out var command))
        {
            return command;
        }

        if (_asked == skus)
        {
            return null;
        }

        var first = (number + _asked++) % skus;
        return Hold($"pair-{number}-{_asked}", first, (first + 1) % skus);
    }

    /// <summary>Enters an answer in the books.</summary>
    public void Take(RushAnswer answer)
    {
        var command = answer.Command;
        Assert.True(Answers.TryAdd(command.Key, answer), $"{command.Key} was answered twice");
        using var document = JsonDocument.Parse(answer.Body);
        if (answer.Status is 200 or 201)
        {
            var grant = RushBook.GrantOf(document.RootElement);
            Assert.Equal(command.State, grant.State);
            Assert.Equal(command.Id ?? grant.Id, grant.Id);
            Grants[grant.Id] = grant;
            Follow(command, grant);
            return;
        }

        Assert.True(answer.Status == 409, $"{command.Key}: {answer.Status} {answer.Body}");
        Assert.All(document.RootElement.GetProperty("shortfalls").EnumerateArray(), shortfall => Assert.True(shortfall.GetProperty("available").GetDecimal() >= 0));
        if (command.Key.StartsWith("pair", StringComparison.Ordinal))
        {
            _next.Enqueue(Hold($"one-{number}-{_asked}", (number + _asked - 1) % skus));
        }
    }

    private void Follow(RushCommand command, RushGrant grant)
    {
        if (command.State != "held")
        {
            return;
        }

        switch (number % 4)
        {
            case 1:
                _next.Enqueue(On(grant.Id, "confirm", "confirmed"));
                break;
            case 2 when Grants.Count % 2 == 1:
                _next.Enqueue(On(grant.Id, "release", "released"));
                break;
            default:
                break;
        }
    }

    private static RushCommand On(string id, string verb, string state) =>
        new($"/v1/reservations/{id}/{verb}", $"{verb}-{id}", string.Empty) { State = state, Id = id };
}

using System.Text.Json;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>A server-sent event as a browser would dispatch it, and the last event id that it has then.</summary>
internal sealed record ServerEvent(string Name, string Data, string LastId)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;
}

/// <summary>Reads a stream of server-sent events by the rules of the HTML standard, section 9.2.6.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private EventReader(HttpResponseMessage response, StreamReader lines)
    {
        _response = response;
        _lines = lines;
    }

    /// <summary>The id to come back with.</summary>
    public string LastId { get; private set; } = string.Empty;

    /// <summary>Whether a comment is returned as an event named <c>beat</c>, which it is not to a browser.</summary>
    public bool TellsBeats { get; init; }

    /// <summary>Comments that came.</summary>
    public int Comments { get; private set; }

    public static async Task<EventReader> OpenAsync(HttpClient client, string path, string? lastId = null, bool tellsBeats = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, response.ToString());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync())) { LastId = lastId ?? string.Empty, TellsBeats = tellsBeats };
    }

    /// <summary>The next event; null when the stream has ended.</summary>
    public async Task<ServerEvent?> NextAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        var name = "message";
        List<string> data = [];
        var comments = Comments;
        while (await _lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Count > 0)
                {
                    return new ServerEvent(name, string.Join('\n', data), LastId);
                }

                if (TellsBeats && Comments > comments)
                {
                    return new ServerEvent("beat", string.Empty, LastId);
                }

                name = "message";
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (field, value) = colon < 0 ? (line, string.Empty) : (line[..colon], line[(colon + 1)..]);
            value = value.StartsWith(' ') ? value[1..] : value;
            switch (field)
            {
                case "":
                    Comments++;
                    break;
                case "event":
                    name = value;
                    break;
                case "data":
                    data.Add(value);
                    break;
                case "id":
                    LastId = value;
                    break;
                default:
                    break;
            }
        }

        return null;
    }

    /// <summary>The next event, which must be one of the name.</summary>
    public async Task<ServerEvent> NextAsync(string name)
    {
        var next = await NextAsync();
        Assert.Equal(name, next?.Name);
        return next!;
    }

    /// <summary>Reads up to and including the first event that fits.</summary>
    public async Task<ServerEvent> UntilAsync(Predicate<ServerEvent> fits)
    {
        while (await NextAsync() is { } next)
        {
            if (fits(next))
            {
                return next;
            }
        }

        throw new Xunit.Sdk.XunitException("The stream ended before that.");
    }

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}

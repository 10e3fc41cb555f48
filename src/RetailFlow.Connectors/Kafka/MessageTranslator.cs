using System.Text;
using RetailFlow.Connectors.CloudEvents;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.Kafka;

/// <summary>
/// What a message of a topic comes to. Every message gives one entry, whatever is wrong with it, so that offsets and entries keep step. The same message
/// gives the same entry whenever it is delivered. Keys and the broker's times say nothing about stock and are not kept.
/// </summary>
public static class MessageTranslator
{
    private const string ContentType = "content-type";
    private const string AttributePrefix = "ce_";
    private const string EventType = "application/cloudevents";
    private const int SourceCharacters = 64;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A message whose value is one stock record.</summary>
    /// <param name="message">The message.</param>
    /// <param name="source">Default source where the header does not name one; null takes the feed contract's.</param>
    /// <param name="sourceHeader">Name of the header that has the default source; null if none has.</param>
    public static MessageEntry Stock(TopicMessage message, string? source, string? sourceHeader)
    {
        if (message.Value is not { } value)
        {
            return Tombstone(message);
        }

        if (sourceHeader is null || !TryFind(message, sourceHeader, out var header))
        {
            return new MessageEntry(message.Origin, value, source, null);
        }

        return Text(header) is { } named && named.EnumerateRunes().Count() is >= 1 and <= SourceCharacters && !named.Any(char.IsControl)
            ? new MessageEntry(message.Origin, value, named, null)
            : Refuse(message, ConnectorRule.InvalidValue, sourceHeader, $"header {sourceHeader} is not a source: 1 to {SourceCharacters} characters in UTF-8, none of them a control character");
    }

    /// <summary>A message that is one CloudEvent (Kafka protocol binding 1.0.2): structured by its content type, else binary.</summary>
    /// <param name="message">The message.</param>
    public static MessageEntry CloudEvent(TopicMessage message)
    {
        if (message.Value is not { } value)
        {
            return Tombstone(message);
        }

        var type = TryFind(message, ContentType, out var header) ? Text(header) ?? string.Empty : null;
        if (type?.TrimStart().StartsWith(EventType, StringComparison.OrdinalIgnoreCase) != true)
        {
            return Binary(message, type, value);
        }

        var media = type.Split(';', 2)[0].Trim();
        return media.Equals(EventType + "+json", StringComparison.OrdinalIgnoreCase)
            ? Entry(message, CloudEventTranslator.Structured(value))
            : Refuse(message, ConnectorRule.NotSupported, ContentType, $"content type '{media}' is not {EventType}+json");
    }

    private static MessageEntry Binary(TopicMessage message, string? contentType, ReadOnlyMemory<byte> value)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, bytes) in message.Headers.Where(h => h.Key.StartsWith(AttributePrefix, StringComparison.Ordinal)))
        {
            if (Text(bytes) is not { } text)
            {
                return Refuse(message, RecordRule.InvalidUtf8, name, $"header {name} is not UTF-8");
            }

            if (!attributes.TryAdd(name[AttributePrefix.Length..], text))
            {
                return Refuse(message, ConnectorRule.Repeated, name, $"header {name} comes twice");
            }
        }

        return Entry(message, CloudEventTranslator.Attributed(attributes, contentType, value));
    }

    private static MessageEntry Entry(TopicMessage message, Translation translation) => translation.Outcomes is [TranslatedRecord record]
        ? new MessageEntry(message.Origin, record.Json, null, null)
        : translation.Refusals.FirstOrDefault() is { } refusal
            ? Refuse(message, refusal.Rule, refusal.Field, refusal.Detail)
            : throw new InvalidOperationException("An event is one record or refused.");

    private static MessageEntry Tombstone(TopicMessage message) =>
        Refuse(message, ConnectorRule.Tombstone, string.Empty, "the message has no value: a key's deletion takes no stock record back, a void does");

    private static MessageEntry Refuse(TopicMessage message, string rule, string field, string complaint) =>
        new(message.Origin, message.Value ?? ReadOnlyMemory<byte>.Empty, null, new RecordViolation(rule, field, $"{complaint} ({rule}; {message.Origin.Partition} offset {message.Origin.Offset})"));

    private static bool TryFind(TopicMessage message, string name, out ReadOnlyMemory<byte> value)
    {
        // The last one wins, as a later header replaces an earlier one for those who read a topic.
        for (var i = message.Headers.Count - 1; i >= 0; i--)
        {
            if (message.Headers[i].Key.Equals(name, StringComparison.Ordinal))
            {
                value = message.Headers[i].Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    private static string? Text(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return s_strict.GetString(utf8.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

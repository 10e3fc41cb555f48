using System.Globalization;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>Annotations of a field: JSON values by key, kept as JSON text so that unknown ones survive a rewrite.</summary>
public sealed class FieldMetadata : IEquatable<FieldMetadata>
{
    /// <summary>No annotations.</summary>
    public static readonly FieldMetadata Empty = new([]);

    private readonly KeyValuePair<string, string>[] entries;

    /// <summary>Annotations in this order; each value is JSON text.</summary>
    public FieldMetadata(IEnumerable<KeyValuePair<string, string>> jsonByKey) => entries = [.. jsonByKey];

    /// <summary>The annotations; each value is JSON text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Entries => entries;

    /// <summary>JSON text of the annotation, or null.</summary>
    public string? Json(string key)
    {
        foreach (var entry in entries)
        {
            if (string.Equals(entry.Key, key, StringComparison.Ordinal))
            {
                return entry.Value;
            }
        }

        return null;
    }

    /// <summary>The annotation as text; null if absent or not a JSON string.</summary>
    public string? Text(string key) => Json(key) is ['"', ..] json ? JsonDocument.Parse(json).RootElement.GetString() : null;

    /// <summary>The annotation as an integer; null if absent or not one.</summary>
    public long? Integer(string key) =>
        long.TryParse(Json(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>These annotations with one more, or one replaced.</summary>
    /// <param name="key">Name of the annotation.</param>
    /// <param name="json">Its value as JSON text.</param>
    public FieldMetadata With(string key, string json) =>
        new(entries.Where(e => !string.Equals(e.Key, key, StringComparison.Ordinal)).Append(new(key, json)));

    /// <summary>These annotations with a text added or replaced.</summary>
    public FieldMetadata WithText(string key, string text) => With(key, Quote(text));

    /// <summary>These annotations without one.</summary>
    public FieldMetadata Without(string key) => new(entries.Where(e => !string.Equals(e.Key, key, StringComparison.Ordinal)));

    /// <summary>Text as JSON text.</summary>
    internal static string Quote(string text) => '"' + JsonEncodedText.Encode(text, DeltaActionJson.WriterOptions.Encoder).ToString() + '"';

    /// <inheritdoc/>
    public bool Equals(FieldMetadata? other) =>
        other is not null && entries.Length == other.entries.Length && entries.All(e => other.Json(e.Key) == e.Value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FieldMetadata);

    /// <inheritdoc/>
    public override int GetHashCode() => entries.Length;
}

using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace RetailFlow.DuckDb;

/// <summary>A STRUCT value: its fields by name, enumerated in the order of the type.</summary>
public sealed class DuckDbStruct : IReadOnlyDictionary<string, object?>
{
    private readonly IReadOnlyList<DuckDbColumnDefinition> fields;
    private readonly object?[] values;

    internal DuckDbStruct(IReadOnlyList<DuckDbColumnDefinition> fields, object?[] values)
    {
        this.fields = fields;
        this.values = values;
    }

    /// <inheritdoc/>
    public IEnumerable<string> Keys => fields.Select(definition => definition.Name);

    /// <inheritdoc/>
    public IEnumerable<object?> Values => values;

    /// <inheritdoc/>
    public int Count => values.Length;

    /// <inheritdoc/>
    public object? this[string key] =>
        TryGetValue(key, out object? value) ? value : throw new KeyNotFoundException($"The struct has no field {key}.");

    /// <inheritdoc/>
    public bool ContainsKey(string key) => TryGetValue(key, out _);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (string.Equals(fields[i].Name, key, StringComparison.Ordinal))
            {
                value = values[i];
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (int i = 0; i < values.Length; i++)
        {
            yield return KeyValuePair.Create(fields[i].Name, values[i]);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

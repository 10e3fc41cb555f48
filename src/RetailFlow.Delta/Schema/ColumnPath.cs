namespace RetailFlow.Delta;

/// <summary>The names from a top-level column down to a nested field. A dot in a name is part of the name.</summary>
public sealed class ColumnPath : IEquatable<ColumnPath>
{
    private readonly string[] parts;

    private ColumnPath(string[] parts) => this.parts = parts;

    /// <summary>The names, outermost first.</summary>
    public IReadOnlyList<string> Parts => parts;

    /// <summary>A path of these names, outermost first.</summary>
    public static ColumnPath Of(params ReadOnlySpan<string> names) =>
        names.Length > 0 ? new(names.ToArray()) : throw new ArgumentException("A column path has at least one name.", nameof(names));

    /// <summary>The top-level column of this name.</summary>
    public static implicit operator ColumnPath(string name) => new([name]);

    /// <inheritdoc/>
    public bool Equals(ColumnPath? other) => other is not null && parts.AsSpan().SequenceEqual(other.parts);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ColumnPath);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var part in parts)
        {
            hash.Add(part, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join('.', parts);
}

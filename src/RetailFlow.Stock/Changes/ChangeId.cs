using System.Globalization;

namespace RetailFlow.Stock.Changes;

/// <summary>
/// Names a place in the stream of changes: <c>sequence-position</c>. Every later place has a greater sequence, or the same and a greater
/// position.
/// </summary>
/// <param name="Sequence">The journal's sequence that was durable there.</param>
/// <param name="Position">Counts changes; goes on from the moment at which counting began, microseconds since 1970 UTC.</param>
public readonly record struct ChangeId(long Sequence, long Position)
{
    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ChangeId id)
    {
        id = default;
        int dash = text.IndexOf('-');
        if (dash < 0
            || !long.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)
            || !long.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long position))
        {
            return false;
        }

        id = new ChangeId(sequence, position);
        return true;
    }

    /// <summary>Whether it is a later place than another.</summary>
    public bool IsAfter(ChangeId other) => Sequence != other.Sequence ? Sequence > other.Sequence : Position > other.Position;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sequence}-{Position}");
}

namespace RetailFlow.Stock.Changes;

/// <summary>A SKU that has changed.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Id">The place of its last change: when it and all before it are told, everything up to here is.</param>
public readonly record struct ChangedSku(string Sku, ChangeId Id);

/// <summary>What is to be told next, in this order; nothing if all of it is empty.</summary>
public sealed record WatchStep
{
    /// <summary>Other than <see cref="ResetReason.None"/>: everything that is wanted is told as it is, in place of what was told before.</summary>
    public ResetReason Reset { get; init; }

    /// <summary>Every wanted SKU at these locations is told as it is; empty for none, null for all locations.</summary>
    public IReadOnlySet<string>? Refresh { get; init; } = new HashSet<string>();

    /// <summary>These SKUs are told as they are, in the order of their ids; each once, however often it changed.</summary>
    public IReadOnlyList<ChangedSku> Changes { get; init; } = [];

    /// <summary>When that is done, everything up to here is told.</summary>
    public required ChangeId UpTo { get; init; }

    /// <summary>Whether there is nothing to tell but the place.</summary>
    public bool IsEmpty => Reset == ResetReason.None && Refresh is { Count: 0 } && Changes.Count == 0;

    /// <summary>
    /// The step as events. A place is told only when everything up to it was: a receiver that is cut off in between goes on from the place
    /// before, and is told again what it may not have got.
    /// </summary>
    /// <param name="wanted">The SKUs that the receiver wants, as far as they are there.</param>
    public IEnumerable<Told> Tell(IEnumerable<string> wanted)
    {
        if (Reset != ResetReason.None)
        {
            yield return new Told(ToldKind.Reset) { Reason = Reset };
            foreach (string sku in wanted)
            {
                yield return new Told(ToldKind.State) { Sku = sku };
            }

            yield return new Told(ToldKind.Ready) { Id = UpTo };
            yield break;
        }

        if (Refresh is null or { Count: > 0 })
        {
            foreach (string sku in wanted)
            {
                yield return new Told(ToldKind.State) { Sku = sku, OnlyAt = Refresh };
            }
        }

        foreach (ChangedSku changed in Changes)
        {
            yield return new Told(ToldKind.State) { Sku = changed.Sku, Id = changed.Id };
        }

        if (!IsEmpty && (Changes.Count == 0 || Changes[^1].Id != UpTo))
        {
            yield return new Told(ToldKind.Place) { Id = UpTo };
        }
    }
}

/// <summary>What an event is.</summary>
public enum ToldKind : byte
{
    /// <summary>What was told before does not count any more.</summary>
    Reset,

    /// <summary>A SKU as it is at the moment of telling.</summary>
    State,

    /// <summary>After a reset: all of it was told.</summary>
    Ready,

    /// <summary>Nothing but a place.</summary>
    Place,
}

/// <summary>An event to a receiver.</summary>
/// <param name="Kind">What it is.</param>
public readonly record struct Told(ToldKind Kind)
{
    /// <summary>The SKU of a state.</summary>
    public string? Sku { get; init; }

    /// <summary>Everything up to here was told; null says nothing.</summary>
    public ChangeId? Id { get; init; }

    /// <summary>Told only if the SKU is at one of these locations; null in any case.</summary>
    public IReadOnlySet<string>? OnlyAt { get; init; }

    /// <summary>Why, of a reset.</summary>
    public ResetReason Reason { get; init; }
}

using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>Why a command was refused.</summary>
public enum ReservationRefusal : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>There is not enough; <see cref="ReservationTransition.Shortfalls"/> tells of what.</summary>
    Shortfall,

    /// <summary>The state does not allow it.</summary>
    State,

    /// <summary>There is no such reservation.</summary>
    NotFound,

    /// <summary>The idempotency key came before with another request.</summary>
    KeyReused,

    /// <summary>A line that is fulfilled is not there, or has less open.</summary>
    Line,
}

/// <summary>What is missing of one line.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location; null where it was left open and no location has enough.</param>
/// <param name="Requested">Sum that the request asks for there.</param>
/// <param name="Available">What there is for the request's channel, never below zero.</param>
public readonly record struct Shortfall(string Sku, string? Location, Quantity Requested, Quantity Available);

/// <summary>
/// What was decided, with the reservation as it is afterwards: what the journal keeps, what recovery applies without deciding
/// again, and what the caller is answered, also the second time.
/// </summary>
public sealed record ReservationTransition
{
    /// <summary>The command, or <c>expire</c> or <c>consume</c>.</summary>
    public required string Command { get; init; }

    /// <summary>The reservation's identity.</summary>
    public required string Id { get; init; }

    /// <summary>Idempotency key; null for what nobody asked for.</summary>
    public string? Key { get; init; }

    /// <summary>Stands for the request.</summary>
    public UInt128 RequestHash { get; init; }

    /// <summary>Why it was refused.</summary>
    public ReservationRefusal Refusal { get; init; }

    /// <summary>The reservation afterwards; of a refusal, as it is; null if there is none.</summary>
    public Reservation? After { get; init; }

    /// <summary>What is missing, for <see cref="ReservationRefusal.Shortfall"/>.</summary>
    public IReadOnlyList<Shortfall> Shortfalls { get; init; } = [];

    /// <summary><see cref="Shortfalls"/> where they lie, if they are an array, as none are.</summary>
    internal ReadOnlySpan<Shortfall> ShortfallSpan => Shortfalls is Shortfall[] array ? array : [.. Shortfalls];

    /// <summary>One line that says why it was refused; null if it was not.</summary>
    public string? Reason { get; init; }

    /// <summary>True for an answer that was given before: it is not written again.</summary>
    public bool IsReplay { get; init; }

    /// <summary>
    /// Whether the journal keeps it. A refusal by state or shortfall is kept, so that a retry gets the same answer after a restart;
    /// one that says nothing about stock is not.
    /// </summary>
    public bool IsKept => !IsReplay && Refusal is not (ReservationRefusal.NotFound or ReservationRefusal.KeyReused);

    /// <summary>When it was decided, microseconds since 1970 UTC.</summary>
    public long AtMicros { get; init; }
}

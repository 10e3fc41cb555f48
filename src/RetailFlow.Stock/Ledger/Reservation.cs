using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>Where a reservation is in its life (stock.md section 3).</summary>
public enum ReservationState : byte
{
    /// <summary>A basket or checkout has it until it expires.</summary>
    Held,

    /// <summary>Ordered; never expires.</summary>
    Confirmed,

    /// <summary>All of it left.</summary>
    Fulfilled,

    /// <summary>What had not left was given back.</summary>
    Released,

    /// <summary>Given back because its time ran out.</summary>
    Expired,
}

/// <summary>One line of a reservation, granted.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location, asked for or chosen.</param>
/// <param name="Quantity">Granted quantity, above zero.</param>
/// <param name="Fulfilled">What of it left.</param>
public readonly record struct ReservationLine(string Sku, string Location, Quantity Quantity, Quantity Fulfilled)
{
    /// <summary>What has not left.</summary>
    public Quantity Open => Quantity - Fulfilled;
}

/// <summary>A reservation as it is after a transition. Immutable.</summary>
public sealed record Reservation
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>State, as far as transitions tell: a held one whose time ran out is expired whether or not that was noted.</summary>
    public required ReservationState State { get; init; }

    /// <summary>When it was granted, microseconds since 1970 UTC.</summary>
    public required long CreatedMicros { get; init; }

    /// <summary>The first moment at which it is no longer held; of meaning for held ones only.</summary>
    public required long ExpiresMicros { get; init; }

    /// <summary>Its lines, in the order of the request.</summary>
    public required IReadOnlyList<ReservationLine> Lines { get; init; }

    /// <summary><see cref="Lines"/> where they lie, if they are an array.</summary>
    internal ReadOnlySpan<ReservationLine> LineSpan => Lines is ReservationLine[] array ? array : [.. Lines];

    /// <summary>The caller's own reference; null if there is none.</summary>
    public string? Reference { get; init; }

    /// <summary>The channel that it counts for; null if there is none.</summary>
    public string? Channel { get; init; }

    /// <summary>Sales that its fulfilments have written into the journal, or are about to.</summary>
    public int Sales { get; init; }

    /// <summary>State at a moment: expiry is exact whether or not a sweeper ran.</summary>
    public ReservationState StateAt(long micros) =>
        State == ReservationState.Held && ExpiresMicros <= micros ? ReservationState.Expired : State;

    /// <summary>The states by the names that users see.</summary>
    public static string NameOf(ReservationState state) => state switch
    {
        ReservationState.Held => "held",
        ReservationState.Confirmed => "confirmed",
        ReservationState.Fulfilled => "fulfilled",
        ReservationState.Released => "released",
        ReservationState.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of a reservation."),
    };

    /// <summary>The state with that name; null if there is none.</summary>
    public static ReservationState? StateNamed(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("held"u8) ? ReservationState.Held
        : name.SequenceEqual("confirmed"u8) ? ReservationState.Confirmed
        : name.SequenceEqual("fulfilled"u8) ? ReservationState.Fulfilled
        : name.SequenceEqual("released"u8) ? ReservationState.Released
        : name.SequenceEqual("expired"u8) ? ReservationState.Expired
        : null;
}

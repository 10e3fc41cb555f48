using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>What a caller wants of reservations. The edge has judged its form; the ledger decides.</summary>
/// <param name="Key">Idempotency key: the same key and the same request get the first answer again.</param>
/// <param name="RequestHash">Stands for the request; another one under the same key is refused.</param>
/// <param name="Id">The reservation; of a hold, the identity that it will have.</param>
public abstract record ReservationCommand(string Key, UInt128 RequestHash, string Id)
{
    /// <summary>The command's name in the journal.</summary>
    public abstract string Name { get; }
}

/// <summary>A line that is asked for.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location; null lets the ledger choose the one with the most.</param>
/// <param name="Quantity">Above zero.</param>
public readonly record struct RequestedLine(string Sku, string? Location, Quantity Quantity);

/// <summary>Asks for stock: all lines or none, unless <see cref="AllowPartial"/>.</summary>
public sealed record HoldCommand(string Key, UInt128 RequestHash, string Id) : ReservationCommand(Key, RequestHash, Id)
{
    private readonly RequestedLine[] lines = [];

    /// <summary>1 to 100 lines; demand for one SKU at one location is summed.</summary>
    public required IReadOnlyList<RequestedLine> Lines
    {
        get => lines;
        init => lines = value as RequestedLine[] ?? [.. value];
    }

    /// <summary><see cref="Lines"/> where they lie.</summary>
    internal ReadOnlySpan<RequestedLine> LineSpan => lines;

    /// <summary>The lines as one object.</summary>
    internal object LineObject => lines;

    /// <summary>How long it is held, microseconds, above zero.</summary>
    public required long TtlMicros { get; init; }

    /// <summary>The caller's reference.</summary>
    public string? Reference { get; init; }

    /// <summary>The channel: its buffer applies, and what is ring-fenced for it may be taken.</summary>
    public string? Channel { get; init; }

    /// <summary>Whether less than asked for is welcome. Lines of which there is nothing are left out; nothing at all is refused.</summary>
    public bool AllowPartial { get; init; }

    /// <inheritdoc/>
    public override string Name => "hold";
}

/// <summary>Holds longer: until <see cref="TtlMicros"/> from now, never shorter than before.</summary>
public sealed record ExtendCommand(string Key, UInt128 RequestHash, string Id, long TtlMicros) : ReservationCommand(Key, RequestHash, Id)
{
    /// <inheritdoc/>
    public override string Name => "extend";
}

/// <summary>It is ordered.</summary>
public sealed record ConfirmCommand(string Key, UInt128 RequestHash, string Id) : ReservationCommand(Key, RequestHash, Id)
{
    /// <inheritdoc/>
    public override string Name => "confirm";
}

/// <summary>Gives back what has not left.</summary>
public sealed record ReleaseCommand(string Key, UInt128 RequestHash, string Id) : ReservationCommand(Key, RequestHash, Id)
{
    /// <inheritdoc/>
    public override string Name => "release";
}

/// <summary>What of a line left.</summary>
/// <param name="Line">Line of the reservation, from 1.</param>
/// <param name="Quantity">How much more of it left; null for all that is open.</param>
public readonly record struct FulfilledLine(int Line, Quantity? Quantity);

/// <summary>It left: all of it, or the lines named.</summary>
public sealed record FulfilCommand(string Key, UInt128 RequestHash, string Id) : ReservationCommand(Key, RequestHash, Id)
{
    /// <summary>The lines; empty for all.</summary>
    public required IReadOnlyList<FulfilledLine> Lines { get; init; }

    /// <summary>The command's name in the journal.</summary>
    public const string CommandName = "fulfil";

    /// <inheritdoc/>
    public override string Name => CommandName;
}

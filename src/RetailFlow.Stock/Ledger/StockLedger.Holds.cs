using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Whether a hold can be granted, and where.</content>
public sealed partial class StockLedger
{
    private bool TryDecideHold(HoldCommand command, long atMicros, out ReservationTransition transition)
    {
        transition = null!;
        ReadOnlySpan<RequestedLine> requested = command.LineSpan;
        ReservationLine[] lines = new ReservationLine[requested.Length];

        // One line has nothing to share with, and mostly nothing is missing.
        Dictionary<(string, string), Quantity>? demand = lines.Length > 1 ? [] : null;
        List<Shortfall>? missing = null;

        // Lines with a location first, whatever their order: a line that is free to choose does not take from one that is not.
        for (int i = 0; i < lines.Length; i++)
        {
            ref readonly RequestedLine line = ref requested[i];
            if (line.Location is { } location && !TryPlace(command, in line, FindKey(line.Sku, location), location, demand, ref missing, atMicros, out lines[i]))
            {
                return false;
            }
        }

        for (int i = 0; i < lines.Length; i++)
        {
            ref readonly RequestedLine line = ref requested[i];
            if (line.Location is not null)
            {
                continue;
            }

            if (!TryChoose(command, line.Sku, demand, atMicros, out StockKey? most)
                || !TryPlace(command, in line, most, null, demand, ref missing, atMicros, out lines[i]))
            {
                return false;
            }
        }

        ReservationLine[] granted = missing is null ? lines : Array.FindAll(lines, line => line.Quantity > Quantity.Zero);
        bool isGranted = missing is null || (command.AllowPartial && granted.Length > 0);
        transition = isGranted
            ? Done(command, atMicros, new Reservation
            {
                Id = command.Id,
                State = ReservationState.Held,
                CreatedMicros = atMicros,
                ExpiresMicros = checked(atMicros + command.TtlMicros),
                Lines = granted,
                Reference = command.Reference,
                Channel = command.Channel,
            })
            : Refuse(command, atMicros, ReservationRefusal.Shortfall, null, "There is not enough of at least one line.", missing);
        if (isGranted && missing is not null)
        {
            transition = transition with { Shortfalls = missing };
        }

        return true;
    }

    /// <summary>Puts a line at a key, as much as there is; false if the key is open.</summary>
    private bool TryPlace(
        HoldCommand command,
        in RequestedLine line,
        StockKey? key,
        string? location,
        Dictionary<(string, string), Quantity>? demand,
        ref List<Shortfall>? missing,
        long atMicros,
        out ReservationLine placed)
    {
        placed = new ReservationLine(line.Sku, key?.Location ?? location ?? string.Empty, Quantity.Zero, Quantity.Zero);
        if (key is not null && IsOpen(key))
        {
            return false;
        }

        Quantity before = key is null || demand is null ? Quantity.Zero : demand.GetValueOrDefault((key.Sku, key.Location));
        Quantity available = key is null ? Quantity.Zero : Grantable(key, command.Channel, atMicros);
        Quantity left = available - before;
        Quantity taken = line.Quantity <= left ? line.Quantity
            : command.AllowPartial && left > Quantity.Zero ? left
            : Quantity.Zero;
        if (taken < line.Quantity)
        {
            missing ??= [];
            string sku = line.Sku;
            int known = missing.FindIndex(shortfall => shortfall.Sku == sku && shortfall.Location == location);
            Quantity requested = known >= 0 ? missing[known].Requested + line.Quantity : before + line.Quantity;
            Shortfall shortfall = new(line.Sku, location, requested, available > Quantity.Zero ? available : Quantity.Zero);
            if (known >= 0)
            {
                missing[known] = shortfall;
            }
            else
            {
                missing.Add(shortfall);
            }
        }

        if (key is not null && taken > Quantity.Zero)
        {
            if (demand is not null)
            {
                demand[(key.Sku, key.Location)] = before + taken;
            }

            placed = placed with { Quantity = taken };
        }

        return true;
    }

    /// <summary>The location with the most of a SKU, the first by name of those with as much; false if a location of it is open.</summary>
    private bool TryChoose(HoldCommand command, string sku, Dictionary<(string, string), Quantity>? demand, long atMicros, out StockKey? most)
    {
        most = null;
        Quantity best = Quantity.Zero;
        foreach (StockKey key in keysBySku.GetValueOrDefault(sku, []))
        {
            if (IsOpen(key))
            {
                return false;
            }

            Quantity left = Grantable(key, command.Channel, atMicros) - (demand?.GetValueOrDefault((key.Sku, key.Location)) ?? Quantity.Zero);
            if (most is null || left > best)
            {
                (most, best) = (key, left);
            }
        }

        return true;
    }

    private Quantity Grantable(StockKey key, string? channel, long atMicros) =>
        key.AvailableTo(channel, ExtraBuffer(key.Location, atMicros)) + key.Terms.BackOrderLimit;
}

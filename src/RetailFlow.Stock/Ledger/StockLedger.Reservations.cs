using System.Collections.Concurrent;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Reservations: deciding, applying, expiry.</content>
public sealed partial class StockLedger
{
    private const string ConsumeCommand = "consume";

    private readonly LedgerOptions options;
    private readonly Dictionary<string, Reservation> reservations = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Reservation> publishedReservations = new(StringComparer.Ordinal);
    private readonly HashSet<string> dirtyReservations = new(StringComparer.Ordinal);
    private readonly PriorityQueue<string, long> expiries = new();
    private readonly Dictionary<string, ReservationTransition> answers = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, long AtMicros)> answered = new();
    private readonly Queue<(string Id, long AtMicros)> ended = new();
    private readonly Queue<(string Reference, StockKey Key, Quantity Quantity)> consumptions = new();
    private long publishedExpiry = long.MaxValue;

    /// <summary>The next moment at which something expires that readers have not been told of; <see cref="long.MaxValue"/> if there is none.</summary>
    public long NextExpiryMicros => Volatile.Read(ref publishedExpiry);

    /// <summary>Reservations that are remembered, those that have ended too.</summary>
    public int ReservationCount => reservations.Count;

    /// <summary>Sets a reservation that the lake has, before entries are replayed; in the order in which they were last changed.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="atMicros">When it was last changed, microseconds since 1970 UTC.</param>
    public void Load(Reservation reservation, long atMicros = 0)
    {
        reservations[reservation.Id] = reservation;
        Claim(reservation, 1);
        NoteClaims(null, reservation);
        foreach (ReservationLine line in reservation.Lines)
        {
            Touch(KeyOf(line.Sku, line.Location), 0);
        }

        Schedule(reservation);
        dirtyReservations.Add(reservation.Id);
        if (!IsClaim(reservation.State))
        {
            ended.Enqueue((reservation.Id, atMicros));
        }
    }

    /// <summary>Sets the answer to an idempotency key that the lake has, before entries are replayed; oldest first.</summary>
    public void LoadAnswer(ReservationTransition answer) => Remember(answer);

    /// <summary>
    /// What a command comes to at a moment, from everything applied so far. Changes nothing: what is to be kept is written, and then
    /// handed to <see cref="Apply(ReservationTransition, long)"/>.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="atMicros">The moment. What expires up to then must have been applied (<see cref="TryExpire"/>).</param>
    /// <param name="transition">What it comes to.</param>
    /// <returns>False if a key of it is open (<see cref="OpenKeys"/>): to be asked again when it is resolved.</returns>
    public bool TryDecide(ReservationCommand command, long atMicros, out ReservationTransition transition)
    {
        atMicros = Math.Max(atMicros, AtMicros);
        if (answers.TryGetValue(command.Key, out ReservationTransition? before) && before.AtMicros + options.KeyRetentionMicros > atMicros)
        {
            transition = before.RequestHash == command.RequestHash
                ? before with { IsReplay = true }
                : Refuse(command, atMicros, ReservationRefusal.KeyReused, null, $"The key '{command.Key}' came before with another request.");
            return true;
        }

        if (command is HoldCommand hold)
        {
            return TryDecideHold(hold, atMicros, out transition);
        }

        transition = reservations.TryGetValue(command.Id, out Reservation? reservation)
            ? Decide(command, reservation, atMicros)
            : Refuse(command, atMicros, ReservationRefusal.NotFound, null, $"There is no reservation '{command.Id}'.");
        return true;
    }

    /// <summary>The next reservation whose time ran out by a moment, as the transition to apply; false if there is none.</summary>
    public bool TryExpire(long atMicros, out ReservationTransition transition)
    {
        atMicros = Math.Max(atMicros, AtMicros);
        while (expiries.TryPeek(out string? id, out long expires) && expires <= atMicros)
        {
            if (reservations.TryGetValue(id, out Reservation? reservation)
                && reservation.State == ReservationState.Held && reservation.ExpiresMicros == expires)
            {
                transition = new ReservationTransition
                {
                    Command = "expire",
                    Id = id,
                    After = reservation with { State = ReservationState.Expired },
                    AtMicros = atMicros,
                };
                return true;
            }

            // Extended, confirmed or ended since it was put there.
            expiries.Dequeue();
        }

        transition = null!;
        return false;
    }

    /// <summary>
    /// The next claim of which a sale has taken its part, as the transition to apply; false if there is none. Goods that a sale took off
    /// on hand are not kept for the reservation that the sale names.
    /// </summary>
    public bool TryConsume(long atMicros, out ReservationTransition transition)
    {
        atMicros = Math.Max(atMicros, AtMicros);
        while (consumptions.TryPeek(out (string Reference, StockKey Key, Quantity Quantity) sale))
        {
            if (reservations.TryGetValue(sale.Reference, out Reservation? reservation)
                && reservation.StateAt(atMicros) is ReservationState.Held or ReservationState.Confirmed
                && Consumed(reservation, sale.Key, sale.Quantity) is { } after)
            {
                transition = new ReservationTransition { Command = ConsumeCommand, Id = after.Id, After = after, AtMicros = atMicros };
                return true;
            }

            consumptions.Dequeue();
        }

        transition = null!;
        return false;
    }

    /// <summary>Takes the next entry of the journal, a transition: one that was just decided, or one that is replayed.</summary>
    public void Apply(ReservationTransition transition, long sequence)
    {
        Advance(sequence, transition.AtMicros);
        if (transition.Command == ConsumeCommand)
        {
            // What earlier sales found nothing to take from was passed over when this was decided.
            while (consumptions.TryDequeue(out (string Reference, StockKey Key, Quantity Quantity) sale) && sale.Reference != transition.Id)
            {
                continue;
            }
        }

        if (transition.Key is not null)
        {
            Remember(transition);
        }

        if (transition.Refusal == ReservationRefusal.None && transition.After is { } after)
        {
            if (transition.Command == FulfilCommand.CommandName)
            {
                Owe(after, transition.AtMicros);
            }

            Replace(after, sequence);
        }

        Trim();
    }

    /// <summary>The reservation as readers see it; null if there is none, or if it ended long ago.</summary>
    public Reservation? Find(string id) => publishedReservations.GetValueOrDefault(id);

    private void PublishReservations()
    {
        foreach (string id in dirtyReservations)
        {
            if (reservations.TryGetValue(id, out Reservation? reservation))
            {
                publishedReservations[id] = reservation;
            }
            else
            {
                publishedReservations.TryRemove(id, out _);
            }
        }

        dirtyReservations.Clear();
        while (expiries.TryPeek(out string? id, out long expires))
        {
            if (reservations.TryGetValue(id, out Reservation? held) && held.State == ReservationState.Held && held.ExpiresMicros == expires)
            {
                Volatile.Write(ref publishedExpiry, expires);
                return;
            }

            expiries.Dequeue();
        }

        Volatile.Write(ref publishedExpiry, long.MaxValue);
    }

    private static ReservationTransition Decide(ReservationCommand command, Reservation reservation, long atMicros)
    {
        ReservationState state = reservation.StateAt(atMicros);
        switch (command, state)
        {
            case (ExtendCommand extend, ReservationState.Held):
                return Done(command, atMicros, reservation with { ExpiresMicros = Math.Max(reservation.ExpiresMicros, checked(atMicros + extend.TtlMicros)) });
            case (ConfirmCommand, ReservationState.Held):
                return Done(command, atMicros, reservation with { State = ReservationState.Confirmed });
            case (ConfirmCommand, ReservationState.Confirmed):
            case (ReleaseCommand, ReservationState.Released):
            case (FulfilCommand, ReservationState.Fulfilled):
                return Done(command, atMicros, reservation);
            case (ReleaseCommand, ReservationState.Held or ReservationState.Confirmed):
                return Done(command, atMicros, reservation with { State = ReservationState.Released });
            case (FulfilCommand fulfil, ReservationState.Confirmed):
                return Fulfil(fulfil, reservation, atMicros);
            default:
                return Refuse(
                    command,
                    atMicros,
                    ReservationRefusal.State,
                    reservation,
                    $"The reservation is {Reservation.NameOf(state)}: it cannot {command.Name}.");
        }
    }

    private static ReservationTransition Fulfil(FulfilCommand command, Reservation reservation, long atMicros)
    {
        ReservationLine[] lines = [.. reservation.Lines];
        IEnumerable<FulfilledLine> wanted = command.Lines.Count > 0
            ? command.Lines
            : Enumerable.Range(1, lines.Length).Select(number => new FulfilledLine(number, null));
        foreach (FulfilledLine line in wanted)
        {
            if (line.Line < 1 || line.Line > lines.Length)
            {
                return Refuse(command, atMicros, ReservationRefusal.Line, reservation, $"The reservation has lines 1 to {lines.Length}, not {line.Line}.");
            }

            ref ReservationLine open = ref lines[line.Line - 1];
            Quantity quantity = line.Quantity ?? open.Open;
            if (quantity > open.Open)
            {
                return Refuse(command, atMicros, ReservationRefusal.Line, reservation, $"Line {line.Line} has {open.Open} open, not {quantity}.");
            }

            open = open with { Fulfilled = open.Fulfilled + quantity };
        }

        int sales = lines.Where((line, i) => line.Fulfilled != reservation.Lines[i].Fulfilled).Count();
        return Done(command, atMicros, reservation with { Lines = lines, State = StateOf(lines, reservation.State), Sales = reservation.Sales + sales });
    }

    private static bool IsClaim(ReservationState state) => state is ReservationState.Held or ReservationState.Confirmed;

    private static ReservationState StateOf(ReservationLine[] lines, ReservationState otherwise) =>
        Array.TrueForAll(lines, line => line.Open == Quantity.Zero) ? ReservationState.Fulfilled : otherwise;

    private void AskToConsume(string reference, StockKey key, Quantity quantity)
    {
        if (reservations.TryGetValue(reference, out Reservation? reservation)
            && reservation.StateAt(AtMicros) is (ReservationState.Held or ReservationState.Confirmed))
        {
            consumptions.Enqueue((reference, key, quantity));
        }
    }

    /// <summary>A reservation after a sale took its part; null if it has nothing of the kind open.</summary>
    private static Reservation? Consumed(Reservation reservation, StockKey key, Quantity quantity)
    {
        ReservationLine[] lines = [.. reservation.Lines];
        Quantity left = quantity;
        for (int i = 0; i < lines.Length && left > Quantity.Zero; i++)
        {
            if (lines[i].Sku == key.Sku && lines[i].Location == key.Location && lines[i].Open > Quantity.Zero)
            {
                Quantity taken = left < lines[i].Open ? left : lines[i].Open;
                lines[i] = lines[i] with { Fulfilled = lines[i].Fulfilled + taken };
                left -= taken;
            }
        }

        return left == quantity ? null : reservation with { Lines = lines, State = StateOf(lines, reservation.State) };
    }

    private void Replace(Reservation after, long sequence)
    {
        if (reservations.TryGetValue(after.Id, out Reservation? before))
        {
            Claim(before, -1);
            Touch(before, sequence);
        }

        reservations[after.Id] = after;
        dirtyReservations.Add(after.Id);
        Claim(after, 1);
        NoteClaims(before, after);
        Touch(after, sequence);
        Schedule(after);
        if (!IsClaim(after.State))
        {
            ended.Enqueue((after.Id, AtMicros));
        }
    }

    private void Touch(Reservation reservation, long sequence)
    {
        foreach (ReservationLine line in reservation.Lines)
        {
            StockKey key = KeyOf(line.Sku, line.Location);
            Touch(key, sequence);
            Watch(key);
        }
    }

    /// <summary>Adds what a reservation claims to its keys, or takes it away.</summary>
    private void Claim(Reservation reservation, int sign)
    {
        if (!IsClaim(reservation.State))
        {
            return;
        }

        foreach (ReservationLine line in reservation.Lines)
        {
            StockKey key = KeyOf(line.Sku, line.Location);
            Quantity claim = sign > 0 ? line.Open : -line.Open;
            if (reservation.State == ReservationState.Held)
            {
                key.Held += claim;
            }
            else
            {
                key.Committed += claim;
            }

            if (reservation.Channel is { } channel && key.Terms.RingFences.Count > 0)
            {
                key.Claims ??= new Dictionary<string, Quantity>(StringComparer.Ordinal);
                key.Claims[channel] = key.Claims.GetValueOrDefault(channel) + claim;
            }
        }
    }

    private void Schedule(Reservation reservation)
    {
        if (reservation.State == ReservationState.Held)
        {
            expiries.Enqueue(reservation.Id, reservation.ExpiresMicros);
        }
    }

    private void Remember(ReservationTransition answer)
    {
        answers[answer.Key!] = answer;
        answered.Enqueue((answer.Key!, answer.AtMicros));
    }

    /// <summary>Forgets what is past its retention, by the moments of the entries, so that a replay forgets the same.</summary>
    private void Trim()
    {
        while (answered.TryPeek(out (string Key, long AtMicros) oldest) && oldest.AtMicros + options.KeyRetentionMicros <= AtMicros)
        {
            answered.Dequeue();
            if (answers.TryGetValue(oldest.Key, out ReservationTransition? answer) && answer.AtMicros == oldest.AtMicros)
            {
                answers.Remove(oldest.Key);
            }
        }

        while (ended.TryPeek(out (string Id, long AtMicros) oldest) && oldest.AtMicros + options.EndedRetentionMicros <= AtMicros)
        {
            ended.Dequeue();
            reservations.Remove(oldest.Id);
            dirtyReservations.Add(oldest.Id);
        }
    }

    private static ReservationTransition Done(ReservationCommand command, long atMicros, Reservation after) => new()
    {
        Command = command.Name,
        Id = command.Id,
        Key = command.Key,
        RequestHash = command.RequestHash,
        After = after,
        AtMicros = atMicros,
    };

    private static ReservationTransition Refuse(
        ReservationCommand command, long atMicros, ReservationRefusal refusal, Reservation? reservation, string reason, IReadOnlyList<Shortfall>? shortfalls = null) => new()
        {
            Command = command.Name,
            Id = command.Id,
            Key = command.Key,
            RequestHash = command.RequestHash,
            Refusal = refusal,
            After = reservation,
            Shortfalls = shortfalls ?? [],
            Reason = reason,
            AtMicros = atMicros,
        };
}

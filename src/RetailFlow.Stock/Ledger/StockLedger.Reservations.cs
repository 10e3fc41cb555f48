using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Reservations: deciding, applying, expiry.</content>
public sealed partial class StockLedger
{
    private const string ConsumeCommand = "consume";

    private readonly LedgerOptions options;
    private readonly ReservationBook book;
    private readonly TransitionWriter writer = new();

    // By slot alone: one that was taken by another reservation since counts for that one, if it expires at that moment.
    private readonly ExpiryQueue expiries = new();
    private readonly PagedQueue<(int Answer, long AtMicros)> answered = new();
    private readonly PagedQueue<(ReservationHandle Reservation, long AtMicros)> ended = new();
    private readonly Queue<(string Reference, StockKey Key, Quantity Quantity)> consumptions = new();
    private long publishedExpiry = long.MaxValue;

    /// <summary>The next moment at which something expires that readers have not been told of; <see cref="long.MaxValue"/> if there is none.</summary>
    public long NextExpiryMicros => Volatile.Read(ref publishedExpiry);

    /// <summary>Reservations that are remembered, those that have ended too.</summary>
    public int ReservationCount => book.Count;

    /// <summary>Sets a reservation that the lake has, before entries are replayed; in the order in which they were last changed.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="atMicros">When it was last changed, microseconds since 1970 UTC.</param>
    public void Load(Reservation reservation, long atMicros = 0)
    {
        ReservationTransition transition = new() { Command = "hold", Id = reservation.Id, After = reservation, AtMicros = atMicros };
        ExpectedCommands.Entry names = expected.Named(null, reservation.Id);
        book.Keep(transition, names.Id, names.Key, Known(names.Id), isState: true, isAnswer: false, out ReservationHandle handle, out _);
        Claim(reservation, 1);
        NoteClaims(null, reservation, handle);
        foreach (ReservationLine line in reservation.Lines)
        {
            Touch(KeyOf(line.Sku, line.Location), 0);
        }

        Schedule(reservation, handle);
        if (!IsClaim(reservation.State))
        {
            ended.Enqueue((handle, atMicros));
        }
    }

    /// <summary>Sets the answer to an idempotency key that the lake has, before entries are replayed; oldest first.</summary>
    public void LoadAnswer(ReservationTransition answer)
    {
        ExpectedCommands.Entry names = expected.Named(answer.Key, answer.Id);
        book.Keep(answer, names.Id, names.Key, null, isState: false, isAnswer: true, out _, out int slot);
        answered.Enqueue((slot, answer.AtMicros));
    }

    /// <summary>Writes a transition as the journal keeps it (<see cref="TransitionJson"/>), and returns its length.</summary>
    /// <param name="transition">The transition.</param>
    /// <param name="entryMicros">The moment of its entry.</param>
    /// <param name="into">Room of <see cref="TransitionWriter.MostBytes"/>.</param>
    internal int Write(ReservationTransition transition, long entryMicros, Span<byte> into)
    {
        ExpectedCommands.Entry names = expected.Named(transition.Key, transition.Id);
        return writer.Write(transition, entryMicros, names.Id, names.Key, into);
    }

    /// <summary>
    /// Tells that a command of an array is to be decided next, and those behind it soon, so that memory that they need is fetched meanwhile. Changes nothing.
    /// </summary>
    public void Expect(ReservationCommand[] commands, int index) => expected.Next(commands, index);

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
        ExpectedCommands.Entry names = expected.Named(command.Key, command.Id);
        if (book.TryAnswer(names.Key, atMicros - options.KeyRetentionMicros, out ReservationTransition? before))
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

        transition = book.TryFind(names.Id, out ReservationHandle handle)
            ? Decide(command, book.Read(handle), atMicros)
            : Refuse(command, atMicros, ReservationRefusal.NotFound, null, $"There is no reservation '{command.Id}'.");
        return true;
    }

    /// <summary>
    /// What a command comes to on a reservation that ended so long ago that no ledger remembers it. It changes nothing: what is asked for once more is as it is,
    /// and everything else is refused by its state. Not to be written.
    /// </summary>
    /// <exception cref="ArgumentException">It has not ended.</exception>
    public static ReservationTransition OfEnded(ReservationCommand command, Reservation ended, long atMicros) => IsClaim(ended.State)
        ? throw new ArgumentException($"The reservation '{ended.Id}' has not ended.", nameof(ended))
        : Decide(command, ended, atMicros);

    /// <summary>The next reservation whose time ran out by a moment, as the transition to apply; false if there is none.</summary>
    public bool TryExpire(long atMicros, out ReservationTransition transition)
    {
        atMicros = Math.Max(atMicros, AtMicros);
        if (!TryPeekExpiry(out ReservationHandle handle, out long expires) || expires > atMicros)
        {
            transition = null!;
            return false;
        }

        Reservation reservation = book.Read(handle);
        transition = new ReservationTransition
        {
            Command = "expire",
            Id = reservation.Id,
            After = reservation with { State = ReservationState.Expired },
            AtMicros = atMicros,
        };
        return true;
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
            if (book.TryFind(sale.Reference, out ReservationHandle handle)
                && book.Read(handle).StateAt(atMicros) is ReservationState.Held or ReservationState.Confirmed
                && Consumed(book.Read(handle), sale.Key, sale.Quantity) is { } after)
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

        Reservation? after = transition.Refusal == ReservationRefusal.None ? transition.After : null;
        if (after is null && transition.Key is null)
        {
            return;
        }

        ExpectedCommands.Entry names = expected.Named(transition.Key, transition.Id);
        ReservationHandle? known = after is null ? null : Known(names.Id);
        Reservation? before = known is { } claimed ? TakeAway(transition, claimed, after!, sequence) : null;
        book.Keep(transition, names.Id, names.Key, known, after is not null, transition.Key is not null, out ReservationHandle handle, out int answer);
        if (answer >= 0)
        {
            answered.Enqueue((answer, transition.AtMicros));
        }

        if (after is not null)
        {
            Add(before, after, handle, sequence);
        }

        Trim();
    }

    /// <summary>The reservation as it is by what was applied; null if there is none, or if it ended long ago. To be asked on the thread that applies.</summary>
    public Reservation? Find(string id) => book.TryFind(id, out ReservationHandle handle) ? book.Read(handle) : null;

    private void PublishExpiry() => Volatile.Write(ref publishedExpiry, TryPeekExpiry(out _, out long expires) ? expires : long.MaxValue);

    /// <summary>The reservation that expires next, and when; false if none does.</summary>
    private bool TryPeekExpiry(out ReservationHandle handle, out long expires)
    {
        while (expiries.TryPeek(out int slot, out expires))
        {
            if (book.TryHeld(slot, expires, out handle))
            {
                return true;
            }

            // Extended, confirmed or ended since it was put there.
            expiries.Dequeue();
        }

        handle = default;
        return false;
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
        if (book.TryFind(reference, out ReservationHandle handle)
            && (book.StateOf(handle) == ReservationState.Confirmed
                || (book.StateOf(handle) == ReservationState.Held && book.ExpiryOf(handle) > AtMicros)))
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

    private ReservationHandle? Known(NameText id) => book.TryFind(id, out ReservationHandle handle) ? handle : null;

    /// <summary>Takes away what the reservation claimed before, and returns what it was.</summary>
    private Reservation TakeAway(ReservationTransition transition, ReservationHandle handle, Reservation after, long sequence)
    {
        Reservation before = book.Read(handle);
        if (transition.Command == FulfilCommand.CommandName)
        {
            Owe(before, after, transition.AtMicros);
        }

        Claim(before, -1);
        Touch(before, sequence);
        return before;
    }

    /// <summary>Adds what it claims now.</summary>
    private void Add(Reservation? before, Reservation after, ReservationHandle handle, long sequence)
    {
        Claim(after, 1);
        NoteClaims(before, after, handle);
        Touch(after, sequence);
        Schedule(after, handle);
        if (!IsClaim(after.State))
        {
            ended.Enqueue((handle, AtMicros));
        }
    }

    private void Touch(Reservation reservation, long sequence)
    {
        foreach (ref readonly ReservationLine line in reservation.LineSpan)
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

        foreach (ref readonly ReservationLine line in reservation.LineSpan)
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

    private void Schedule(Reservation reservation, ReservationHandle handle)
    {
        if (reservation.State == ReservationState.Held)
        {
            expiries.Enqueue(handle.Slot, reservation.ExpiresMicros);
        }
    }

    /// <summary>Forgets what is past its retention, by the moments of the entries, so that a replay forgets the same.</summary>
    private void Trim()
    {
        while (answered.TryPeek(out (int Answer, long AtMicros) oldest) && oldest.AtMicros + options.KeyRetentionMicros <= AtMicros)
        {
            answered.Dequeue();
            book.RemoveAnswer(oldest.Answer, oldest.AtMicros);
        }

        while (ended.TryPeek(out (ReservationHandle Reservation, long AtMicros) oldest) && oldest.AtMicros + options.EndedRetentionMicros <= AtMicros)
        {
            ended.Dequeue();
            book.Remove(oldest.Reservation);
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

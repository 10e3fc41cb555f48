using System.Diagnostics.CodeAnalysis;

namespace RetailFlow.Stock.Ledger;

/// <summary>A reservation of a <see cref="ReservationBook"/>; of no meaning once it has been removed.</summary>
/// <param name="Slot">Its slot.</param>
/// <param name="Generation">How often the slot was taken before.</param>
internal readonly record struct ReservationHandle(int Slot, int Generation);

/// <summary>
/// Reservations by identity and answers by idempotency key. What is kept of each is a transition, packed (<see cref="PackedTransition"/>): the newest one
/// tells all of a reservation, and the one that answered a key is the answer. One serves both. For one thread.
/// </summary>
internal sealed class ReservationBook
{
    private readonly TransitionArena arena = new();
    private readonly SlotTable reservations = new();
    private readonly SlotTable answers = new();
    private readonly PackedTransition transitions;
    private readonly NameText named = new();
    private long readText = -1;
    private Reservation? read;

    /// <summary>A book without any reservation.</summary>
    /// <param name="ledger">Whose keys the reservations claim.</param>
    public ReservationBook(StockLedger ledger) => transitions = new PackedTransition(ledger);

    /// <summary>Reservations that are in the book.</summary>
    public int Count => reservations.Count;

    /// <summary>Bytes that texts take.</summary>
    public long TextBytes => arena.Bytes;

    /// <summary>The reservation with an identity; false if there is none.</summary>
    public bool TryFind(string id, out ReservationHandle handle)
    {
        named.Take(id);
        return TryFind(named, out handle);
    }

    /// <summary>The reservation with an identity; false if there is none.</summary>
    public bool TryFind(NameText id, out ReservationHandle handle)
    {
        int slot = Find(reservations, NameKind.Identity, id.Text, id.Hash);
        handle = slot < 0 ? default : new ReservationHandle(slot, reservations[slot].Generation);
        return slot >= 0;
    }

    /// <summary>
    /// Tells that a command is about to come: what it will search for is brought nearer meanwhile. Changes nothing.
    /// </summary>
    /// <param name="keyHash">Hash of its key's text.</param>
    /// <param name="idHash">Hash of its identity's text.</param>
    public void Expect(ulong keyHash, ulong idHash)
    {
        answers.Expect(keyHash);
        reservations.Expect(idHash);
    }

    /// <summary>Whether a reservation is still there.</summary>
    public bool Has(ReservationHandle handle)
    {
        ref SlotTable.Slot slot = ref reservations[handle.Slot];
        return slot.IsTaken && slot.Generation == handle.Generation;
    }

    /// <summary>The reservation of a slot if it is held until a moment.</summary>
    public bool TryHeld(int slot, long expiresMicros, out ReservationHandle handle)
    {
        ref SlotTable.Slot entry = ref reservations[slot];
        handle = new ReservationHandle(slot, entry.Generation);
        return entry.IsTaken && entry.State == ReservationState.Held && entry.Micros == expiresMicros;
    }

    /// <summary>State of a reservation, as far as transitions tell.</summary>
    public ReservationState StateOf(ReservationHandle handle) => reservations[handle.Slot].State;

    /// <summary>When a reservation expires; of meaning for held ones.</summary>
    public long ExpiryOf(ReservationHandle handle) => reservations[handle.Slot].Micros;

    /// <summary>All of a reservation.</summary>
    public Reservation Read(ReservationHandle handle)
    {
        long text = reservations[handle.Slot].Text;
        if (readText != text)
        {
            read = At(text).After!;
            readText = text;
        }

        return read!;
    }

    /// <summary>The answer that a key was given, and when; false if there is none.</summary>
    public bool TryAnswer(string key, long givenAfterMicros, [NotNullWhen(true)] out ReservationTransition? answer)
    {
        named.Take(key);
        return TryAnswer(named, givenAfterMicros, out answer);
    }

    /// <summary>The answer that a key was given, and when; false if there is none.</summary>
    public bool TryAnswer(NameText key, long givenAfterMicros, [NotNullWhen(true)] out ReservationTransition? answer)
    {
        answer = null;
        int slot = Find(answers, NameKind.Key, key.Text, key.Hash);
        if (slot < 0 || answers[slot].Micros <= givenAfterMicros)
        {
            return false;
        }

        answer = At(answers[slot].Text);
        return true;
    }

    /// <summary>Keeps a transition: as the state of its reservation if <paramref name="isState"/>, and as the answer to its key if it has one.</summary>
    /// <param name="transition">The transition.</param>
    /// <param name="id">Its identity.</param>
    /// <param name="key">Its key, if it has one.</param>
    /// <param name="known">The reservation as it was found; null if it was looked for and is not there.</param>
    /// <param name="isState">Whether the reservation is as the transition tells afterwards.</param>
    /// <param name="isAnswer">Whether its key is to be answered with it.</param>
    /// <param name="handle">The reservation, if <paramref name="isState"/>.</param>
    /// <param name="answer">The slot of the answer, if <paramref name="isAnswer"/>.</param>
    public void Keep(
        ReservationTransition transition, NameText id, NameText key, ReservationHandle? known, bool isState, bool isAnswer, out ReservationHandle handle, out int answer)
    {
        int slot = isState ? known?.Slot ?? reservations.Add(id.Hash) : -1;
        answer = isAnswer ? AnswerOf(key) : -1;

        // Before the new text has a place: to let go of a text may move others.
        Leave(reservations, NameKind.Identity, slot);
        Leave(answers, NameKind.Key, answer);
        long place = arena.Add(id.Text, transition.Key is null ? default : key.Text, transitions.Write(transition));
        handle = default;
        if (isState)
        {
            Reservation after = transition.After!;
            ref SlotTable.Slot entry = ref reservations[slot];
            (entry.Text, entry.Micros, entry.State) = (place, after.ExpiresMicros, after.State);
            arena.OwnerOf(place, NameKind.Identity) = slot;
            (readText, read) = (place, after);
            handle = new ReservationHandle(slot, entry.Generation);
        }

        if (isAnswer)
        {
            ref SlotTable.Slot entry = ref answers[answer];
            (entry.Text, entry.Micros) = (place, transition.AtMicros);
            arena.OwnerOf(place, NameKind.Key) = answer;
        }
    }

    /// <summary>Forgets a reservation, if it is still there.</summary>
    public void Remove(ReservationHandle handle)
    {
        if (Has(handle))
        {
            Leave(reservations, NameKind.Identity, handle.Slot);
            reservations.Remove(handle.Slot);
        }
    }

    /// <summary>Forgets an answer, if it is the one of that moment.</summary>
    public void RemoveAnswer(int answer, long atMicros)
    {
        ref SlotTable.Slot entry = ref answers[answer];
        if (entry.IsTaken && entry.Micros == atMicros)
        {
            Leave(answers, NameKind.Key, answer);
            answers.Remove(answer);
        }
    }

    private ReservationTransition At(long place) =>
        transitions.Read(arena.NameOf(place, NameKind.Identity), arena.NameOf(place, NameKind.Key), arena.RestOf(place));

    /// <summary>The slot of a name; -1 if it has none.</summary>
    private int Find(SlotTable table, NameKind kind, ReadOnlySpan<byte> name, ulong hash)
    {
        SlotTable.Search search = table.Find(hash);
        int slot;
        do
        {
            slot = search.Next();
        }
        while (slot >= 0 && !arena.NameOf(table[slot].Text, kind).SequenceEqual(name));
        return slot;
    }

    /// <summary>The slot of a key, which is given one if it has none.</summary>
    private int AnswerOf(NameText key)
    {
        int slot = Find(answers, NameKind.Key, key.Text, key.Hash);
        return slot >= 0 ? slot : answers.Add(key.Hash);
    }

    /// <summary>Lets go of the text that a slot refers to, if there is one.</summary>
    private void Leave(SlotTable table, NameKind kind, int slot)
    {
        if (slot < 0 || table[slot].Text < 0)
        {
            return;
        }

        long place = table[slot].Text;
        table[slot].Text = -1;
        arena.OwnerOf(place, kind) = -1;
        readText = readText == place ? -1 : readText;
        Empty(arena.Release(place));
    }

    /// <summary>Moves what is left of a block elsewhere.</summary>
    private void Empty(int block)
    {
        if (block < 0)
        {
            return;
        }

        int offset = 0;
        while (arena.NextIn(block, ref offset, out long place))
        {
            long to = arena.Move(place);
            readText = readText == place ? to : readText;
            ref TransitionArena.Head head = ref arena.HeadOf(to);
            if (head.Reservation >= 0)
            {
                reservations[head.Reservation].Text = to;
            }

            if (head.Answer >= 0)
            {
                answers[head.Answer].Text = to;
            }
        }

        arena.Drop(block);
    }
}

using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>The book of reservations and answers beside two dictionaries of objects.</summary>
public sealed class ReservationBookTests
{
    private readonly ReservationBook book = new(new StockLedger(new UniformPolicy(StockTerms.Plain)));

    [Theory]
    [InlineData(1, 60)]
    [InlineData(2, 4_000)]
    [InlineData(3, 25_000)]
    public void It_holds_what_dictionaries_hold_after_any_changes(int seed, int names)
    {
        Random random = new(seed);
        Dictionary<string, (Reservation Reservation, ReservationHandle Handle)> reservations = new(StringComparer.Ordinal);
        Dictionary<string, (ReservationTransition Answer, int Slot)> answers = new(StringComparer.Ordinal);
        for (int step = 0; step < 60_000; step++)
        {
            string name = Name(random.Next(names));
            switch (random.Next(10))
            {
                case < 6:
                    ReservationTransition transition = Next(random, name, step);
                    bool isState = random.Next(5) > 0;
                    bool isAnswer = !isState || random.Next(3) > 0;
                    Keep(book, transition, isState, isAnswer, out ReservationHandle handle, out int slot);
                    if (isState)
                    {
                        Assert.True(!reservations.TryGetValue(name, out var before) || before.Handle == handle);
                        reservations[name] = (transition.After!, handle);
                    }

                    if (isAnswer)
                    {
                        answers[transition.Key!] = (transition, slot);
                    }

                    break;
                case 6 or 7 when reservations.Remove(name, out var gone):
                    book.Remove(gone.Handle);
                    Assert.False(book.Has(gone.Handle));
                    book.Remove(gone.Handle);
                    break;
                case 8 when answers.TryGetValue("k" + name, out var answer):
                    // Of another moment: it stays.
                    book.RemoveAnswer(answer.Slot, answer.Answer.AtMicros - 1);
                    Assert.True(book.TryAnswer("k" + name, -1, out _));
                    book.RemoveAnswer(answer.Slot, answer.Answer.AtMicros);
                    answers.Remove("k" + name);
                    break;
                default:
                    Compare(name, reservations, answers);
                    break;
            }
        }

        Assert.Equal(reservations.Count, book.Count);
        for (int n = 0; n < names; n++)
        {
            Compare(Name(n), reservations, answers);
        }
    }

    [Fact]
    public void Texts_that_move_while_a_new_one_is_placed_are_found_afterwards()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            int names = 2 + (seed % 40);
            ReservationBook small = new(new StockLedger(new UniformPolicy(StockTerms.Plain)));
            Dictionary<string, (string State, string Answer)> expected = new(StringComparer.Ordinal);
            for (int step = 0; step < 400; step++)
            {
                // Both names of a new text let go of another one, of any length, here and there in blocks that are nearly empty.
                string id = Name(random.Next(names));
                string key = "k" + Name(random.Next(names));
                ReservationTransition transition = Next(random, id, step) with { Key = key, Reason = new string('x', random.Next(random.Next(6) == 0 ? 6_000 : 60)) };
                Keep(small, transition, isState: true, isAnswer: true, out _, out _);
                expected["i" + id] = (id, "");
                expected["k" + key] = (id, key);
            }

            foreach ((string name, (string state, string answer)) in expected)
            {
                if (answer.Length > 0)
                {
                    Assert.True(small.TryAnswer(answer, -1, out ReservationTransition? found) && found.Id == state, $"seed {seed}: {name}");
                }
                else
                {
                    Assert.True(small.TryFind(state, out ReservationHandle found) && small.Read(found).Id == state, $"seed {seed}: {name}");
                }
            }
        }
    }

    [Fact]
    public void Memory_follows_what_is_kept_and_not_what_ever_was()
    {
        Random random = new(5);
        List<ReservationHandle> pinned = [];
        Queue<(ReservationHandle Handle, int Answer, int At)> alive = new();
        long most = 0;
        for (int step = 0; step < 200_000; step++)
        {
            Keep(book, Next(random, Name(step), step), isState: true, isAnswer: true, out ReservationHandle handle, out int answer);
            if (step % 500 == 0)
            {
                // A few stay for good, in between those that go.
                pinned.Add(handle);
            }
            else
            {
                alive.Enqueue((handle, answer, step));
            }

            while (alive.Count > 2_000)
            {
                (ReservationHandle gone, int slot, int at) = alive.Dequeue();
                book.Remove(gone);
                book.RemoveAnswer(slot, at);
            }

            most = Math.Max(most, step > 10_000 ? book.TextBytes : 0);
        }

        Assert.All(pinned, handle => Assert.True(book.Has(handle)));
        long live = (alive.Count + pinned.Count) * 120L;
        Assert.InRange(most, live / 2, 6 * live);
    }

    [Theory]
    [InlineData("plain", "plain ")]
    [InlineData("a\"b", "a\\\"b")]
    [InlineData("é", "\\u00E9")]
    [InlineData("\u0001", "\\u0001")]
    [InlineData("<x>", "\\u003Cx\\u003E")]
    [InlineData("😀", "\\uD83D\\uDE00")]
    public void Names_that_look_alike_as_text_are_not_taken_for_each_other(string name, string other)
    {
        foreach (string id in (string[])[name, other])
        {
            Keep(book, Next(new Random(1), id, 7), isState: true, isAnswer: true, out _, out _);
        }

        Assert.Equal(2, book.Count);
        foreach (string id in (string[])[name, other])
        {
            Assert.True(book.TryFind(id, out ReservationHandle found));
            Assert.Equal(id, book.Read(found).Id);
            Assert.True(book.TryAnswer("k" + id, 0, out ReservationTransition? answer));
            Assert.Equal(id, answer.Id);
        }
    }

    [Fact]
    public void An_answer_is_forgotten_at_its_moment()
    {
        Keep(book, Next(new Random(1), "r", 7), isState: false, isAnswer: true, out _, out _);

        Assert.True(book.TryAnswer("kr", 6, out _));
        Assert.False(book.TryAnswer("kr", 7, out _));
        Assert.False(book.TryFind("r", out _));
    }

    private void Compare(
        string name,
        Dictionary<string, (Reservation Reservation, ReservationHandle Handle)> reservations,
        Dictionary<string, (ReservationTransition Answer, int Slot)> answers)
    {
        Assert.Equal(reservations.TryGetValue(name, out var expected), book.TryFind(name, out ReservationHandle found));
        if (expected.Reservation is { } reservation)
        {
            Assert.Equal(expected.Handle, found);
            Assert.Equal(reservation.State, book.StateOf(found));
            Assert.Equal(reservation.ExpiresMicros, book.ExpiryOf(found));
            Assert.Equal(reservation with { Lines = [] }, book.Read(found) with { Lines = [] });
            Assert.Equal(reservation.Lines, book.Read(found).Lines);
            Assert.Equal(reservation.State == ReservationState.Held, book.TryHeld(found.Slot, reservation.ExpiresMicros, out _));
        }

        Assert.Equal(answers.TryGetValue("k" + name, out var answered), book.TryAnswer("k" + name, -1, out ReservationTransition? answer));
        if (answer is not null)
        {
            Assert.Equal((answered.Answer.Id, answered.Answer.AtMicros, answered.Answer.RequestHash), (answer.Id, answer.AtMicros, answer.RequestHash));
            Assert.Equal(answered.Answer.After!.Lines, answer.After!.Lines);
        }
    }

    private static void Keep(ReservationBook into, ReservationTransition transition, bool isState, bool isAnswer, out ReservationHandle handle, out int answer)
    {
        NameText id = new();
        id.Take(transition.Id);
        NameText key = new();
        key.Take(transition.Key!);
        into.Keep(transition, id, key, into.TryFind(id, out ReservationHandle known) ? known : null, isState, isAnswer, out handle, out answer);
    }

    private static string Name(int number) => number % 7 == 0 ? $"ü-{number}" : $"name-{number}";

    private static ReservationTransition Next(Random random, string name, int at) => new()
    {
        Command = "hold",
        Id = name,
        Key = "k" + name,
        RequestHash = (UInt128)random.NextInt64(),
        AtMicros = at,
        After = new Reservation
        {
            Id = name,
            State = (ReservationState)random.Next(5),
            CreatedMicros = at,
            ExpiresMicros = at + random.Next(1_000_000),
            Reference = random.Next(3) == 0 ? "order \"7\"" : null,
            Channel = random.Next(3) == 0 ? "web" : null,
            Sales = random.Next(2),
            Lines =
            [
                .. Enumerable.Range(0, 1 + random.Next(4)).Select(n =>
                    new ReservationLine($"SKU-{n}", "L", new Quantity(1 + random.NextInt64(1_000_000_000)), new Quantity(random.Next(3)))),
            ],
        },
    };
}

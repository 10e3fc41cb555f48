using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Tests.Live;

/// <summary>
/// Calls on one SKU by callers at the same time, the steps of the clock among them, and whether some order explains every answer: one in which
/// no call comes before another that had ended when it began (Herlihy and Wing, "Linearizability", 1990).
/// </summary>
internal sealed class HoldHistory(int stock, long startMicros)
{
    private readonly List<Call> _calls = [];

    public IReadOnlyList<Call> Calls => _calls;

    public void Add(Call call)
    {
        lock (_calls)
        {
            _calls.Add(call);
        }
    }

    /// <summary>
    /// Tries orders, depth first. The set of calls that have been placed tells the state: the clock is the sum of its steps, a hold lasts until
    /// the latest moment that was answered, and what ended it is among them. So a set that failed once fails again.
    /// </summary>
    public bool HasOrder()
    {
        HashSet<ulong> failed = [];
        return Place(0);

        bool Place(ulong placed)
        {
            if (placed == (1UL << _calls.Count) - 1)
            {
                return true;
            }

            if (!failed.Add(placed))
            {
                return false;
            }

            var firstEnd = Enumerable.Range(0, _calls.Count).Where(i => !Has(placed, i)).Min(i => _calls[i].Ended);
            for (var i = 0; i < _calls.Count; i++)
            {
                if (!Has(placed, i) && _calls[i].Began <= firstEnd && Explains(placed, _calls[i]) && Place(placed | (1UL << i)))
                {
                    return true;
                }
            }

            return false;
        }
    }

    public override string ToString() => string.Join('\n', _calls.OrderBy(call => call.Began));

    private static bool Has(ulong placed, int i) => (placed & (1UL << i)) != 0;

    /// <summary>Whether a call's answer is right after the calls that were placed.</summary>
    private bool Explains(ulong placed, Call call)
    {
        var before = Enumerable.Range(0, _calls.Count).Where(i => Has(placed, i)).Select(i => _calls[i]).ToList();
        var now = startMicros + before.Where(c => c.Kind == CallKind.Step).Sum(c => c.Micros);
        switch (call.Kind)
        {
            case CallKind.Step:
                return true;
            case CallKind.Read:
                return call.Free == FreeAt(before, now);
            case CallKind.Hold when call.Done:
                return FreeAt(before, now) > 0 && call.Expires == now + call.Micros;
            case CallKind.Hold:
                return FreeAt(before, now) == 0;
            default:
                var (state, expires) = StateOf(before, call.Id, now);
                return call.Done
                    ? IsAllowed(call.Kind, state) && (call.Kind != CallKind.Extend || call.Expires == Math.Max(expires, now + call.Micros))
                    : !IsAllowed(call.Kind, state) && call.State == state;
        }
    }

    private int FreeAt(List<Call> before, long now) => stock - before
        .Where(call => call is { Kind: CallKind.Hold, Done: true })
        .Count(hold => StateOf(before, hold.Id, now).State is ReservationState.Held or ReservationState.Confirmed);

    private static (ReservationState? State, long Expires) StateOf(List<Call> before, string id, long now)
    {
        var own = before.Where(call => call.Id == id && call.Done).ToList();
        if (own.All(call => call.Kind != CallKind.Hold))
        {
            return (null, 0);
        }

        var expires = own.Max(call => call.Expires);
        var state = own.Exists(call => call.Kind == CallKind.Release) ? ReservationState.Released
            : own.Exists(call => call.Kind == CallKind.Confirm) ? ReservationState.Confirmed
            : expires <= now ? ReservationState.Expired
            : ReservationState.Held;
        return (state, expires);
    }

    private static bool IsAllowed(CallKind kind, ReservationState? state) => (kind, state) switch
    {
        (CallKind.Extend, ReservationState.Held) => true,
        (CallKind.Confirm, ReservationState.Held or ReservationState.Confirmed) => true,
        (CallKind.Release, ReservationState.Held or ReservationState.Confirmed or ReservationState.Released) => true,
        _ => false,
    };
}

internal enum CallKind
{
    /// <summary>Moves the clock on by <see cref="Call.Micros"/>.</summary>
    Step,

    /// <summary>Holds one for <see cref="Call.Micros"/>.</summary>
    Hold,

    Extend,

    Confirm,

    Release,

    /// <summary>Reads how many are free.</summary>
    Read,
}

/// <summary>A call and its answer.</summary>
internal sealed record Call(CallKind Kind, string Id, long Began, long Ended)
{
    public long Micros { get; init; }

    /// <summary>Whether it was done; false if it was refused.</summary>
    public bool Done { get; init; }

    /// <summary>Until when it is held, as answered.</summary>
    public long Expires { get; init; }

    /// <summary>The state that a refusal named.</summary>
    public ReservationState? State { get; init; }

    public int Free { get; init; }
}

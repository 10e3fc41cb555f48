using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Live;

/// <summary>The oversells that came to light last, over restarts of the node; the lake has all of them.</summary>
internal sealed class RecentIncidents
{
    /// <summary>How many are kept.</summary>
    public const int Most = 1_000;

    private readonly Queue<(OversellIncident Incident, long Sequence)> _recent = new();
    private readonly Lock _gate = new();

    /// <summary>Is told of each; called on the journal's writer.</summary>
    public Action<OversellIncident>? Noted { get; set; }

    public void Add(OversellIncident incident, long sequence)
    {
        Restore(incident, sequence);
        Noted?.Invoke(incident);
    }

    /// <summary>Adds one that came to light before the start, in the order of their sequences.</summary>
    public void Restore(OversellIncident incident, long sequence)
    {
        lock (_gate)
        {
            _recent.Enqueue((incident, sequence));
            if (_recent.Count > Most)
            {
                _recent.Dequeue();
            }
        }
    }

    /// <summary>Newest first, up to and including a sequence: what is not durable yet is shown to nobody.</summary>
    public IReadOnlyList<(OversellIncident Incident, long Sequence)> UpTo(long sequence)
    {
        lock (_gate)
        {
            return [.. _recent.Where(entry => entry.Sequence <= sequence).Reverse()];
        }
    }
}

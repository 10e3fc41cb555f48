namespace RetailFlow.Node.Refresh;

/// <summary>
/// When the pipeline runs next: every interval, every quarter of it while many records wait and for what comes right after them, and never without a rest after a run, so that the pipeline does not
/// take the whole machine for itself. While callers wait for answers by the thousands, as in a rush for reservations, runs are fewer and larger, every few
/// intervals, and rests longer. Moments are spans since one of the caller's choice.
/// </summary>
/// <param name="interval">From the beginning of a run to that of the next.</param>
/// <param name="start">Now; the first run is due an interval later.</param>
internal sealed class RunSchedule(TimeSpan interval, TimeSpan start)
{
    /// <summary>So many waiting records are worth a run of their own when a quarter of the interval is over.</summary>
    public const long Many = 5_000;

    /// <summary>So many commands a second, from the beginning of a run on, are a rush.</summary>
    public const long RushPerSecond = 5_000;

    /// <summary>Intervals from run to run in a rush.</summary>
    public const int RushIntervals = 5;

    /// <summary>The longest rest.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(5);

    private TimeSpan _began = start;
    private TimeSpan _rested = start;
    private TimeSpan _notBefore = start;
    private long _answered;
    private bool _carriedMany;
    private bool _isRush;

    /// <summary>Whether there was a rush when the last run began, or many records waited for it.</summary>
    public bool WasBusy { get; private set; }

    /// <summary>A run begins.</summary>
    /// <param name="now">Now.</param>
    /// <param name="waiting">Records that are not in Gold yet.</param>
    /// <param name="answered">Commands that were answered so far.</param>
    public void Begins(TimeSpan now, long waiting, long answered)
    {
        _carriedMany = waiting >= Many;
        _isRush = IsRush(now, answered);
        WasBusy = _carriedMany || _isRush;
        _answered = answered;
    }

    /// <summary>A run has ended; the next begins after a quarter of the time that it took at the earliest, in a rush after half of it.</summary>
    public void Ended(TimeSpan began, TimeSpan ended)
    {
        var rest = (ended - began) / (_isRush ? 2 : 4);
        _began = began;
        _rested = ended + (rest < LongestRest ? rest : LongestRest);
        _notBefore = ended;
    }

    /// <summary>A run has failed; nothing runs for a pause, whoever asks.</summary>
    public void Failed(TimeSpan began, TimeSpan ended, TimeSpan pause)
    {
        Ended(began, ended);
        _notBefore = ended + pause;
    }

    /// <summary>When the next run is due, as it looks now.</summary>
    /// <param name="now">Now.</param>
    /// <param name="waiting">Records that are not in Gold yet.</param>
    /// <param name="answered">Commands that were answered so far.</param>
    /// <param name="isWanted">Whether somebody asked for a run at once.</param>
    public TimeSpan Due(TimeSpan now, long waiting, long answered, bool isWanted)
    {
        var regular = _began + (IsRush(now, answered) ? interval * RushIntervals : waiting >= Many || (_carriedMany && waiting > 0) ? interval / 4 : interval);
        var due = isWanted ? _notBefore : regular > _rested ? regular : _rested;
        return due > _notBefore ? due : _notBefore;
    }

    private bool IsRush(TimeSpan now, long answered) => answered - _answered >= RushPerSecond * Math.Max(1, (now - _began).TotalSeconds);
}

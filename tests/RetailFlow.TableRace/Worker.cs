using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.TableRace;

/// <summary>
/// One writer among others: blind appends, appends and merges that are done once however often they are tried, deletions and updates
/// of its own rows, and now and then an OPTIMIZE. What can be tried again is tried until it is acknowledged.
/// </summary>
public sealed class Worker : IDisposable
{
    /// <summary>Rows of one append.</summary>
    public const int RowsOfAppend = 5;

    /// <summary>Rows that all writers merge into; their ids are -1, -2 and so on.</summary>
    public const int SharedRows = 20;

    private const int MostTries = 400;

    private readonly DeltaTables _session;
    private readonly DeltaTable _table;
    private readonly Book _book;
    private readonly int _number;
    private readonly Random _random;
    private readonly List<long> _own = [];
    private long _next;

    public Worker(IObjectStore store, string workFolder, Book book, int number, Random random)
    {
        _session = DeltaTables.Open(store, new DeltaTablesOptions { WorkFolder = workFolder, Threads = 1, MemoryLimitBytes = 256L << 20 });
        _table = DeltaTable.Open(_session, "t");
        (_book, _number, _random) = (book, number, random);
    }

    /// <summary>How many times a change of rows was planned again because another writer came first.</summary>
    public long Repeated { get; private set; }

    /// <summary>The id of a row of an append.</summary>
    public static long IdOf(int worker, long append, int row) => (worker * 1_000_000_000L) + (append * 10) + row;

    public async Task RunAsync(int commits)
    {
        for (var done = 0; done < commits; done++)
        {
            switch (_random.Next(20))
            {
                case < 6:
                    await AppendAsync(_next++);
                    break;
                case < 10:
                    await AppendOnceAsync(_next++);
                    break;
                case < 13 when _own.Count > 0:
                    await DeleteAsync(_own[_random.Next(_own.Count)]);
                    break;
                case < 15 when _own.Count > 0:
                    await UpdateAsync(_own[_random.Next(_own.Count)], _random.Next(1, 1000));
                    break;
                case < 19:
                    await MergeAsync(_next++);
                    break;
                default:
                    await OptimizeAsync();
                    break;
            }
        }
    }

    public void Dispose() => _session.Dispose();

    private string Rows(long append) => string.Create(
        CultureInfo.InvariantCulture, $"select {IdOf(_number, append, 0)} + range as id, 0::bigint as n, 'a text of some length ' || range as text from range({RowsOfAppend})");

    private string Where(long append, int rows) => string.Create(
        CultureInfo.InvariantCulture, $"id between {IdOf(_number, append, 0)} and {IdOf(_number, append, rows - 1)}");

    private async Task AppendAsync(long append)
    {
        _book.Write("append", append, "try");
        try
        {
            Acknowledged("append", append, (await _table.AppendAsync(Rows(append))).Version!.Value);
            _own.Add(append);
        }
        catch (Exception e) when (e is DeltaException or StorageException or IOException)
        {
            Failed("append", append, e);
        }
    }

    private async Task AppendOnceAsync(long append)
    {
        var once = new OnceOnly($"once-{_number}", append);
        await UntilDoneAsync("once", append, async () => (await _table.AppendAsync(Rows(append), once: once)).Version);
        _own.Add(append);
    }

    private async Task MergeAsync(long number)
    {
        var ids = Enumerable.Range(1, SharedRows).Where(_ => _random.Next(5) == 0).DefaultIfEmpty(1).ToList();
        var once = new OnceOnly($"merge-{_number}", number);
        var merge = new Merge
        {
            Source = $"select -unnest([{string.Join(", ", ids)}])::bigint as id",
            Keys = Merge.On("id"),
            WhenMatched = [MatchedClause.Update(new Dictionary<string, string> { ["n"] = "t.n + 1" })],
        };
        _book.Write("merge", number, "rows", string.Join(',', ids));
        await UntilDoneAsync("merge", number, async () => Counted(await _table.MergeAsync(merge, once)).Version);
    }

    // The first two of five, so that files get deletion vectors and are not just removed.
    private async Task DeleteAsync(long append) =>
        await UntilDoneAsync("delete", append, async () => Counted(await _table.DeleteAsync(Where(append, 2))).Version, repeats: false);

    private async Task UpdateAsync(long append, int value)
    {
        _book.Write("update", append, "to", value.ToString(CultureInfo.InvariantCulture));
        var set = new Dictionary<string, string> { ["n"] = value.ToString(CultureInfo.InvariantCulture) };
        await UntilDoneAsync("update", append, async () => Counted(await _table.UpdateAsync(set, Where(append, RowsOfAppend))).Version, repeats: false);
    }

    private async Task OptimizeAsync()
    {
        try
        {
            _book.Write("optimize", 0, "try");
            if ((await _table.OptimizeAsync()).Version is { } version)
            {
                Acknowledged("optimize", 0, version);
            }
        }
        catch (Exception e) when (e is DeltaException or StorageException or IOException)
        {
            Failed("optimize", 0, e);
        }
    }

    // A statement that is safe to try again; one that is done once must do nothing when it is tried after it was acknowledged.
    private async Task UntilDoneAsync(string statement, long number, Func<Task<long?>> run, bool repeats = true)
    {
        for (var attempt = 0; ; attempt++)
        {
            _book.Write(statement, number, "try");
            try
            {
                if (await run() is { } version)
                {
                    Acknowledged(statement, number, version);
                }
                else
                {
                    _book.Write(statement, number, "ok");
                }

                break;
            }
            catch (Exception e) when (attempt < MostTries && e is DeltaException or StorageException or IOException)
            {
                Failed(statement, number, e);
            }
        }

        if (!repeats || _random.Next(3) > 0)
        {
            return;
        }

        try
        {
            _book.Write(statement, number, await run() is null ? "nothing" : "again");
        }
        catch (Exception e) when (e is DeltaException or StorageException or IOException)
        {
            _book.Write(statement, number, "unrepeated");
        }
    }

    private RowChangeReport Counted(RowChangeReport report)
    {
        Repeated += report.Repeated;
        return report;
    }

    private void Acknowledged(string statement, long number, long version) =>
        _book.Write(statement, number, "ok", version.ToString(CultureInfo.InvariantCulture));

    private void Failed(string statement, long number, Exception e) => _book.Write(
        statement,
        number,
        e is DeltaException { Kind: DeltaErrorKind.CommitOutcomeUnknown } ? "unknown" : "failed",
        $"{(e as DeltaException)?.Kind.ToString() ?? e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
}

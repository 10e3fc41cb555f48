using System.Globalization;
using RetailFlow.NaiveDelta;
using RetailFlow.TableRace;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>Holds the table that a race left to the books of its writers; knows nothing but the books and what a second reader reads.</summary>
internal sealed class RaceAudit
{
    private readonly Dictionary<long, (long N, string Writer)> _rows = [];
    private readonly HashSet<long> _maybe = [];
    private readonly List<string> _wrong = [];
    private readonly Dictionary<long, string> _versions = [];
    private readonly long[] _shared = new long[Worker.SharedRows + 1];

    public int Acknowledged { get; private set; }

    public int Conflicts { get; private set; }

    public int OtherFailures { get; private set; }

    public int Unknown { get; private set; }

    public long Repeated { get; private set; }

    public long Faults { get; private set; }

    /// <summary>Takes the books, and says what the table has otherwise; empty when everything is accounted for.</summary>
    public List<string> Check(IReadOnlyList<string> books, string tableFolder)
    {
        for (var worker = 0; worker < books.Count; worker++)
        {
            Take(worker, books[worker]);
        }

        using var naive = NaiveTable.Open(tableFolder);
        _wrong.AddRange(_versions.Where(v => v.Key > naive.Newest).Select(v => $"{v.Value} was acknowledged as version {v.Key}, which does not exist"));
        var found = new Dictionary<long, long>();
        foreach (var row in naive.Read(naive.Newest).Rows.Select(r => r.Split('|')))
        {
            var (id, n) = (long.Parse(row[0], CultureInfo.InvariantCulture), long.Parse(row[1], CultureInfo.InvariantCulture));
            if (!found.TryAdd(id, n))
            {
                _wrong.Add($"Row {id} is there twice");
            }
        }

        for (var i = 1; i <= Worker.SharedRows; i++)
        {
            _rows[-i] = (_shared[i], "all writers");
        }

        _wrong.AddRange(_rows.Where(r => !found.ContainsKey(r.Key)).Select(r => $"Row {r.Key} of {r.Value.Writer} is lost"));
        _wrong.AddRange(_rows.Where(r => found.TryGetValue(r.Key, out var n) && n != r.Value.N).Select(r => $"Row {r.Key} of {r.Value.Writer} is {found[r.Key]}, not {r.Value.N}"));
        _wrong.AddRange(found.Keys.Where(id => !_rows.ContainsKey(id) && !_maybe.Contains(id)).Select(id => $"Row {id} is there, and nobody was told so"));
        foreach (var append in _maybe.GroupBy(id => id / 10).Where(g => g.Count(found.ContainsKey) is not 0 and not Worker.RowsOfAppend))
        {
            _wrong.Add($"Of the rows {append.Key}0 to {append.Key}4, whose append had no answer, some are there and some are not");
        }

        return _wrong;
    }

    private void Take(int worker, string book)
    {
        var (updates, merges, ended) = (new Dictionary<string, long>(), new Dictionary<string, long[]>(), false);
        foreach (var line in Book.Read(book))
        {
            var (statement, number, outcome) = (line[0], line[1], line[2]);
            switch (statement, outcome)
            {
                case ("end", _):
                    (ended, Faults, Repeated) = (true, Faults + Number(number), Repeated + Number(line[4]));
                    break;
                case ("update", "to"):
                    updates[number] = Number(line[3]);
                    break;
                case ("merge", "rows"):
                    merges[number] = [.. line[3].Split(',').Select(Number)];
                    break;
                case (_, "try" or "nothing" or "unrepeated"):
                    break;
                case (_, "again"):
                    _wrong.Add($"Writer {worker} did {statement} {number} twice, though it is to be done once");
                    break;
                case (_, "failed"):
                    var isConflict = line[3] == "Conflict:";
                    (Conflicts, OtherFailures) = (Conflicts + (isConflict ? 1 : 0), OtherFailures + (isConflict ? 0 : 1));
                    break;
                case (_, "unknown"):
                    Unknown++;
                    _maybe.UnionWith(statement == "append" ? Ids(worker, Number(number), Worker.RowsOfAppend) : []);
                    break;
                case (_, "ok"):
                    Acknowledged++;
                    if (line.Length > 3 && !_versions.TryAdd(Number(line[3]), $"{statement} {number} of writer {worker}"))
                    {
                        _wrong.Add($"Version {line[3]} was acknowledged twice: for {_versions[Number(line[3])]} and {statement} {number} of writer {worker}");
                    }

                    Apply(worker, statement, number, updates, merges);
                    break;
                default:
                    _wrong.Add($"Writer {worker} has the entry {string.Join(' ', line)}");
                    break;
            }
        }

        if (!ended)
        {
            _wrong.Add($"Writer {worker} did not come to its end");
        }
    }

    private void Apply(int worker, string statement, string number, Dictionary<string, long> updates, Dictionary<string, long[]> merges)
    {
        switch (statement)
        {
            case "append" or "once":
                Ids(worker, Number(number), Worker.RowsOfAppend).ForEach(id => _rows.Add(id, (0, $"writer {worker}")));
                break;
            case "delete":
                Ids(worker, Number(number), 2).ForEach(id => _rows.Remove(id));
                break;
            case "update":
                foreach (var id in Ids(worker, Number(number), Worker.RowsOfAppend).Where(_rows.ContainsKey))
                {
                    _rows[id] = (updates[number], _rows[id].Writer);
                }

                break;
            case "merge":
                Array.ForEach(merges[number], i => _shared[i]++);
                break;
            default:
                break;
        }
    }

    private static List<long> Ids(int worker, long append, int rows) => [.. Enumerable.Range(0, rows).Select(r => Worker.IdOf(worker, append, r))];

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

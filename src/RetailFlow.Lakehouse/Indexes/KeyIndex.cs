using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Indexes;

/// <summary>
/// Finds the rows of a table that have given keys without scanning it. It is derived from the table's data files: each file is
/// indexed once, when it is first seen, so that a lookup after a small commit costs the commit, not the table. Runs are merged as in
/// a log-structured merge tree; entries of files that the table has dropped are passed over.
/// </summary>
internal sealed class KeyIndex : IDisposable
{
    private const int MostRuns = 12;

    // Files that are in use together while they are indexed.
    private const int FilesAtOnce = 16;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly LakeTable _table;
    private readonly IReadOnlyList<string> _columns;
    private readonly string _folder;
    private readonly Func<Guid> _newGuid;
    private readonly HashSet<string> _indexed = new(StringComparer.Ordinal);
    private HashSet<string> _announced = new(StringComparer.Ordinal);
    private List<IndexRun>? _runs;

    public KeyIndex(LakeTable table, IReadOnlyList<string> columns, string folder, Func<Guid> newGuid)
    {
        _table = table;
        _columns = columns;
        _folder = folder;
        _newGuid = newGuid;
    }

    /// <summary>The table whose rows it finds.</summary>
    public LakeTable Table => _table;

    /// <summary>The key of a row as one text, null if a column of it is null.</summary>
    public static string KeyText(IReadOnlyList<string> columns, string? qualifier = null)
    {
        var names = columns.Select(c => (qualifier is null ? "" : qualifier + ".") + SqlText.Name(c)).ToList();
        return string.Join(" || chr(31) || ", names.Select(n => $"cast({n} as varchar)"));
    }

    /// <summary>
    /// Rows of <paramref name="snapshot"/> whose key may be one of <paramref name="hashes"/>, by data file; every row whose key is
    /// one of them is among them.
    /// </summary>
    public async ValueTask<IReadOnlyDictionary<string, List<uint>>> FindAsync(
        DuckDbConnection connection, Snapshot snapshot, IEnumerable<ulong> hashes, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var live = await CatchUpAsync(connection, snapshot, cancellationToken);
            var found = new List<(IndexRun Run, IndexEntry Entry)>();
            foreach (var hash in hashes)
            {
                foreach (var run in _runs!)
                {
                    run.Find(hash, found);
                }
            }

            var rows = new Dictionary<string, List<uint>>(StringComparer.Ordinal);
            foreach (var (run, entry) in found)
            {
                var file = run.Files[(int)entry.File];
                if (!live.Contains(file))
                {
                    continue;
                }

                if (!rows.TryGetValue(file, out var list))
                {
                    rows[file] = list = [];
                }

                list.Add(entry.Row);
            }

            return rows;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Indexes files that a commit is about to add, so that the next lookup does not have to. Lookups go on meanwhile. If the commit fails, the
    /// entries are those of files that the table does not have.
    /// </summary>
    public async ValueTask AnnounceAsync(DuckDbConnection connection, Snapshot snapshot, IReadOnlyList<AddFile> files, CancellationToken cancellationToken)
    {
        if (files.Count == 0 || Volatile.Read(ref _runs) is null)
        {
            // Nobody has looked anything up: who does first indexes what there is.
            return;
        }

        var run = await BuildAsync(connection, snapshot, files, cancellationToken);
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            _runs!.Add(run);
            _announced = [.. run.Files];
            _indexed.UnionWith(run.Files);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gate.Wait();
        _runs?.ForEach(run => run.Dispose());
        _runs = null;
        _gate.Dispose();
    }

    private async ValueTask<HashSet<string>> CatchUpAsync(DuckDbConnection connection, Snapshot snapshot, CancellationToken cancellationToken)
    {
        Load();
        var live = new HashSet<string>(snapshot.FileCount, StringComparer.Ordinal);
        var missing = new List<AddFile>();
        foreach (var file in snapshot.Files)
        {
            live.Add(file.DecodedPath);
            if (!_indexed.Contains(file.DecodedPath))
            {
                missing.Add(file);
            }
        }

        _announced.ExceptWith(live);
        var kept = _announced.Count == 0 ? live : [.. live, .. _announced];
        DropAbandoned(kept);
        if (missing.Count > 0)
        {
            _runs!.Add(await BuildAsync(connection, snapshot, missing, cancellationToken));
            _indexed.UnionWith(missing.Select(f => f.DecodedPath));
            Merge(kept);
        }

        return live;
    }

    /// <summary>Lets go of what is of dropped files only: runs of no others at once, parts of runs when they are as many files as the table has.</summary>
    private void DropAbandoned(HashSet<string> kept)
    {
        var abandoned = _runs!.ToDictionary(r => r, r => r.Files.Count(f => !kept.Contains(f)));
        var whole = _runs!.FindAll(r => abandoned[r] == r.Files.Count);
        var parts = _runs.FindAll(r => abandoned[r] > 0 && abandoned[r] < r.Files.Count);
        if (parts.Sum(r => abandoned[r]) > Math.Max(64, kept.Count))
        {
            Rewrite([.. whole, .. parts], kept);
        }
        else if (whole.Count > 0)
        {
            Remove(whole);
        }
    }

    private void Load()
    {
        if (_runs is not null)
        {
            return;
        }

        _runs = [];
        Directory.CreateDirectory(_folder);
        foreach (var path in Directory.EnumerateFiles(_folder, "*.run"))
        {
            var run = IndexRun.TryOpen(path);
            if (run is null || run.Files.All(_indexed.Contains))
            {
                run?.Dispose();
                File.Delete(path);
                continue;
            }

            _runs.Add(run);
            _indexed.UnionWith(run.Files);
        }
    }

    /// <summary>Lets go of runs. A file that was dropped may come back, by RESTORE: it counts as indexed as long as a run has it, and no longer.</summary>
    private void Remove(List<IndexRun> runs)
    {
        _runs!.RemoveAll(runs.Contains);
        foreach (var run in runs)
        {
            run.Dispose();
            File.Delete(run.Path);
        }

        _indexed.Clear();
        foreach (var run in _runs)
        {
            _indexed.UnionWith(run.Files);
        }
    }

    private async ValueTask<IndexRun> BuildAsync(DuckDbConnection connection, Snapshot snapshot, IReadOnlyList<AddFile> files, CancellationToken cancellationToken)
    {
        var entries = new List<IndexEntry>();
        var first = 0u;
        foreach (var some in files.Chunk(FilesAtOnce))
        {
            // Deletion vectors come and go without the file: all of its rows are indexed.
            var options = new ScanOptions { Columns = [.. _columns], Positions = true, DeletedRowsToo = true };
            using var scan = await TableScan.OpenAsync(_table.Access, connection, snapshot, some, options, cancellationToken);
            Index(connection, scan, first, entries);
            first += (uint)some.Length;
        }

        return Write([.. files.Select(f => f.DecodedPath)], entries);
    }

    private void Index(DuckDbConnection connection, TableScan scan, uint first, List<IndexEntry> entries)
    {
        var sql = $"select {KeyText(_columns)} as k, {SqlText.Name(scan.FileColumn)}, {SqlText.Name(scan.RowColumn)} from {scan.Relation} where {KeyText(_columns)} is not null";
        using var result = connection.Query(sql);
        while (result.NextChunk(out var chunk))
        {
            var files = chunk.Column<int>(1);
            var rows = chunk.Column<long>(2);
            for (var i = 0; i < chunk.RowCount; i++)
            {
                entries.Add(new IndexEntry(KeyHash.Of(chunk.GetUtf8(0, i)), first + (uint)files[i], (uint)rows[i]));
            }
        }
    }

    private IndexRun Write(List<string> files, List<IndexEntry> entries)
    {
        var sorted = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(entries);
        sorted.Sort();
        return IndexRun.Write(NewPath(), files, sorted);
    }

    /// <summary>Merges runs of like size, so that a lookup asks few of them and each entry is rewritten a logarithmic number of times.</summary>
    private void Merge(HashSet<string> kept)
    {
        if (_runs!.Count <= MostRuns)
        {
            return;
        }

        _runs.Sort((a, b) => b.Count.CompareTo(a.Count));
        var keep = _runs.Count - 2;
        var size = _runs[keep].Count + _runs[keep + 1].Count;
        while (keep > 0 && _runs[keep - 1].Count <= size * 2)
        {
            keep--;
            size += _runs[keep].Count;
        }

        Rewrite([.. _runs.Skip(keep)], kept);
    }

    /// <summary>Puts one run in the place of several, without the entries of files that are not to be kept.</summary>
    private void Rewrite(List<IndexRun> merged, HashSet<string> kept)
    {
        var files = merged.SelectMany(r => r.Files).Where(kept.Contains).Distinct(StringComparer.Ordinal).ToList();
        var ordinals = files.Select((f, i) => (f, i)).ToDictionary(f => f.f, f => (uint)f.i, StringComparer.Ordinal);
        var entries = new List<IndexEntry>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var run in merged)
        {
            var fresh = run.Files.Select(f => taken.Add(f) && ordinals.TryGetValue(f, out var ordinal) ? ordinal : uint.MaxValue).ToArray();
            for (var i = 0L; i < run.Count; i++)
            {
                var entry = run[i];
                if (fresh[entry.File] != uint.MaxValue)
                {
                    entries.Add(entry with { File = fresh[entry.File] });
                }
            }
        }

        _runs!.Add(Write(files, entries));
        Remove(merged);
    }

    private string NewPath() => Path.Combine(_folder, $"{_newGuid():N}.run");
}

using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>Everything that can be checked of one table: its versions, checksums, newest content and change data feed.</summary>
internal sealed class TableChecks(DeltaTable table, string folder, DuckDbConnection connection, IReadOnlyList<long> versions)
{
    private readonly Dictionary<long, Snapshot> _snapshots = [];
    private int _read;
    private int _refused;
    private int _checksums;
    private int _unreadable;
    private int _feeds;
    private int _withoutFiles;
    private int _acrossSchemas;
    private bool _compared;

    /// <summary>What is not as it must be.</summary>
    public List<string> Wrongs { get; } = [];

    /// <summary>What was checked, in words.</summary>
    public string Done => string.Join(", ", Parts());

    /// <summary>Runs the checks.</summary>
    /// <param name="onlyLoad">Only loads the newest version and reads it.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="DeltaException">The newest version is refused.</exception>
    public async ValueTask RunAsync(bool onlyLoad, CancellationToken cancellationToken)
    {
        var newest = await table.LoadAsync(cancellationToken: cancellationToken);
        if (onlyLoad)
        {
            return;
        }

        if (newest.Version != versions[^1])
        {
            Wrongs.Add($"the newest version is {versions[^1]}, and {newest.Version} was loaded");
        }

        foreach (var version in versions)
        {
            await CheckVersionAsync(version, cancellationToken);
        }

        if (newest.Schema.Fields.Count > 0 && (HasFiles(newest) || Expected() is not null))
        {
            await CheckContentAsync(newest, cancellationToken);
        }

        foreach (var version in versions)
        {
            await CheckFeedAsync(version, cancellationToken);
        }
    }

    private IEnumerable<string> Parts()
    {
        yield return $"{Text(_snapshots.Count)} versions replayed";
        if (_refused > 0)
        {
            yield return $"{Text(_refused)} refused by name";
        }

        yield return _read == 0 ? "no data files to read" : $"{Text(_read)} read";
        if (_checksums > 0)
        {
            yield return $"{Text(_checksums)} checksums equal";
        }

        if (_unreadable > 0)
        {
            yield return $"{Text(_unreadable)} checksums unreadable";
        }

        if (_compared)
        {
            yield return "content as expected";
        }
        else if (_read > 0)
        {
            yield return "no expected content to compare";
        }

        if (_feeds > 0)
        {
            yield return $"{Text(_feeds)} versions of the change data feed consistent";
        }

        if (_withoutFiles > 0)
        {
            yield return $"the feed of {Text(_withoutFiles)} without their files not read";
        }

        if (_acrossSchemas > 0)
        {
            yield return $"the feed of {Text(_acrossSchemas)} across a change of the schema not compared";
        }
    }

    private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);

    private async ValueTask CheckVersionAsync(long version, CancellationToken cancellationToken)
    {
        Snapshot snapshot;
        try
        {
            snapshot = await table.LoadAsync(TimeTravel.Version(version), cancellationToken);
        }
        catch (DeltaException e) when (Conformance.IsByName(e))
        {
            _refused++;
            return;
        }
        catch (DeltaException e)
        {
            Wrongs.Add($"version {version} was refused: {e.Message}");
            return;
        }

        _snapshots[version] = snapshot;
        await CheckChecksumAsync(snapshot, cancellationToken);
        if (snapshot.Schema.Fields.Count > 0 && HasFiles(snapshot))
        {
            using var scan = await ScanAsync(snapshot, cancellationToken);

            // Every value of every column is decoded.
            var hashes = string.Join(", ", snapshot.Schema.Fields.Select(f => $"max(hash({SqlText.Name(f.Name)}))"));
            _ = connection.Query($"select {hashes} from {scan.Relation}").ToList();
            _read++;
        }
    }

    private async ValueTask CheckChecksumAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, "_delta_log", snapshot.Version.ToString("D20", CultureInfo.InvariantCulture) + ".crc");
        if (!File.Exists(file))
        {
            return;
        }

        VersionChecksum checksum;
        try
        {
            checksum = VersionChecksum.Parse(await File.ReadAllBytesAsync(file, cancellationToken));
        }
        catch (DeltaException)
        {
            // No reader needs it.
            _unreadable++;
            return;
        }

        Wrongs.AddRange(checksum.Compare(snapshot).Select(d => $"checksum of version {snapshot.Version}: {d}"));
        _checksums++;
    }

    private async ValueTask CheckContentAsync(Snapshot newest, CancellationToken cancellationToken)
    {
        using var scan = await ScanAsync(newest, cancellationToken);
        if (Expected() is { } files)
        {
            _compared = true;
            var expected = $"(select * from read_parquet({SqlText.Files(files)}, hive_partitioning = false, union_by_name = true))";
            if (RowComparison.Difference(connection, scan.Relation, expected) is { } difference)
            {
                Wrongs.Add($"content of version {newest.Version}: {difference}");
            }
        }
    }

    // What the feed says of a version, done to the content before it, must give the content after it.
    private async ValueTask CheckFeedAsync(long version, CancellationToken cancellationToken)
    {
        var before = _snapshots.GetValueOrDefault(version - 1);
        if (!_snapshots.TryGetValue(version, out var after) || !after.Properties.ChangeDataFeed || (version > 0 && before?.Properties.ChangeDataFeed != true)
            || !File.Exists(Path.Combine(folder, "_delta_log", version.ToString("D20", CultureInfo.InvariantCulture) + ".json")))
        {
            return;
        }

        var commit = (await table.Log.ChangesAsync(version - 1, version, cancellationToken))[0];
        if (!HasAll(ChangedRows.Of(commit).Select(c => c.File)) || !HasAll(after.Files) || (before is not null && !HasAll(before.Files)))
        {
            _withoutFiles++;
            return;
        }

        if (before is not null && ChangeFeedRules.Break(before.Metadata, after.Metadata) is not null)
        {
            _acrossSchemas++;
            return;
        }

        using var feed = await ChangeFeed.OpenAsync(table.Access, table.Log, connection, version, version, cancellationToken);
        _feeds++;
        if (!commit.Adds.Any(f => f.DataChange) && !commit.Removes.Any(f => f.DataChange))
        {
            // What the content shows of it is no change: there is nothing to hold the feed against but that it tells of nothing else.
            var rows = connection.Query($"select * from {feed.Relation}").ToList().Count;
            if (rows > 0 && commit.ChangeFiles.Count == 0)
            {
                Wrongs.Add($"the change data feed of version {version} has rows of files that are no change");
            }

            return;
        }

        using var now = await ScanAsync(after, cancellationToken);
        using var then = before is null ? null : await OpenBeforeAsync(before, after, cancellationToken);
        var columns = SqlText.Names(after.Schema.Fields.Select(f => f.Name));
        var gone = $"select {columns} from {feed.Relation} where _change_type in ('delete', 'update_preimage')";
        var come = $"select {columns} from {feed.Relation} where _change_type in ('insert', 'update_postimage')";
        var left = $"(select * from {now.Relation} union all {gone})";
        var right = then is null ? $"({come})" : $"(select * from {then.Relation} union all {come})";
        if (RowComparison.Difference(connection, left, right) is { } difference)
        {
            Wrongs.Add($"the change data feed of version {version} does not lead from the content before to the content after: {difference}");
        }
    }

    // Rows before the change, as rows of the schema after it.
    private ValueTask<TableScan> OpenBeforeAsync(Snapshot before, Snapshot after, CancellationToken cancellationToken) =>
        TableScan.OpenAsync(table.Access, connection, after, [.. before.Files], ScanOptions.Everything, cancellationToken);

    private ValueTask<TableScan> ScanAsync(Snapshot snapshot, CancellationToken cancellationToken) =>
        TableScan.OpenAsync(table.Access, connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, cancellationToken);

    // Logs are published without their data, and old data is vacuumed away; the newest content counts if any of it is there.
    private bool HasFiles(Snapshot snapshot) => snapshot.Version == versions[^1]
        ? snapshot.FileCount == 0 || snapshot.Files.Any(f => File.Exists(LocalPath(f)))
        : HasAll(snapshot.Files);

    private bool HasAll(IEnumerable<AddFile> files) => files.All(f => File.Exists(LocalPath(f)));

    private string LocalPath(AddFile file)
    {
        const string local = "file:";
        return file.DecodedPath.StartsWith(local, StringComparison.Ordinal) ? "/" + file.DecodedPath[local.Length..].TrimStart('/') : Path.Combine(folder, file.DecodedPath);
    }

    private List<string>? Expected()
    {
        var (name, parent) = (Path.GetFileName(folder), Path.GetDirectoryName(folder)!);
        var expected = Path.Combine(parent, "expected");
        foreach (var candidate in new[] { Path.Combine(expected, name), Path.Combine(parent, "..", "expected", name), expected, Path.Combine(expected, "latest", "table_content") })
        {
            if (Directory.Exists(candidate) && Directory.GetFiles(candidate, "*.parquet", SearchOption.TopDirectoryOnly) is { Length: > 0 } files)
            {
                return [.. files.Order(StringComparer.Ordinal)];
            }
        }

        return null;
    }
}

using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Stock.Journal;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Landing;

/// <summary>The registry of RAW, <c>system.landed_files</c>: its ordinals are the order in which bytes were accepted.</summary>
internal sealed class LandedFiles(Lake lake)
{
    /// <summary>Full name of the table.</summary>
    public const string TableName = "system.landed_files";

    private const string OrdinalPosition = "landed_files.ordinal";
    private const string JournalPosition = "journal";
    private const string HomePosition = "journal.home";
    private const string MessagePosition = "messages.";

    private LakeTable Table => lake.Tables[TableName];

    /// <summary>The greatest journal sequence that is registered, or -1.</summary>
    public async ValueTask<long> JournalPositionAsync(CancellationToken cancellationToken) =>
        LakeTable.Position(await Table.TryLatestAsync(cancellationToken), JournalPosition);

    /// <summary>The number of the folder that the lake's journal is in, or null.</summary>
    public async ValueTask<long?> HomeAsync(CancellationToken cancellationToken) => HomeOf(await Table.TryLatestAsync(cancellationToken));

    /// <summary>Names another folder for the journal; false if the lake names another one than <paramref name="from"/> by now.</summary>
    public async ValueTask<bool> TryMoveHomeAsync(long? from, long to, CancellationToken cancellationToken)
    {
        while (true)
        {
            var snapshot = await EnsureAsync(cancellationToken);
            if (HomeOf(snapshot) != from)
            {
                return false;
            }

            var transaction = DeltaTransaction.Create(snapshot, "MOVE JOURNAL");
            transaction.ReadTransaction(HomePosition);
            transaction.ReadTransaction(JournalPosition);
            transaction.SetTransaction(HomePosition, to);
            if (await Table.CommitAsync(transaction, cancellationToken) is CommitResult.Committed)
            {
                return true;
            }
        }
    }

    /// <summary>The next offset of every partition that registered records came from.</summary>
    public async ValueTask<IReadOnlyDictionary<MessagePartition, long>> MessagePositionsAsync(CancellationToken cancellationToken)
    {
        var positions = new Dictionary<MessagePartition, long>();
        if (await Table.TryLatestAsync(cancellationToken) is not { } snapshot)
        {
            return positions;
        }

        foreach (var (name, position) in snapshot.Transactions)
        {
            if (name.StartsWith(MessagePosition, StringComparison.Ordinal) && MessagePartition.Parse(name[MessagePosition.Length..]) is { } partition)
            {
                positions[partition] = position.Version;
            }
        }

        return positions;
    }

    /// <summary>Says where partitions begin that no record came from yet.</summary>
    public async ValueTask StartMessagesAsync(IReadOnlyDictionary<MessagePartition, long> positions, CancellationToken cancellationToken)
    {
        while (true)
        {
            var transaction = DeltaTransaction.Create(await EnsureAsync(cancellationToken), "START MESSAGES");
            Set(transaction, positions);
            if (await Table.CommitAsync(transaction, cancellationToken) is CommitResult.Committed)
            {
                return;
            }
        }
    }

    /// <summary>Registers files at the end of the order, all in one commit.</summary>
    /// <param name="files">The files.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <param name="home">For ranges of a journal that is not in the lake: the number of its folder.</param>
    /// <param name="positions">The next offsets of partitions after the ranges' records; null if none of them came from one.</param>
    /// <exception cref="LakeException">The lake names another folder for its journal.</exception>
    public async ValueTask RegisterAsync(
        IReadOnlyList<LandedFile> files,
        CancellationToken cancellationToken,
        long? home = null,
        IReadOnlyDictionary<MessagePartition, long>? positions = null)
    {
        if (files.Count == 0)
        {
            return;
        }

        while (true)
        {
            var snapshot = await EnsureAsync(cancellationToken);
            if (home is not null && HomeOf(snapshot) != home)
            {
                throw new LakeException(LakeErrorKind.Conflict, $"Another node has taken over the journal of {lake.Location}; what this one acknowledged since is in '{lake.LocalFolder}' only.");
            }

            var fresh = await WithoutKnownAsync(snapshot, files, cancellationToken);
            if (fresh.Count == 0)
            {
                return;
            }

            var last = Math.Max(0, LakeTable.Position(snapshot, OrdinalPosition));
            var rows = fresh.Select((file, i) => file with { Ordinal = last + 1 + i }).ToList();
            using var connection = lake.Engine.Connect();
            var written = await lake.Tables.Writer.WriteAsync(connection, Values(rows), Table.Path, Table.ShapeFor(snapshot, LandedFile.Schema), WriteLayout.AsTheyCome, cancellationToken);
            var transaction = DeltaTransaction.Create(snapshot, "LAND");
            foreach (var file in written)
            {
                transaction.Add(file);
            }

            transaction.ReadTransaction(OrdinalPosition);
            transaction.SetTransaction(OrdinalPosition, last + rows.Count);
            if (rows.Max(r => r.LastSequence) is { } sequence)
            {
                transaction.ReadTransaction(HomePosition);
                transaction.ReadTransaction(JournalPosition);
                transaction.SetTransaction(JournalPosition, sequence);
                Set(transaction, positions);
            }

            if (await Table.CommitAsync(transaction, cancellationToken) is CommitResult.Committed)
            {
                return;
            }
        }
    }

    /// <summary>The landed batch of that name, or null.</summary>
    public async ValueTask<LandedFile?> FindAsync(string feed, string source, string batchId, CancellationToken cancellationToken)
    {
        if (await Table.TryLatestAsync(cancellationToken) is not { } snapshot)
        {
            return null;
        }

        using var open = new OpenFiles();
        using var connection = lake.Engine.Connect();
        var relation = await Table.RelationAsync(open, connection, snapshot, cancellationToken);
        return Read(connection, $"select * from {relation} where kind = 'file' and feed = $1 and source = $2 and batch_id = $3", feed, source, batchId).FirstOrDefault();
    }

    /// <summary>Paths of registered files; nothing is read where <paramref name="wanted"/> is 0.</summary>
    public async ValueTask<IReadOnlySet<string>> PathsAsync(int wanted, CancellationToken cancellationToken)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        if (wanted > 0 && await Table.TryLatestAsync(cancellationToken) is { } snapshot)
        {
            using var open = new OpenFiles();
            using var connection = lake.Engine.Connect();
            var relation = await Table.RelationAsync(open, connection, snapshot, cancellationToken);
            using var result = connection.Query($"select path from {relation} where kind = 'file'");
            foreach (var row in result.Rows())
            {
                paths.Add((string)row[0]!);
            }
        }

        return paths;
    }

    /// <summary>Files of a feed after <paramref name="ordinal"/>, in order.</summary>
    public async ValueTask<IReadOnlyList<LandedFile>> AfterAsync(string feed, long ordinal, CancellationToken cancellationToken)
    {
        if (await Table.TryLatestAsync(cancellationToken) is not { } snapshot || LakeTable.Position(snapshot, OrdinalPosition) <= ordinal)
        {
            return [];
        }

        var files = FileSkipper.Select(
            snapshot,
            new FilePredicate.Compare("ordinal", ComparisonOperator.Greater, Literal.Of(ordinal)));
        using var open = new OpenFiles();
        using var connection = lake.Engine.Connect();
        var relation = await Table.RelationAsync(open, connection, snapshot, cancellationToken, [.. files]);
        return [.. Read(connection, $"select * from {relation} where feed = $1 and ordinal > $2 order by ordinal", feed, ordinal)];
    }

    private static void Set(DeltaTransaction transaction, IReadOnlyDictionary<MessagePartition, long>? positions)
    {
        foreach (var (partition, offset) in positions ?? new Dictionary<MessagePartition, long>())
        {
            transaction.SetTransaction(MessagePosition + partition, offset);
        }
    }

    private static long? HomeOf(Snapshot? snapshot) => LakeTable.Position(snapshot, HomePosition) is var home && home >= 0 ? home : null;

    private ValueTask<Snapshot> EnsureAsync(CancellationToken cancellationToken) => Table.EnsureAsync(
        LandedFile.Schema, "RAW files and journal ranges in the order of acceptance.", lake.Options.NewGuid, lake.Options.Clock, cancellationToken);

    private async ValueTask<IReadOnlyList<LandedFile>> WithoutKnownAsync(Snapshot snapshot, IReadOnlyList<LandedFile> files, CancellationToken cancellationToken)
    {
        var journal = LakeTable.Position(snapshot, JournalPosition);
        var paths = await PathsAsync(files.Count(f => !f.IsJournal), cancellationToken);
        return [.. files.Where(f => f.IsJournal ? f.LastSequence > journal : !paths.Contains(f.Path))];
    }

    private static string Values(IEnumerable<LandedFile> rows)
    {
        static string Number(long? value) => value is { } number ? number.ToString(CultureInfo.InvariantCulture) : "null";
        var values = rows.Select(r =>
            $"({Number(r.Ordinal)}, {SqlText.Literal(r.Feed)}, {SqlText.Literal(r.Source)}, {SqlText.Literal(r.BatchId)}, {SqlText.Literal(r.Path)}, "
            + $"{SqlText.Literal(r.Kind)}, {Number(r.FromOffset)}, {Number(r.ToOffset)}, {SqlText.Literal(r.Sha256)}, "
            + $"{Number(r.FirstSequence)}, {Number(r.LastSequence)}, {SqlText.Instant(r.LandedAt)})");
        return $"select * from (values {string.Join(", ", values)}) v({SqlText.Names(LandedFile.Schema.Fields.Select(f => f.Name))})";
    }

    private static IEnumerable<LandedFile> Read(RetailFlow.DuckDb.DuckDbConnection connection, string sql, params object?[] parameters)
    {
        using var result = connection.Query(sql, parameters);
        foreach (var row in result.Rows())
        {
            yield return new LandedFile
            {
                Ordinal = (long)row[0]!,
                Feed = (string)row[1]!,
                Source = (string)row[2]!,
                BatchId = (string)row[3]!,
                Path = (string)row[4]!,
                Kind = (string)row[5]!,
                FromOffset = (long)row[6]!,
                ToOffset = (long)row[7]!,
                Sha256 = (string?)row[8],
                FirstSequence = (long?)row[9],
                LastSequence = (long?)row[10],
                LandedAt = (DateTimeOffset)row[11]!,
            };
        }
    }
}

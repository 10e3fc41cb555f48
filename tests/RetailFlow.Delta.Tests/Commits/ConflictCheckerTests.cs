namespace RetailFlow.Delta.Tests;

public sealed class ConflictCheckerTests
{
    // Snapshot: files a (day 1), b (day 2), c (day 3); application "app" at 5.
    // Words of a transaction: reads all | day N | file F; adds F@day; moves F (add, no data change); removes F; drops F (remove, no
    // data change); reads-app | sets-app; meta; proto; domain; serializable | snapshot.
    // Words of a winner: adds | moves F@day; drops F; blind; removes F; app; other-app; meta; proto; lowers; domain; other-domain.
    public static TheoryData<string, string, ConflictRule?> Verdicts => new()
    {
        // Blind appends pass everything but changes of the table itself.
        { "adds x@1", "adds y@1 blind", null },
        { "adds x@1", "adds y@1", null },
        { "adds x@1", "removes a", null },
        { "adds x@1", "removes a adds y@1", null },
        { "adds x@1 serializable", "adds y@1", null },
        { "adds x@1", "meta", ConflictRule.MetadataChanged },
        { "adds x@1", "proto", null },
        { "adds x@1", "lowers", ConflictRule.ProtocolChanged },
        { "adds x@1", "domain", null },

        // 1 protocol, 2 metadata, 3 domains, 4 applications.
        { "proto", "proto", ConflictRule.ProtocolChanged },
        { "proto adds x@1", "proto meta", ConflictRule.ProtocolChanged },
        { "meta", "meta", ConflictRule.MetadataChanged },
        { "meta", "adds y@1 blind", null },
        { "domain", "domain", ConflictRule.DomainMetadataChanged },
        { "domain", "other-domain", null },
        { "sets-app adds x@1", "app", ConflictRule.ConcurrentTransaction },
        { "reads-app adds x@1", "app", ConflictRule.ConcurrentTransaction },
        { "sets-app adds x@1", "other-app adds y@1", null },
        { "adds x@1", "app", null },

        // 6 what was added where the transaction read.
        { "reads all adds x@1", "adds y@1", ConflictRule.ConcurrentAppend },
        { "reads all adds x@1", "adds y@1 blind", null },
        { "reads all adds x@1 serializable", "adds y@1 blind", ConflictRule.ConcurrentAppend },
        { "reads all adds x@1 snapshot", "adds y@1", null },
        { "reads all meta", "adds y@1 blind", ConflictRule.ConcurrentAppend },
        { "reads day 1 removes a adds x@1", "adds y@1", ConflictRule.ConcurrentAppend },
        { "reads day 1 removes a adds x@1", "adds y@2", null },
        { "reads day 1 removes a adds x@1 serializable", "adds y@1 blind", ConflictRule.ConcurrentAppend },
        { "reads day 1 removes a adds x@1 serializable", "adds y@2 blind", null },
        { "reads file a removes a adds x@1", "adds y@1", null },

        { "reads all adds x@1", "moves y@1", null },
        { "reads all adds x@1 serializable", "moves y@1", null },
        { "reads day 1 adds x@1", "drops b moves y@1", null },
        { "reads day 1 adds x@1", "drops a moves y@1", ConflictRule.ConcurrentDeleteRead },

        // 7 what was removed that the transaction read.
        { "reads all adds x@1", "removes b", ConflictRule.ConcurrentDeleteRead },
        { "reads day 1 adds x@1", "removes a", ConflictRule.ConcurrentDeleteRead },
        { "reads day 1 adds x@1", "removes b", null },
        { "reads file b adds x@1", "removes b", ConflictRule.ConcurrentDeleteRead },
        { "reads file b adds x@1", "removes a", null },
        { "reads all adds x@1 snapshot", "removes b", ConflictRule.ConcurrentDeleteRead },

        // 8 removed twice.
        { "removes a", "removes a", ConflictRule.ConcurrentDeleteDelete },
        { "removes a", "removes b", null },
        { "removes a adds x@1", "removes a adds z@1", ConflictRule.ConcurrentDeleteDelete },

        // Moving rows needs no more than snapshot isolation.
        { "reads all drops a moves x@1", "adds y@1", null },
        { "reads file a drops a moves x@1", "removes a", ConflictRule.ConcurrentDeleteRead },
        { "drops a moves x@1", "removes a", ConflictRule.ConcurrentDeleteDelete },
        { "drops a moves x@1", "adds y@1 removes b", null },

        // The first broken rule is the one reported.
        { "reads all sets-app removes a", "meta app removes a adds y@1", ConflictRule.MetadataChanged },
        { "reads all sets-app removes a", "app removes a adds y@1", ConflictRule.ConcurrentTransaction },
        { "reads all removes a", "removes a adds y@1", ConflictRule.ConcurrentAppend },
        { "reads all removes a", "removes a", ConflictRule.ConcurrentDeleteRead },
    };

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void Winner_defeats_the_transaction_by_the_first_rule_that_it_breaks(string transaction, string winner, ConflictRule? expected)
    {
        var verdict = ConflictChecker.Check(Transaction(transaction), Winner(winner));

        Assert.Equal(expected, verdict?.Rule);
        Assert.Equal(expected is null ? null : 8L, verdict?.WinningVersion);
    }

    [Theory]
    [InlineData("proto meta", ConflictRule.ProtocolChanged)]
    [InlineData("meta", ConflictRule.MetadataChanged)]
    public void Table_that_was_created_by_another_is_a_conflict(string winner, ConflictRule expected)
    {
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(new Protocol(1, 2));
        transaction.SetMetadata(TestTable.MetadataOf());

        Assert.Equal(expected, ConflictChecker.Check(transaction, Winner(winner))?.Rule);
    }

    [Theory]
    [InlineData("adds x@1", "delta.enableDeletionVectors=true", true)]
    [InlineData("adds x@1", "delta.logRetentionDuration=interval 3 days", true)]
    [InlineData("adds x@1", "delta.enableInCommitTimestamps=true", true)]
    [InlineData("adds x@1", "delta.enableDeletionVectors=false", false)]
    [InlineData("adds x@1", "delta.enableChangeDataFeed=true", false)]
    [InlineData("adds x@1", "delta.constraints.a=id > 0", false)]
    [InlineData("adds x@1", "delta.appendOnly=true", false)]
    [InlineData("meta", "delta.enableDeletionVectors=true", false)]
    [InlineData("proto", "delta.enableDeletionVectors=true", false)]
    public void Properties_that_bind_only_what_comes_after_them_do_not_conflict(string transaction, string property, bool passes)
    {
        var ours = Transaction(transaction);
        var before = ours.ReadSnapshot!.Metadata;
        var configuration = new Dictionary<string, string> { [property.Split('=')[0]] = property.Split('=')[1] };
        var winner = new CommitChanges(8, [before with { Configuration = configuration }], TestTable.Start);
        var renamed = new CommitChanges(8, [before.WithSchema(new StructType([.. before.Schema.Fields, new StructField("more", PrimitiveType.Long)])) with { Configuration = configuration }], TestTable.Start);

        Assert.Equal(passes ? null : ConflictRule.MetadataChanged, ConflictChecker.Check(ours, winner, before)?.Rule);
        Assert.Equal(ConflictRule.MetadataChanged, ConflictChecker.Check(ours, winner)?.Rule);
        Assert.Equal(ConflictRule.MetadataChanged, ConflictChecker.Check(ours, renamed, before)?.Rule);
    }

    private static Snapshot ReadSnapshot()
    {
        var state = LogState.Empty.Apply(
        [
            new Protocol(1, 7, null, new HashSet<string> { "domainMetadata" }),
            TestTable.MetadataOf(partitionColumns: ["day"]),
            File("a@1"), File("b@2"), File("c@3"),
            new SetTransaction("app", 5),
        ]);
        return new Snapshot(TestTable.Path, 7, state, TestTable.Start, null, TestTable.Start);
    }

    private static DeltaTransaction Transaction(string words)
    {
        var snapshot = ReadSnapshot();
        var transaction = DeltaTransaction.Create(snapshot, "TEST");
        var rest = new Queue<string>(words.Split(' '));
        while (rest.TryDequeue(out var word))
        {
            switch (word)
            {
                case "reads":
                    Read(transaction, rest);
                    break;
                case "adds":
                    transaction.Add(File(rest.Dequeue()));
                    break;
                case "moves":
                    transaction.Add(File(rest.Dequeue()) with { DataChange = false });
                    break;
                case "removes" or "drops":
                    transaction.Remove(snapshot.FindFile(new FileKey(rest.Dequeue(), null))!, dataChange: word == "removes");
                    break;
                case "reads-app":
                    Assert.Equal(5, transaction.ReadTransaction("app")!.Version);
                    break;
                case "sets-app":
                    transaction.SetTransaction("app", 6);
                    break;
                case "meta":
                    transaction.SetMetadata(snapshot.Metadata);
                    break;
                case "proto":
                    transaction.SetProtocol(snapshot.Protocol);
                    break;
                case "domain":
                    transaction.SetDomain("retail", "{}");
                    break;
                case "serializable":
                    transaction.IsolationLevel = IsolationLevel.Serializable;
                    break;
                case "snapshot":
                    transaction.IsolationLevel = IsolationLevel.SnapshotIsolation;
                    break;
                default:
                    throw new ArgumentException(word);
            }
        }

        return transaction;
    }

    private static void Read(DeltaTransaction transaction, Queue<string> rest)
    {
        switch (rest.Dequeue())
        {
            case "all":
                transaction.ReadWholeTable();
                break;
            case "day":
                Assert.Single(transaction.ReadFiles(FilePredicate.Equal("day", Literal.Of(Day(rest.Dequeue())))));
                break;
            case "file":
                transaction.ReadFile(transaction.ReadSnapshot!.FindFile(new FileKey(rest.Dequeue(), null))!);
                break;
            default:
                throw new ArgumentException("reads");
        }
    }

    private static CommitChanges Winner(string words)
    {
        var actions = new List<DeltaAction>();
        var rest = new Queue<string>(words.Split(' '));
        var blind = words.Split(' ').Contains("blind");
        actions.Add(new CommitInfo { Operation = "WRITE", IsBlindAppend = blind });
        while (rest.TryDequeue(out var word))
        {
            DeltaAction? action = word switch
            {
                "blind" => null,
                "adds" => File(rest.Dequeue()),
                "moves" => File(rest.Dequeue()) with { DataChange = false },
                "drops" => new RemoveFile { Path = rest.Dequeue(), DeletionTimestamp = 1, DataChange = false },
                "removes" => new RemoveFile { Path = rest.Dequeue(), DeletionTimestamp = 1 },
                "app" => new SetTransaction("app", 6),
                "other-app" => new SetTransaction("other", 6),
                "meta" => TestTable.MetadataOf(),
                "proto" => new Protocol(1, 7, null, new HashSet<string> { "domainMetadata", "appendOnly" }),
                "lowers" => new Protocol(1, 7, null, new HashSet<string>()),
                "domain" => new DomainMetadata("retail", "{}", false),
                "other-domain" => new DomainMetadata("other", "{}", false),
                _ => throw new ArgumentException(word),
            };
            if (action is not null)
            {
                actions.Add(action);
            }
        }

        return new CommitChanges(8, actions, TestTable.Start);
    }

    private static AddFile File(string nameAtDay) => TestTable.File(nameAtDay.Split('@')[0], day: Day(nameAtDay.Split('@')[1]).ToString("yyyy-MM-dd"));

    private static DateOnly Day(string number) => new(2026, 3, int.Parse(number));
}

using System.Globalization;
using System.Text;
using RetailFlow.Delta;
using RetailFlow.Storage;

namespace RetailFlow.Bench;

/// <summary>
/// The log of a table with many files as a stream of small commits leaves it: a classic checkpoint of all files, and some commits
/// after it. There are no data files.
/// </summary>
internal static class GeneratedLog
{
    /// <summary>Version of the checkpoint.</summary>
    public const long CheckpointVersion = 100;

    private const int FilesOfCommit = 20;
    private const int FilesOfPartition = 250;

    private static readonly DateOnly s_firstDay = new(2024, 1, 1);

    /// <summary>Commits after the checkpoint.</summary>
    public static int CommitsAfter => 10;

    /// <summary>Files that the table has at its newest version.</summary>
    public static int LiveFiles(int files) => files + (CommitsAfter * FilesOfCommit);

    /// <summary>Path of the checkpoint file of a table.</summary>
    public static string CheckpointPath(string table) => $"{table}/_delta_log/{CheckpointVersion:D20}.checkpoint.parquet";

    /// <summary>Writes the log of a table.</summary>
    /// <param name="store">The store.</param>
    /// <param name="table">Path of the table.</param>
    /// <param name="files">Files in the checkpoint.</param>
    /// <param name="parquet">Writes the checkpoint.</param>
    /// <param name="seed">Same seed, same table.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    public static async Task WriteAsync(IObjectStore store, string table, int files, ICheckpointParquet parquet, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        var log = table + "/_delta_log/";
        DeltaAction[] head = [new Protocol(1, 2), Metadata.Create(new Guid(seed, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]), Schema(), ["sale_date"], createdTime: 0)];
        var actions = head.Concat(Enumerable.Range(0, files).Select(i => File(i, random)));
        await parquet.WriteActionsAsync(store, CheckpointPath(table), CheckpointFileKind.Classic, actions, cancellationToken);
        for (var i = 0; i <= CommitsAfter; i++)
        {
            var lines = new StringBuilder();
            lines.Append(DeltaActionJson.ToJson(new CommitInfo { Timestamp = 1_700_000_000_000 + i, Operation = "WRITE" })).Append('\n');
            for (var file = 0; file < (i == 0 ? 0 : FilesOfCommit); file++)
            {
                lines.Append(DeltaActionJson.ToJson(File(files + (i * FilesOfCommit) + file, random))).Append('\n');
            }

            await store.PutIfAbsentAsync($"{log}{CheckpointVersion + i:D20}.json", Encoding.UTF8.GetBytes(lines.ToString()), cancellationToken);
        }

        await store.PutAsync(log + "_last_checkpoint", Encoding.UTF8.GetBytes($$"""{"version":{{CheckpointVersion}},"size":{{files + 2}}}"""), cancellationToken);
    }

    private static StructType Schema() => new(
    [
        new StructField("sale_id", PrimitiveType.String),
        new StructField("sale_date", PrimitiveType.Date),
        new StructField("sold_at", PrimitiveType.Timestamp),
        new StructField("store_id", PrimitiveType.String),
        new StructField("sku", PrimitiveType.String),
        new StructField("quantity", PrimitiveType.Long),
        new StructField("amount", new DecimalType(18, 2)),
        new StructField("ingested_at", PrimitiveType.Timestamp),
    ]);

    private static AddFile File(int number, Random random)
    {
        var id = new byte[16];
        random.NextBytes(id);
        var day = s_firstDay.AddDays(number / FilesOfPartition).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return new AddFile
        {
            Path = string.Create(CultureInfo.InvariantCulture, $"sale_date={day}/part-{number % 1000:D5}-{new Guid(id):D}.c000.snappy.parquet"),
            PartitionValues = new Dictionary<string, string?> { ["sale_date"] = day },
            Size = random.Next(1 << 20, 1 << 27),
            ModificationTime = 1_700_000_000_000 + number,
            DataChange = true,
            Stats = Statistics(random, day),
        };
    }

    private static string Statistics(Random random, string day)
    {
        var rows = random.Next(1_000, 1_000_000);
        string Bounds(int low) => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"sale_id":"{{random.NextInt64():x16}}{{random.NextInt64():x16}}","sold_at":"{{day}}T{{low:D2}}:{{random.Next(60):D2}}:07.123Z","store_id":"store-{{random.Next(400):D4}}","sku":"SKU-{{random.Next(100_000):D8}}","quantity":{{low}},"amount":{{low}}.{{random.Next(10, 99)}},"ingested_at":"{{day}}T23:{{random.Next(60):D2}}:59.001Z"}""");
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"numRecords":{{rows}},"minValues":{{Bounds(random.Next(8))}},"maxValues":{{Bounds(random.Next(12, 23))}},"nullCount":{"sale_id":0,"sold_at":0,"store_id":{{random.Next(9)}},"sku":0,"quantity":0,"amount":0,"ingested_at":0} }""");
    }
}

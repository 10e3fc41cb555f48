using System.Text;
using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>Turns the rows of a checkpoint file into actions. For one reading at a time.</summary>
internal sealed class CheckpointDecoder
{
    // Files of one partition share one map; beyond this many partitions sharing no longer pays for remembering them.
    private const int LargestMemory = 1 << 16;

    private static readonly Dictionary<string, string?> NoValues = [];

    private readonly Dictionary<string, Dictionary<string, string?>> partitions = new(StringComparer.Ordinal);

    /// <summary>Rows of <see cref="CheckpointColumns.RareActions"/>.</summary>
    public static IReadOnlyList<DeltaAction> RareActions(DuckDbChunk chunk)
    {
        var actions = new List<DeltaAction>(chunk.RowCount);
        for (var row = 0; row < chunk.RowCount; row++)
        {
            if (DeltaActionJson.Parse(chunk.GetUtf8(0, row)) is { } action)
            {
                actions.Add(action);
            }
        }

        return actions;
    }

    /// <summary>Rows of <see cref="CheckpointColumns.Adds"/>.</summary>
    public IReadOnlyList<DeltaAction> Adds(DuckDbChunk chunk)
    {
        var statistics = new StatisticsBuffer(chunk, column: 4);
        var actions = new DeltaAction[chunk.RowCount];
        for (var row = 0; row < actions.Length; row++)
        {
            actions[row] = new AddFile
            {
                Path = chunk.GetString(0, row)!,
                PartitionValues = PartitionValues(chunk, 1, row) ?? NoValues,
                Size = Required(chunk, 2, row, "add.size"),
                ModificationTime = Required(chunk, 3, row, "add.modificationTime"),
                DataChange = false,
                StatsUtf8 = statistics.Take(row),
                Tags = Tags(chunk, 5, row),
                DeletionVector = DeletionVector(chunk, 6, row),
                BaseRowId = Number(chunk, 12, row),
                DefaultRowCommitVersion = Number(chunk, 13, row),
                ClusteringProvider = chunk.GetString(14, row),
            };
        }

        return actions;
    }

    /// <summary>Rows of <see cref="CheckpointColumns.Removes"/>.</summary>
    public IReadOnlyList<DeltaAction> Removes(DuckDbChunk chunk)
    {
        var actions = new DeltaAction[chunk.RowCount];
        for (var row = 0; row < actions.Length; row++)
        {
            actions[row] = new RemoveFile
            {
                Path = chunk.GetString(0, row)!,
                PartitionValues = PartitionValues(chunk, 1, row),
                Size = Number(chunk, 2, row),
                DeletionTimestamp = Number(chunk, 3, row),
                DataChange = false,
                ExtendedFileMetadata = chunk.IsNull(4, row) ? null : chunk.Column<bool>(4)[row],
                DeletionVector = DeletionVector(chunk, 5, row),
                BaseRowId = Number(chunk, 11, row),
                DefaultRowCommitVersion = Number(chunk, 12, row),
            };
        }

        return actions;
    }

    private static long? Number(DuckDbChunk chunk, int column, int row) => chunk.IsNull(column, row) ? null : chunk.Column<long>(column)[row];

    private static long Required(DuckDbChunk chunk, int column, int row, string name) =>
        Number(chunk, column, row) is { } value and >= 0 ? value : throw Malformed($"'{name}' of '{chunk.GetString(0, row)}' is missing or negative");

    private static DeletionVectorDescriptor? DeletionVector(DuckDbChunk chunk, int first, int row)
    {
        if (chunk.IsNull(first, row))
        {
            return null;
        }

        if (chunk.IsNull(first + 1, row) || chunk.IsNull(first + 3, row) || chunk.IsNull(first + 4, row))
        {
            throw Malformed($"the deletion vector of '{chunk.GetString(0, row)}' lacks a field");
        }

        return new DeletionVectorDescriptor(
            chunk.GetString(first, row)!,
            chunk.GetString(first + 1, row)!,
            chunk.IsNull(first + 2, row) ? null : chunk.Column<int>(first + 2)[row],
            chunk.Column<int>(first + 3)[row],
            chunk.Column<long>(first + 4)[row],
            Number(chunk, first + 5, row));
    }

    private static Dictionary<string, string>? Tags(DuckDbChunk chunk, int column, int row)
    {
        if (chunk.IsNull(column, row))
        {
            return null;
        }

        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in Map(chunk.GetUtf8(column, row)))
        {
            if (value is not null)
            {
                tags[key] = value;
            }
        }

        return tags;
    }

    private static Dictionary<string, string?> Map(ReadOnlySpan<byte> json)
    {
        var map = new Dictionary<string, string?>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            map[key] = reader.GetString();
        }

        return map;
    }

    private static DeltaException Malformed(string why) => new(DeltaErrorKind.Corrupt, $"A row is malformed: {why}.");

    private Dictionary<string, string?>? PartitionValues(DuckDbChunk chunk, int column, int row)
    {
        var json = chunk.GetUtf8(column, row);
        if (json.Length <= 2)
        {
            return chunk.IsNull(column, row) ? null : NoValues;
        }

        const int onStack = 512;
        var text = json.Length <= onStack ? stackalloc char[onStack] : new char[json.Length];
        var key = text[..Encoding.UTF8.GetChars(json, text)];
        var known = partitions.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(key, out var values))
        {
            return values;
        }

        values = Map(json);
        if (partitions.Count < LargestMemory)
        {
            known[key] = values;
        }

        return values;
    }

    /// <summary>The statistics of a chunk in one array, so that a large table does not consist of very many small ones.</summary>
    private readonly ref struct StatisticsBuffer
    {
        private readonly DuckDbChunk chunk;
        private readonly int column;
        private readonly byte[] bytes;
        private readonly int[] ends;

        public StatisticsBuffer(DuckDbChunk chunk, int column)
        {
            this.chunk = chunk;
            this.column = column;
            ends = new int[chunk.RowCount];
            var total = 0;
            for (var row = 0; row < ends.Length; row++)
            {
                total += chunk.GetUtf8(column, row).Length;
                ends[row] = total;
            }

            bytes = GC.AllocateUninitializedArray<byte>(total);
        }

        public ReadOnlyMemory<byte> Take(int row)
        {
            var text = chunk.GetUtf8(column, row);
            var target = bytes.AsMemory(ends[row] - text.Length, text.Length);
            text.CopyTo(target.Span);
            return target;
        }
    }
}

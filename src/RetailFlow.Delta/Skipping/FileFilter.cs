using System.Buffers;

namespace RetailFlow.Delta;

/// <summary>A predicate made ready for many files of one table. Immutable; safe to share between threads.</summary>
public sealed class FileFilter
{
    private readonly Func<ColumnBounds[], Verdict> condition;
    private readonly StatisticsProbe probe;
    private readonly (string Name, DataType Type)[] partitions;
    private readonly int probed;

    private FileFilter(Func<ColumnBounds[], Verdict> condition, StatisticsProbe probe, int probed, (string Name, DataType Type)[] partitions)
    {
        this.condition = condition;
        this.probe = probe;
        this.probed = probed;
        this.partitions = partitions;
    }

    /// <summary>Prepares the predicate.</summary>
    /// <param name="schema">Schema of the table.</param>
    /// <param name="partitionColumns">Logical names of the partition columns.</param>
    /// <param name="predicate">The condition on rows. Columns that the schema does not have may match any row.</param>
    public static FileFilter Compile(StructType schema, IReadOnlyList<string> partitionColumns, FilePredicate predicate)
    {
        var compiler = new PredicateCompiler(schema, partitionColumns);
        var condition = compiler.Compile(predicate);
        return new(condition, compiler.Probe, compiler.ProbedColumns, [.. compiler.Partitions]);
    }

    /// <summary>False only if no row of the file can match.</summary>
    public bool MayMatch(AddFile file)
    {
        var columns = ArrayPool<ColumnBounds>.Shared.Rent(probed + partitions.Length);
        try
        {
            return MayMatch(file, columns);
        }
        finally
        {
            ArrayPool<ColumnBounds>.Shared.Return(columns, clearArray: true);
        }
    }

    private bool MayMatch(AddFile file, ColumnBounds[] columns)
    {
        for (var i = 0; i < partitions.Length; i++)
        {
            columns[probed + i] = PartitionBounds(file, partitions[i].Name, partitions[i].Type);
        }

        if (partitions.Length > 0 && probed > 0)
        {
            // Partition values are at hand; the statistics need parsing.
            Array.Fill(columns, ColumnBounds.Unknown, 0, probed);
            if (!condition(columns).MayBeTrue)
            {
                return false;
            }
        }

        probe.Read(file.StatsUtf8.Span, columns);
        return condition(columns).MayBeTrue;
    }

    private static ColumnBounds PartitionBounds(AddFile file, string name, DataType type)
    {
        if (!file.PartitionValues.TryGetValue(name, out var text))
        {
            return ColumnBounds.Unknown;
        }

        return PartitionValue.Bounds(text, type);
    }
}

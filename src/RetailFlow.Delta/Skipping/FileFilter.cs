using System.Text;

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
        var columns = new ColumnBounds[probed + partitions.Length];
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

        probe.Read(file.StatsUtf8, columns);
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

/// <summary>Partition values as bounds (protocol section "Partition Value Serialization").</summary>
internal static class PartitionValue
{
    // A timestamp without a zone is in the zone of its writer, which is not recorded.
    private const long DayInMicroseconds = 86_400_000_000;

    /// <summary>The bounds of a column that has this one value; the empty text is null for every type.</summary>
    public static ColumnBounds Bounds(string? text, DataType type)
    {
        if (string.IsNullOrEmpty(text))
        {
            return ColumnBounds.OnlyNull;
        }

        var utf8 = Encoding.UTF8.GetBytes(text);
        if (type == PrimitiveType.Timestamp)
        {
            return !LiteralText.TryTimestamp(utf8, out var time, out var hasZone) ? ColumnBounds.Unknown
                : hasZone ? ColumnBounds.Exactly(Literal.OfTimestamp(time))
                : new() { Low = Literal.OfTimestamp(time - DayInMicroseconds), High = Literal.OfTimestamp(time + DayInMicroseconds), MayHaveValue = true };
        }

        var value = type switch
        {
            DecimalType => LiteralText.Exact(utf8),
            PrimitiveType primitive => primitive.Name switch
            {
                "long" or "integer" or "short" or "byte" => LiteralText.Exact(utf8),
                "double" => LiteralText.Float(utf8),
                "string" => Literal.Of(text),
                "boolean" => LiteralText.Boolean(utf8),
                "date" => LiteralText.Date(utf8),
                "timestamp_ntz" => LiteralText.TryTimestamp(utf8, out var time, out var hasZone) && !hasZone ? Literal.OfLocalTimestamp(time) : null,
                _ => null,
            },
            ArrayType or MapType or StructType => null,
            _ => null,
        };
        return value is { } known ? ColumnBounds.Exactly(known) : ColumnBounds.Unknown;
    }
}

namespace RetailFlow.Delta;

/// <summary>Resolves the columns of a predicate and turns it into a function of their bounds.</summary>
internal sealed class PredicateCompiler(StructType schema, IReadOnlyList<string> partitionColumns)
{
    private readonly List<(string Name, DataType Type)> partitions = [];
    private readonly Dictionary<ColumnPath, Func<ColumnBounds[], ColumnBounds>> resolved = [];

    public StatisticsProbe Probe { get; } = new();

    public int ProbedColumns { get; private set; }

    public IReadOnlyList<(string Name, DataType Type)> Partitions => partitions;

    public Func<ColumnBounds[], Verdict> Compile(FilePredicate predicate)
    {
        switch (predicate)
        {
            case FilePredicate.And and:
                return All([.. and.Operands.Select(Compile)]);
            case FilePredicate.Or or:
                return Any([.. or.Operands.Select(Compile)]);
            case FilePredicate.Not not:
                var operand = Compile(not.Operand);
                return columns =>
                {
                    var (mayBeTrue, mayBeFalse) = operand(columns);
                    return new(mayBeFalse, mayBeTrue);
                };
            case FilePredicate.Compare compare:
                var column = Resolve(compare.Column);
                return columns => column(columns).Compare(compare.Operator, compare.Value);
            case FilePredicate.In @in:
                var member = Resolve(@in.Column);
                Literal[] values = [.. @in.Values];
                return IsText(values) ? InText(member, values) : columns => IsIn(member(columns), values);
            case FilePredicate.IsNull isNull:
                var nullable = Resolve(isNull.Column);
                return columns =>
                {
                    var bounds = nullable(columns);
                    return new(bounds.MayBeNull, bounds.MayHaveValue);
                };
            case FilePredicate.Unknown:
                return _ => Verdict.Either;
            default:
                throw new InvalidOperationException("Unknown predicate.");
        }
    }

    private static Func<ColumnBounds[], Verdict> All(Func<ColumnBounds[], Verdict>[] operands) => columns =>
    {
        var (mayBeTrue, mayBeFalse) = (true, false);
        foreach (var operand in operands)
        {
            var verdict = operand(columns);
            mayBeTrue &= verdict.MayBeTrue;
            mayBeFalse |= verdict.MayBeFalse;
        }

        return new(mayBeTrue, mayBeFalse);
    };

    private static Func<ColumnBounds[], Verdict> Any(Func<ColumnBounds[], Verdict>[] operands) => columns =>
    {
        var (mayBeTrue, mayBeFalse) = (false, true);
        foreach (var operand in operands)
        {
            var verdict = operand(columns);
            mayBeTrue |= verdict.MayBeTrue;
            mayBeFalse &= verdict.MayBeFalse;
        }

        return new(mayBeTrue, mayBeFalse);
    };

    private static bool IsText(Literal[] values) => values.Length > 1 && Array.TrueForAll(values, v => v.Kind == LiteralKind.Text);

    /// <summary>
    /// Of texts in order, only the first that is not below a file's least one can be in the file: those that follow it are further away, also from
    /// the texts that begin with a greatest one that was cut off, which follow on each other.
    /// </summary>
    private static Func<ColumnBounds[], Verdict> InText(Func<ColumnBounds[], ColumnBounds> member, Literal[] values)
    {
        Array.Sort(values, (a, b) => Literal.CompareText(a.TextValue, b.TextValue));
        return columns =>
        {
            var bounds = member(columns);
            if (bounds.Low is not { Kind: LiteralKind.Text } low)
            {
                return IsIn(bounds, values);
            }

            var first = FirstNotBelow(values, low.TextValue);
            return first == values.Length ? new(false, bounds.MayHaveValue) : bounds.Compare(ComparisonOperator.Equal, values[first]);
        };
    }

    private static int FirstNotBelow(Literal[] values, string low)
    {
        var (from, to) = (0, values.Length);
        while (from < to)
        {
            var middle = from + ((to - from) / 2);
            if (Literal.CompareText(values[middle].TextValue, low) < 0)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return from;
    }

    private static Verdict IsIn(ColumnBounds bounds, Literal[] values)
    {
        var (mayBeTrue, mayBeFalse) = (false, bounds.MayHaveValue);
        foreach (var value in values)
        {
            var verdict = bounds.Compare(ComparisonOperator.Equal, value);
            mayBeTrue |= verdict.MayBeTrue;
            mayBeFalse &= verdict.MayBeFalse;
        }

        return new(mayBeTrue, mayBeFalse);
    }

    private Func<ColumnBounds[], ColumnBounds> Resolve(ColumnPath path)
    {
        if (!resolved.TryGetValue(path, out var column))
        {
            column = ResolveNew(path);
            resolved.Add(path, column);
        }

        return column;
    }

    private Func<ColumnBounds[], ColumnBounds> ResolveNew(ColumnPath path)
    {
        var names = new List<string>();
        DataType type = schema;
        StructField? field = null;
        foreach (var part in path.Parts)
        {
            field = (type as StructType)?.Find(part);
            if (field is null)
            {
                return _ => ColumnBounds.Unknown;
            }

            names.Add(field.PhysicalName);
            type = field.Type;
        }

        if (type is StructType or ArrayType or MapType)
        {
            return _ => ColumnBounds.Unknown;
        }

        if (names.Count == 1 && partitionColumns.Contains(field!.Name, StringComparer.OrdinalIgnoreCase))
        {
            var at = partitions.Count;
            partitions.Add((names[0], type));
            return columns => columns[ProbedColumns + at];
        }

        var index = Probe.Ask(names, type);
        ProbedColumns = Math.Max(ProbedColumns, index + 1);
        return columns => columns[index];
    }
}

using System.Globalization;

namespace RetailFlow.Delta.Tests;

/// <summary>
/// Random rows in files with the statistics that our builder makes of them, and random conditions: every file with a row for which
/// the condition holds must be kept. The oracle evaluates the condition on the rows themselves, in SQL's three-valued logic.
/// </summary>
public sealed class SkippingPropertyTests
{
    private static readonly (string Name, DataType Type)[] Columns =
    [
        ("n", PrimitiveType.Long), ("s", PrimitiveType.String), ("f", PrimitiveType.Float), ("d", PrimitiveType.Double), ("m", new DecimalType(20, 3)),
        ("day", PrimitiveType.Date), ("t", PrimitiveType.Timestamp), ("l", PrimitiveType.TimestampNtz), ("p", PrimitiveType.Integer),
    ];

    private static readonly StructType Schema = new([.. Columns.Select(c => new StructField(c.Name, c.Type))]);

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    public void Skipping_never_loses_a_row(int seed)
    {
        var random = new Random(seed);
        var (skipped, held) = (0, 0);
        for (var round = 0; round < 400; round++)
        {
            var rows = Rows(random);
            var file = File(random, rows);
            for (var i = 0; i < 20; i++)
            {
                var predicate = Predicate(random, rows, 3);
                var holds = rows.Exists(row => Evaluate(predicate, row) == true);
                var kept = FileSkipper.Select([file], Schema, ["p"], predicate).Any();
                Assert.True(kept || !holds, $"{predicate} holds for a row of a file that was skipped, with {file.Stats}");
                skipped += kept ? 0 : 1;
                held += holds ? 1 : 0;
            }
        }

        // The property would be empty if nothing were skipped or nothing held.
        Assert.InRange(skipped, 1000, 7000);
        Assert.InRange(held, 1000, 7000);
    }

    private static List<object?[]> Rows(Random random)
    {
        var partition = random.Next(4) == 0 ? null : (object)(long)random.Next(5);
        var allNull = Columns.Select(_ => random.Next(8) == 0).ToArray();
        var nullShare = random.Next(2) * 5;
        var center = random.Next(40);
        return
        [
            .. Enumerable.Range(0, random.Next(1, 8)).Select(_ => Columns.Select((c, i) =>
                c.Name == "p" ? partition : allNull[i] || random.Next(10) < nullShare ? null : Value(random, c.Name, center + random.Next(6))).ToArray()),
        ];
    }

    private static object Value(Random random, string column, int v) => column switch
    {
        "n" or "p" => (long)v,
        "s" => new string('x', random.Next(3) == 0 ? 40 : 0) + (char)('a' + (v % 26)) + (random.Next(4) == 0 ? "\U0001F600" : random.Next(4) == 0 ? "\uFFFD" : ""),
        "f" => random.Next(20) == 0 ? double.NaN : (double)(float)(v / 10.0),
        "d" => random.Next(20) == 0 ? double.NaN : random.Next(20) == 0 ? double.NegativeInfinity : v / 3.0,
        "m" => v + (random.Next(1000) / 1000m),
        "day" => new DateOnly(2026, 1, 1).AddDays(v),
        "t" => new DateTimeOffset(1969, 12, 31, 23, 59, 59, 980, TimeSpan.Zero).AddMicroseconds((v * 1000) + random.Next(1000)),
        "l" => new DateTime(2026, 1, 1).AddMicroseconds((v * 1000) + random.Next(1000)),
        _ => throw new ArgumentException(column),
    };

    private static AddFile File(Random random, List<object?[]> rows)
    {
        var known = new List<ColumnStatistics>();
        for (var i = 0; i < Columns.Length - 1; i++)
        {
            var values = rows.Select(r => r[i]).OfType<object>().Where(v => v is not double.NaN).OrderBy(v => v, Comparer<object>.Create(Order)).ToList();
            var hasNaN = rows.Exists(r => r[i] is double.NaN);
            if (random.Next(6) > 0)
            {
                known.Add(new ColumnStatistics(
                    Columns[i].Name,
                    values.Count == 0 || random.Next(8) == 0 ? null : Text(values[0]),
                    values.Count == 0 || random.Next(8) == 0 ? null : Text(values[^1]),
                    random.Next(8) == 0 ? null : rows.Count(r => r[i] is null),
                    hasNaN));
            }
        }

        var stats = StatisticsBuilder.Build(rows.Count, Schema, ["p"], known);
        return TestTable.File("a", stats: stats.ToJson()) with
        {
            PartitionValues = new Dictionary<string, string?> { ["p"] = rows[0][^1] is long p ? p.ToString(CultureInfo.InvariantCulture) : null },
        };
    }

    private static string Text(object value) => value switch
    {
        float or double => ((double)value).ToString("R", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("yyyy-MM-dd HH:mm:ss.ffffff+00", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static FilePredicate Predicate(Random random, List<object?[]> rows, int depth)
    {
        if (depth > 0 && random.Next(2) == 0)
        {
            var operands = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Predicate(random, rows, depth - 1)).ToList();
            return random.Next(3) switch
            {
                0 => new FilePredicate.And(operands),
                1 => new FilePredicate.Or(operands),
                _ => new FilePredicate.Not(operands[0]),
            };
        }

        var column = random.Next(Columns.Length);
        var name = Columns[column].Name;
        return random.Next(6) switch
        {
            0 => new FilePredicate.IsNull(name),
            1 => new FilePredicate.In(name, [.. Enumerable.Range(0, random.Next(random.Next(2) == 0 ? 4 : 12)).Select(_ => Literal(random, rows, column))]),
            _ => new FilePredicate.Compare(name, (ComparisonOperator)random.Next(6), Literal(random, rows, column)),
        };
    }

    // Half of them values that are in the file.
    private static Literal Literal(Random random, List<object?[]> rows, int column)
    {
        var value = random.Next(2) == 0 ? rows[random.Next(rows.Count)][column] : null;
        value = value is null or double.NaN ? Value(random, Columns[column].Name, random.Next(46)) : value;
        return value switch
        {
            double.NaN => Delta.Literal.Of(0.5),
            long number => Delta.Literal.Of(number),
            string text => Delta.Literal.Of(text),
            double number => Delta.Literal.Of(number),
            decimal number => Delta.Literal.Of(number),
            DateOnly day => Delta.Literal.Of(day),
            DateTimeOffset time => Delta.Literal.Of(time),
            DateTime time => Delta.Literal.OfLocal(time),
            _ => throw new ArgumentException(value.GetType().Name),
        };
    }

    private static bool? Evaluate(FilePredicate predicate, object?[] row) => predicate switch
    {
        FilePredicate.And and => and.Operands.Select(o => Evaluate(o, row)).Aggregate((bool?)true, (a, b) => a == false || b == false ? false : a is null || b is null ? null : true),
        FilePredicate.Or or => or.Operands.Select(o => Evaluate(o, row)).Aggregate((bool?)false, (a, b) => a == true || b == true ? true : a is null || b is null ? null : false),
        FilePredicate.Not not => !Evaluate(not.Operand, row),
        FilePredicate.IsNull isNull => ValueOf(row, isNull.Column) is null,
        FilePredicate.In @in => ValueOf(row, @in.Column) is { } value ? @in.Values.Any(v => Order(value, v) == 0) : null,
        FilePredicate.Compare compare => ValueOf(row, compare.Column) is { } value
            ? compare.Operator switch
            {
                ComparisonOperator.Equal => Order(value, compare.Value) == 0,
                ComparisonOperator.NotEqual => Order(value, compare.Value) != 0,
                ComparisonOperator.Less => Order(value, compare.Value) < 0,
                ComparisonOperator.LessOrEqual => Order(value, compare.Value) <= 0,
                ComparisonOperator.Greater => Order(value, compare.Value) > 0,
                ComparisonOperator.GreaterOrEqual => Order(value, compare.Value) >= 0,
                _ => throw new ArgumentException("operator"),
            }
            : null,
        _ => throw new ArgumentException(predicate.GetType().Name),
    };

    private static object? ValueOf(object?[] row, ColumnPath column) => row[Array.FindIndex(Columns, c => c.Name == column.Parts[0])];

    private static int Order(object value, Literal literal) => Order(value, literal.Kind switch
    {
        LiteralKind.Integer => literal.Number,
        LiteralKind.Text => literal.ToString(),
        LiteralKind.Float => literal.FloatValue,
        LiteralKind.Decimal => (decimal)literal.Unscaled / (decimal)Math.Pow(10, literal.Scale),
        LiteralKind.Date => new DateOnly(1970, 1, 1).AddDays((int)literal.Number),
        LiteralKind.Timestamp => DateTimeOffset.UnixEpoch.AddMicroseconds(literal.Number),
        LiteralKind.LocalTimestamp => new DateTime(1970, 1, 1).AddMicroseconds(literal.Number),
        _ => throw new ArgumentException(literal.Kind.ToString()),
    });

    // As engines order: text by its UTF-8 bytes, NaN above every number.
    private static int Order(object left, object right) => (left, right) switch
    {
        (string a, string b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b)),
        (double.NaN, double.NaN) => 0,
        (double.NaN, _) => 1,
        (_, double.NaN) => -1,
        _ => Comparer<object>.Default.Compare(left, right),
    };
}

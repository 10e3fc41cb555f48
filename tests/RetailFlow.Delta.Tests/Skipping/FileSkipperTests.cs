using System.Numerics;

namespace RetailFlow.Delta.Tests;

public sealed class FileSkipperTests
{
    private static readonly StructType Schema = new(
    [
        new StructField("n", PrimitiveType.Long),
        new StructField("s", PrimitiveType.String),
        new StructField("f", PrimitiveType.Float),
        new StructField("d", PrimitiveType.Double),
        new StructField("m", new DecimalType(38, 10)),
        new StructField("day", PrimitiveType.Date),
        new StructField("t", PrimitiveType.Timestamp),
        new StructField("l", PrimitiveType.TimestampNtz),
        new StructField("b", PrimitiveType.Boolean),
        new StructField("x", new StructType([new StructField("y", PrimitiveType.Integer), new StructField("a.b", PrimitiveType.Integer)])),
        new StructField("list", new ArrayType(PrimitiveType.Long, true)),
        new StructField("p", PrimitiveType.String),
        new StructField("q", PrimitiveType.Timestamp),
        new StructField("r", PrimitiveType.Integer),
    ]);

    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    // A condition, and for it: statistics (or partition values after '|'), and whether the file is kept.
    public static TheoryData<string, string, bool> Cases => new()
    {
        // Integers: n from 10 to 20, no nulls.
        { "n = 9", Stats("n", "10", "20", 0), false },
        { "n = 10", Stats("n", "10", "20", 0), true },
        { "n = 20", Stats("n", "10", "20", 0), true },
        { "n = 21", Stats("n", "10", "20", 0), false },
        { "n < 10", Stats("n", "10", "20", 0), false },
        { "n <= 10", Stats("n", "10", "20", 0), true },
        { "n > 20", Stats("n", "10", "20", 0), false },
        { "n >= 20", Stats("n", "10", "20", 0), true },
        { "n <> 10", Stats("n", "10", "10", 0), false },
        { "n <> 10", Stats("n", "10", "11", 0), true },
        { "not n = 10", Stats("n", "10", "10", 0), false },
        { "not n < 21", Stats("n", "10", "20", 0), false },
        { "not n < 20", Stats("n", "10", "20", 0), true },
        { "n in 1,9,21", Stats("n", "10", "20", 0), false },
        { "n in 1,15", Stats("n", "10", "20", 0), true },
        { "n in", Stats("n", "10", "20", 0), false },
        { "not n in 10", Stats("n", "10", "10", 0), false },
        { "N = 9", Stats("n", "10", "20", 0), false },

        // Nulls are neither equal nor unequal.
        { "n = 10", Stats("n", null, null, 5), false },
        { "not n = 10", Stats("n", null, null, 5), false },
        { "n is null", Stats("n", null, null, 5), true },
        { "not n is null", Stats("n", null, null, 5), false },
        { "n is null", Stats("n", "10", "20", 0), false },
        { "n is null", Stats("n", "10", "20", 1), true },
        { "n is null", Stats("n", "10", "20", null), true },
        { "n = 10", "{\"numRecords\":0}", false },
        { "n is null", "{\"numRecords\":0}", false },

        // What is missing, malformed or of another type is unknown.
        { "n = 9", "{}", true },
        { "n = 9", "{\"numRecords\":5}", true },
        { "n = 9", "", true },
        { "n = 9", "{\"numRecords\":5,\"minValues\":{\"n\":", true },
        { "n = 9", Stats("n", "10", null, 0), false },
        { "n = 21", Stats("n", "10", null, 0), true },
        { "n = 9", Stats("n", "\"10\"", "\"20\"", 0), true },
        { "n = 9", Stats("n", "[1]", "{\"z\":1}", 0), true },
        { "n = 9", Stats("s", "\"a\"", "\"b\"", 0), true },
        { "none = 9", Stats("n", "10", "20", 0), true },
        { "list = 9", Stats("list", "10", "20", 0), true },
        { "x = 9", Stats("x", "10", "20", 0), true },
        { "n = text a", Stats("n", "10", "20", 0), true },
        { "unknown and n = 9", Stats("n", "10", "20", 0), false },
        { "unknown or n = 9", Stats("n", "10", "20", 0), true },

        // Text compares by code point; an upper bound may be cut off.
        { "s = text c", Stats("s", "\"a\"", "\"b\"", 0), false },
        { "s = text bz", Stats("s", "\"a\"", "\"b\"", 0), true },
        { "s > text b", Stats("s", "\"a\"", "\"b\"", 0), true },
        { "s > text c", Stats("s", "\"a\"", "\"b\"", 0), false },
        { "s < text a", Stats("s", "\"a\"", "\"b\"", 0), false },
        { "s = text \U0001F600", Stats("s", "\"\uE000\"", "\"\U0001F601\"", 0), true },
        { "s = text \uE000", Stats("s", "\"a\"", "\"\U0001F600\"", 0), true },
        { "s = text \U0001F600", Stats("s", "\"a\"", "\"\uFFFF\"", 0), false },
        { "s = text \"", Stats("s", "\"\\\"\"", "\"\\u0022\"", 0), true },

        // Floating point: NaN is above all and in no bound; 32-bit bounds are texts of shorter numbers.
        { "d > 5", Stats("d", "1.0", "2.0", 0), true },
        { "d = 5", Stats("d", "1.0", "2.0", 0), false },
        { "d < 1", Stats("d", "1.0", "2.0", 0), false },
        { "not d < 5", Stats("d", "1.0", "2.0", 0), true },
        { "d < -1", Stats("d", "\"-Infinity\"", "2.0", 0), true },
        { "d < 1", Stats("d", "\"NaN\"", "\"NaN\"", 0), true },
        { "f = 0.10000000149011612", Stats("f", "0.1", "0.1", 0), true },
        { "f < 0.1", Stats("f", "0.1", "0.1", 0), true },
        { "f = 0.2", Stats("f", "0.1", "0.1", 0), false },

        // Decimals are exact, whatever the notation.
        { "m = dec 12345678901234567890.0000000001", Stats("m", "12345678901234567890.0000000000", "12345678901234567890.0000000001", 0), true },
        { "m = dec 12345678901234567890.0000000002", Stats("m", "12345678901234567890.0000000000", "12345678901234567890.0000000001", 0), false },
        { "m = dec 100.5", Stats("m", "1.005E2", "1.005E+2", 0), true },
        { "m = dec 100.6", Stats("m", "1.005E2", "1.005E+2", 0), false },
        { "m = 100", Stats("m", "99.5", "99.75", 0), false },

        // Days and instants; instants are cut to milliseconds.
        { "day = 2026-03-01", Stats("day", "\"2026-03-01\"", "\"2026-03-02\"", 0), true },
        { "day = 2026-03-03", Stats("day", "\"2026-03-01\"", "\"2026-03-02\"", 0), false },
        { "t = noon+500us", Stats("t", "\"2026-03-01T11:00:00.000Z\"", "\"2026-03-01T12:00:00.000Z\"", 0), true },
        { "t = noon+1001us", Stats("t", "\"2026-03-01T11:00:00.000Z\"", "\"2026-03-01T12:00:00.000Z\"", 0), false },
        { "t = noon", Stats("t", "\"2026-03-01T04:00:00.000-08:00\"", "\"2026-03-01T04:00:00.000-08:00\"", 0), true },
        { "t < noon", Stats("t", "\"2026-03-01T04:00:00.000-08:00\"", "\"2026-03-01T04:00:00.000-08:00\"", 0), false },
        { "t < noon", Stats("t", "\"2026-03-01T12:00:00.000\"", "\"2026-03-01T12:00:00.000\"", 0), true },
        { "l = local noon", Stats("l", "\"2026-03-01T11:00:00.000\"", "\"2026-03-01T11:59:59.998\"", 0), false },
        { "l = local noon", Stats("l", "\"2026-03-01T11:00:00.000\"", "\"2026-03-01T11:59:59.999\"", 0), true },
        { "l = noon", Stats("l", "\"2026-03-01T11:00:00.000\"", "\"2026-03-01T11:30:00.000\"", 0), true },
        { "b = true", Stats("b", "false", "false", 0), false },

        // Nested columns; a dot in a name is part of it.
        { "x/y = 9", "{\"numRecords\":5,\"minValues\":{\"x\":{\"y\":10}},\"maxValues\":{\"x\":{\"y\":20}},\"nullCount\":{\"x\":{\"y\":0}}}", false },
        { "x/y = 10", "{\"numRecords\":5,\"minValues\":{\"x\":{\"y\":10}},\"maxValues\":{\"x\":{\"y\":20}},\"nullCount\":{\"x\":{\"y\":0}}}", true },
        { "x/a.b = 9", "{\"numRecords\":5,\"minValues\":{\"x\":{\"a.b\":10}},\"maxValues\":{\"x\":{\"a.b\":20}}}", false },

        // Wide bounds: counts that are neither none nor all say nothing, bounds still hold.
        { "n is null", "{\"numRecords\":5,\"minValues\":{\"n\":1},\"maxValues\":{\"n\":2},\"nullCount\":{\"n\":3},\"tightBounds\":false}", true },
        { "n = 3", "{\"numRecords\":5,\"minValues\":{\"n\":1},\"maxValues\":{\"n\":2},\"nullCount\":{\"n\":3},\"tightBounds\":false}", false },

        // Partition values.
        { "p = text a", "|p=a", true },
        { "p = text ab", "|p=a", false },
        { "not p = text a", "|p=a", false },
        { "p = text a", "|p=", false },
        { "p is null", "|p=", true },
        { "not p is null", "|p=", false },
        { "r = 7", "|r=7", true },
        { "r = 8", "|r=7", false },
        { "r = 8", "|r=seven", true },
        { "r = 8", "|", true },
        { "q = noon", "|q=2026-03-01 12:00:00", true },
        { "q = noon", "|q=2026-03-02 02:00:00", true },
        { "q = noon", "|q=2026-03-03 12:00:00", false },
        { "q = noon", "|q=2026-03-01T12:00:00.000000Z", true },
        { "q = noon", "|q=2026-03-01T12:00:00.000001Z", false },
        { "r = 7 and n = 9", Stats("n", "10", "20", 0) + "|r=7", false },
        { "r = 7 or n = 9", Stats("n", "10", "20", 0) + "|r=7", true },
        { "r = 8 or n = 15", Stats("n", "10", "20", 0) + "|r=7", true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void File_is_kept_unless_no_row_can_match(string condition, string known, bool kept)
    {
        var parts = known.Split('|');
        var file = TestTable.File("a", stats: parts[0].Length == 0 ? null : parts[0]) with
        {
            PartitionValues = parts.Length == 1 || parts[1].Length == 0
                ? new Dictionary<string, string?>()
                : new Dictionary<string, string?> { [parts[1].Split('=')[0]] = parts[1][2..] },
        };

        Assert.Equal(kept, FileSkipper.Select([file], Schema, ["p", "q", "r"], Parse(condition)).Any());
    }

    [Fact]
    public void Statistics_and_partition_values_go_by_physical_names()
    {
        var schema = new StructType(
        [
            new StructField("n", PrimitiveType.Long, true, FieldMetadata.Empty.With("delta.columnMapping.physicalName", "\"col-1\"")),
            new StructField("p", PrimitiveType.Long, true, FieldMetadata.Empty.With("delta.columnMapping.physicalName", "\"col-2\"")),
        ]);
        var file = TestTable.File("a", stats: Stats("col-1", "10", "20", 0)) with { PartitionValues = new Dictionary<string, string?> { ["col-2"] = "7" } };

        bool Kept(string condition) => FileSkipper.Select([file], schema, ["p"], Parse(condition)).Any();

        Assert.Equal((true, false, true, false), (Kept("n = 10"), Kept("n = 9"), Kept("p = 7"), Kept("p = 8")));
    }

    private static string Stats(string column, string? min, string? max, int? nulls) =>
        "{\"numRecords\":5,\"minValues\":{" + Member(column, min) + "},\"maxValues\":{" + Member(column, max) + "},\"nullCount\":{" + Member(column, nulls?.ToString()) + "}}";

    private static string Member(string column, string? value) => value is null ? "" : $"\"{column}\":{value}";

    private static FilePredicate Parse(string condition)
    {
        if (condition.Split(" and ") is { Length: > 1 } all)
        {
            return new FilePredicate.And([.. all.Select(Parse)]);
        }

        if (condition.Split(" or ") is { Length: > 1 } any)
        {
            return new FilePredicate.Or([.. any.Select(Parse)]);
        }

        if (condition.StartsWith("not ", StringComparison.Ordinal))
        {
            return new FilePredicate.Not(Parse(condition[4..]));
        }

        if (condition == "unknown")
        {
            return new FilePredicate.Unknown();
        }

        var words = condition.Split(' ', 3);
        var column = ColumnPath.Of(words[0].Split('/'));
        return words[1] switch
        {
            "is" => new FilePredicate.IsNull(column),
            "in" => new FilePredicate.In(column, words.Length < 3 ? [] : [.. words[2].Split(',').Select(ParseLiteral)]),
            _ => new FilePredicate.Compare(column, Operator(words[1]), ParseLiteral(words[2])),
        };
    }

    private static ComparisonOperator Operator(string text) => text switch
    {
        "=" => ComparisonOperator.Equal,
        "<>" => ComparisonOperator.NotEqual,
        "<" => ComparisonOperator.Less,
        "<=" => ComparisonOperator.LessOrEqual,
        ">" => ComparisonOperator.Greater,
        ">=" => ComparisonOperator.GreaterOrEqual,
        _ => throw new ArgumentException(text),
    };

    private static Literal ParseLiteral(string text) => text switch
    {
        "true" => Literal.Of(true),
        "noon" => Literal.Of(Noon),
        "local noon" => Literal.OfLocal(Noon.UtcDateTime),
        _ when text.StartsWith("noon+", StringComparison.Ordinal) => Literal.Of(Noon.AddMicroseconds(int.Parse(text[5..^2]))),
        _ when text.StartsWith("text ", StringComparison.Ordinal) => Literal.Of(text[5..]),
        _ when text.StartsWith("dec ", StringComparison.Ordinal) =>
            Literal.Of(BigInteger.Parse(text[4..].Replace(".", "", StringComparison.Ordinal)), text.Length - text.IndexOf('.') - 1),
        _ when DateOnly.TryParse(text, out var day) && text.Length == 10 => Literal.Of(day),
        _ when text.Contains('.') => Literal.Of(double.Parse(text)),
        _ => Literal.Of(long.Parse(text)),
    };
}

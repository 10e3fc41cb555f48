using System.Globalization;
using System.Text;
using RetailFlow.Stock.Counting;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Stock;
using Xunit;

namespace RetailFlow.Stock.Tests.Counting;

/// <summary>
/// Runs a table of records and expectations, one a line, through the fold (by way of JSON and the parser) and through the model:
/// <code>
/// e1 receipt A L 10 @1 -> accepted
/// e2/1 void A L 1 @3 voids e1 -> accepted
/// A L = 10 (1 records, last 1, count -)
/// A L at 2 = 10
/// </code>
/// Times are seconds after one instant; text after # is a remark.
/// </summary>
internal sealed class StockTable
{
    private static readonly DateTimeOffset Origin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly StockFold fold = new();
    private readonly NaiveStockModel model = new();
    private readonly StockRecordParser parser = new(new StockRecordRules());
    private readonly StockRecordDraft draft = new();

    public static void Run(string table)
    {
        StockTable run = new();
        foreach (string line in table.Split('\n').Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0))
        {
            if (line.Contains("->", StringComparison.Ordinal))
            {
                run.Receive(line);
            }
            else
            {
                run.Expect(line);
            }
        }
    }

    private void Receive(string line)
    {
        string[] sides = line.Split("->", StringSplitOptions.TrimEntries);
        string[] words = sides[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (string eventId, long number) = Identity(words[0]);
        TestStockRecord record = new()
        {
            Source = "s",
            EventId = eventId,
            Line = number,
            Type = words[1],
            Sku = words[2],
            Location = words[3],
            Quantity = decimal.Parse(words[4], CultureInfo.InvariantCulture),
            EventTime = Time(words[5][1..]),
            VoidsEventId = words.Length > 6 ? Identity(words[7]).EventId : null,
            VoidsLine = words.Length > 6 ? Identity(words[7]).Line : 0,
        };
        StockRecordContext context = new(default, RecordTime.ToMicros(Origin.AddYears(1)));
        Assert.True(parser.Parse(Encoding.UTF8.GetBytes(record.ToJson()), context, draft, out RecordViolation violation), violation.Detail);
        Assert.Equal($"{line.Split("->")[0]}-> {sides[1]}", $"{line.Split("->")[0]}-> {Name(fold.Apply(draft))}");
        Assert.Equal($"{line.Split("->")[0]}-> {sides[1]}", $"{line.Split("->")[0]}-> {Name((StockVerdict)model.Receive(record))}");
    }

    private void Expect(string line)
    {
        string[] sides = line.Split('=', StringSplitOptions.TrimEntries);
        string[] words = sides[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        DateTimeOffset? asOf = words.Length > 2 ? Time(words[3]) : null;
        OnHand? onHand = fold.Find(words[0], words[1], asOf is { } time ? RecordTime.ToMicros(time) : long.MaxValue);
        NaiveStockRow? row = model.Rows(asOf).SingleOrDefault(row => row.Sku == words[0] && row.Location == words[1]);
        bool full = sides[1].Contains('(', StringComparison.Ordinal);
        Assert.Equal(line, $"{sides[0]} = {Show(onHand, full)}");
        Assert.Equal(line, $"{sides[0]} = {Show(row, full)}");
    }

    private static string Show(OnHand? onHand, bool full) => onHand is not { } known ? "unknown"
        : full ? $"{known.Quantity} ({known.Records} records, last {Second(known.LastEventTimeMicros)}, count {Second(known.LastCountTimeMicros)})"
        : known.Quantity.ToString();

    private static string Show(NaiveStockRow? row, bool full)
    {
        if (row is null)
        {
            return "unknown";
        }

        string quantity = row.OnHand.ToString("0.#####", CultureInfo.InvariantCulture);
        return full ? $"{quantity} ({row.EffectiveRecords} records, last {Second(row.LastEventTime)}, count {Second(row.LastCountTime)})" : quantity;
    }

    private static string Second(long? micros) => micros is { } known ? Second(RecordTime.ToInstant(known)) : "-";

    private static string Second(DateTimeOffset? time) =>
        time is { } known ? (known - Origin).TotalSeconds.ToString(CultureInfo.InvariantCulture) : "-";

    private static DateTimeOffset Time(string second) => Origin.AddSeconds(double.Parse(second, CultureInfo.InvariantCulture));

    private static (string EventId, long Line) Identity(string word)
    {
        string[] parts = word.Split('/');
        return (parts[0], parts.Length > 1 ? long.Parse(parts[1], CultureInfo.InvariantCulture) : 0);
    }

    private static string Name(StockVerdict verdict) => verdict switch
    {
        StockVerdict.Accepted => "accepted",
        StockVerdict.Duplicate => "duplicate",
        StockVerdict.IdentityConflict => "conflict",
        StockVerdict.VoidOfVoid => "void_of_void",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "Not a verdict."),
    };
}

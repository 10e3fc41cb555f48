using System.Text;
using RetailFlow.Stock.Counting;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Stock;
using Xunit;

namespace RetailFlow.Stock.Tests.Counting;

public sealed class StockFoldTests
{
    [Theory]
    [InlineData(StockRecordType.Sale, -250_000)]
    [InlineData(StockRecordType.TransferOut, -250_000)]
    [InlineData(StockRecordType.Damage, -250_000)]
    [InlineData(StockRecordType.Shrink, -250_000)]
    [InlineData(StockRecordType.Receipt, 250_000)]
    [InlineData(StockRecordType.Return, 250_000)]
    [InlineData(StockRecordType.TransferIn, 250_000)]
    [InlineData(StockRecordType.Adjustment, 250_000)]
    [InlineData(StockRecordType.Count, 0)]
    [InlineData(StockRecordType.Void, 0)]
    public void Each_type_moves_stock_by_its_sign(StockRecordType type, long raw) =>
        Assert.Equal(raw, StockEffect.Of(type, Quantity.Parse("2.5")).Raw);

    [Fact]
    public void Records_add_up_whatever_their_order() => StockTable.Run(
        """
        e1 receipt A L 10 @5 -> accepted
        e2 sale A L 3.25 @1 -> accepted           # late
        e3 return A L 1 @6 -> accepted
        e4 adjustment A L -0.5 @6 -> accepted
        e5 transfer_out A L 2 @7 -> accepted
        e6 transfer_in A M 2 @8 -> accepted
        e7 damage A L 0.00001 @9 -> accepted
        e8 shrink A L 1 @9 -> accepted
        A L = 4.24999 (7 records, last 9, count -)
        A M = 2 (1 records, last 8, count -)
        A L at 0.9 = 0
        A L at 1 = -3.25                          # sold before the books had it
        A L at 5 = 6.75
        B L = unknown
        """);

    [Fact]
    public void A_count_replaces_what_happened_up_to_its_instant() => StockTable.Run(
        """
        e1 receipt A L 10 @1 -> accepted
        e2 count A L 7 @3 -> accepted
        e3 sale A L 1 @3 -> accepted              # at the instant of the count: counted
        e4 sale A L 2 @3.000001 -> accepted       # after it
        e5 receipt A L 100 @2 -> accepted         # late, before the count
        A L = 5 (5 records, last 3.000001, count 3)
        A L at 2.9 = 110
        A L at 3 = 7
        e6 count A L 50 @2.5 -> accepted          # a late older count governs only its own time
        A L = 5 (6 records, last 3.000001, count 3)
        A L at 2.9 = 50
        e7 count A L 0 @4 -> accepted
        A L = 0 (7 records, last 4, count 4)
        """);

    [Fact]
    public void Of_two_counts_at_one_instant_the_later_accepted_governs() => StockTable.Run(
        """
        e1 count A L 7 @3 -> accepted
        e2 count A L 9 @3 -> accepted
        A L = 9 (2 records, last 3, count 3)
        v1 void A L 1 @9 voids e2 -> accepted
        A L = 7 (1 records, last 3, count 3)
        e1 count A L 7 @3 -> duplicate            # a retry is not accepted again, so changes no order
        A L = 7 (1 records, last 3, count 3)
        """);

    [Fact]
    public void One_identity_is_accepted_once() => StockTable.Run(
        """
        e1 sale A L 1 @1 -> accepted
        e1/1 sale A L 1 @1 -> accepted            # the same item twice on one receipt
        e1 sale A L 1.00 @1 -> duplicate
        e1 sale A L 2 @1 -> conflict
        e1 sale A L 1 @2 -> conflict
        e1 sale A M 1 @1 -> conflict
        e1 receipt A L 1 @1 -> conflict
        e1 sale A L 2 @1 -> conflict              # said again
        A L = -2 (2 records, last 1, count -)
        A M = unknown
        """);

    [Fact]
    public void A_void_takes_back_its_target_at_the_targets_own_place_and_time() => StockTable.Run(
        """
        e1 receipt A L 10 @1 -> accepted
        e2 sale A L 3 @2 -> accepted
        v1 void B M 99 @8 voids e2 -> accepted    # whatever the void itself names
        A L = 10 (1 records, last 1, count -)
        A L at 2 = 10
        B M = unknown
        v1 void B M 99 @8 voids e2 -> duplicate
        v1 void B M 99 @8 voids e1 -> conflict
        v2 void A L 1 @9 voids e2 -> accepted     # already void: no effect
        A L = 10 (1 records, last 1, count -)
        v3 void A L 1 @9 voids e2/1 -> accepted   # another line, which never came
        A L = 10 (1 records, last 1, count -)
        e2 sale A L 3 @2 -> duplicate             # a retry does not bring it back
        A L = 10 (1 records, last 1, count -)
        """);

    [Fact]
    public void A_void_may_come_before_its_target() => StockTable.Run(
        """
        v1 void A L 1 @5 voids e1 -> accepted
        A L = unknown
        e1 receipt A L 10 @1 -> accepted
        A L = 0 (0 records, last -, count -)
        e2 receipt A L 4 @2 -> accepted
        A L = 4 (1 records, last 2, count -)
        """);

    [Fact]
    public void Voiding_a_count_makes_the_one_before_govern_again() => StockTable.Run(
        """
        e1 count A L 5 @1 -> accepted
        e2 sale A L 1 @2 -> accepted
        e3 count A L 20 @3 -> accepted
        e4 sale A L 1 @4 -> accepted
        A L = 19 (4 records, last 4, count 3)
        v1 void A L 1 @5 voids e3 -> accepted
        A L = 3 (3 records, last 4, count 1)
        v2 void A L 1 @5 voids e1 -> accepted
        A L = -2 (2 records, last 4, count -)
        """);

    [Fact]
    public void A_void_is_not_voided() => StockTable.Run(
        """
        e1 receipt A L 10 @1 -> accepted
        v1 void A L 1 @2 voids e1 -> accepted
        v2 void A L 1 @3 voids v1 -> void_of_void
        v2 void A L 1 @3 voids v1 -> void_of_void # refused again, not a duplicate of something accepted
        A L = 0 (0 records, last -, count -)
        v2 sale A L 2 @4 -> conflict     # what was refused holds its identity
        v3 void A L 1 @4 voids v2 -> void_of_void
        A L = 0 (0 records, last -, count -)
        """);

    [Fact]
    public void A_void_whose_target_turns_out_to_be_a_void_has_no_effect() => StockTable.Run(
        """
        e1 receipt A L 10 @1 -> accepted
        v2 void A L 1 @3 voids v1 -> accepted     # nothing known of v1
        v1 void A L 1 @2 voids e1 -> accepted
        A L = 0 (0 records, last -, count -)
        v3 void A L 1 @4 voids v1 -> void_of_void
        v4 void A L 1 @4 voids v2 -> void_of_void
        A L = 0 (0 records, last -, count -)
        """);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_fold_agrees_with_the_model_on_random_records(int seed)
    {
        RandomStockRecords stream = new(seed);
        Random random = new(seed);
        NaiveStockModel model = new();
        StockFold fold = new();
        StockRecordParser parser = new(new StockRecordRules());
        StockRecordDraft draft = new();
        Dictionary<NaiveVerdict, int> verdicts = [];
        for (int batch = 0; batch < 12; batch++)
        {
            foreach (TestStockRecord record in stream.Take(random.Next(1, 120)))
            {
                StockRecordContext context = new(default, RecordTime.ToMicros(stream.Start.AddDays(1)));
                Assert.True(parser.Parse(Encoding.UTF8.GetBytes(record.ToJson(random)), context, draft, out RecordViolation violation), violation.Detail);
                NaiveVerdict verdict = model.Receive(record);
                Assert.Equal((StockVerdict)verdict, fold.Apply(draft));
                verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
            }

            foreach (DateTimeOffset? asOf in (DateTimeOffset?[])[null, stream.Start.AddMinutes(random.Next(stream.Minutes))])
            {
                IReadOnlyList<NaiveStockRow> rows = model.Rows(asOf);
                Assert.Equal(rows.Count, fold.Keys.Count());
                foreach (NaiveStockRow row in rows)
                {
                    OnHand? onHand = fold.Find(row.Sku, row.Location, asOf is { } time ? RecordTime.ToMicros(time) : long.MaxValue);
                    Assert.Equal(
                        (row.OnHand, row.EffectiveRecords, Micros(row.LastEventTime), Micros(row.LastCountTime)),
                        (onHand!.Value.Quantity.ToDecimal(), onHand.Value.Records, onHand.Value.LastEventTimeMicros, onHand.Value.LastCountTimeMicros));
                }
            }
        }

        Assert.Equal(4, verdicts.Count);
        Assert.Equal(model.Received, verdicts.Values.Sum());

        static long? Micros(DateTimeOffset? time) => time is { } known ? RecordTime.ToMicros(known) : null;
    }
}

using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Connectors.PosLog;
using RetailFlow.Testing.Conformance;
using Xunit;

namespace RetailFlow.Connectors.Tests.PosLog;

public sealed class PosLogTests
{
    [Fact]
    public void The_excerpt_of_a_real_till_is_one_weighed_sale_and_a_sign_on()
    {
        var translation = Translate(SharedData.Read("poslog", "SMALL.xml"), "America/Denver");

        translation.AssertNothingRefused();
        Assert.Equal(["sale 00000000067591 9 0.42 2017-10-01T02:02:54-06:00 9:34:2017-09-30:161/1"], translation.Lines());
        Assert.Equal(["ControlTransaction moves no stock"], translation.Reasons());
    }

    [Fact]
    public void A_time_without_an_offset_is_refused_where_no_zone_is_set()
    {
        var translation = Translate(SharedData.Read("poslog", "SMALL.xml"), null);

        Assert.Equal(["/POSLog/Transaction[2] (line 1) event_time_without_offset EndDateTime"], translation.Refused());
        Assert.Empty(translation.Records);
    }

    [Fact]
    public void The_same_item_twice_is_two_lines()
    {
        var translation = Receipt(Line(1, "Sale", "A", "1") + Line(2, "Sale", "A", "1"));

        Assert.Equal(["sale A 9 1 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/1", "sale A 9 1 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/2"], translation.Lines());
    }

    [Fact]
    public void One_line_number_twice_in_a_receipt_is_refused() =>
        Assert.Equal(["/POSLog/Transaction[1]/RetailTransaction[1]/LineItem[2] (line 1) repeated SequenceNumber"], Receipt(Line(1, "Sale", "A", "1") + Line(1, "Sale", "B", "1")).Refused());

    [Theory]
    [InlineData("Sale", "2", "sale", "2")]
    [InlineData("Sale", "-2", "return", "2")]
    [InlineData("Return", "2", "return", "2")]
    [InlineData("Return", "-2", "return", "2")]
    [InlineData("SaleForDelivery", "1.25", "sale", "1.25")]
    [InlineData("SaleForPickup", "1e1", "sale", "10")]
    public void Sold_lines_are_sales_and_returned_lines_returns(string kind, string quantity, string type, string recorded) =>
        Assert.Equal([$"{type} A 9 {recorded} 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/1"], Receipt(Line(1, kind, "A", quantity)).Lines());

    [Fact]
    public void A_voided_line_moves_nothing()
    {
        var translation = Receipt(Line(1, "Sale", "A", "1", " VoidFlag=\"true\"") + Line(2, "Sale", "B", "1", " VoidFlag=\"false\""));

        Assert.Equal(["sale B 9 1 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/2"], translation.Lines());
        Assert.Equal(["voided line"], translation.Reasons());
    }

    [Fact]
    public void A_void_entry_takes_the_last_line_of_its_item_and_amount_with_it()
    {
        var translation = Receipt(Line(1, "Sale", "A", "1") + Line(2, "Sale", "A", "1") + Line(3, "Sale", "A", "-1", " VoidFlag=\"true\""));

        Assert.Equal(["sale A 9 1 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/1"], translation.Lines());
        Assert.Equal(["voided by line 3", "voids line 2"], translation.Reasons());
    }

    [Fact]
    public void A_void_entry_for_part_of_a_line_brings_that_part_back()
    {
        var translation = Receipt(Line(1, "Sale", "A", "3") + Line(2, "Sale", "A", "-1", " VoidFlag=\"true\""));

        Assert.Equal(["sale A 9 3 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/1", "return A 9 1 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/2"], translation.Lines());
    }

    [Theory]
    [InlineData(" CancelFlag=\"true\"", "cancelled")]
    [InlineData(" TrainingModeFlag=\"1\"", "rung in training mode")]
    [InlineData(" TransactionStatus=\"Voided\"", "status Voided")]
    [InlineData(" TransactionStatus=\"acs:Suspended\"", "status Suspended")]
    public void A_transaction_that_did_not_happen_moves_nothing(string attribute, string reason)
    {
        var onTransaction = Receipt(Line(1, "Sale", "A", "1"), attribute);

        Assert.Empty(onTransaction.Records);
        Assert.Equal([reason], onTransaction.Reasons());
    }

    [Fact]
    public void A_status_that_nobody_knows_is_refused() =>
        Assert.Equal(["/POSLog/Transaction[1] (line 1) unknown_value TransactionStatus"], Receipt(Line(1, "Sale", "A", "1"), " TransactionStatus=\"Dreamt\"").Refused());

    [Fact]
    public void A_transaction_that_takes_another_back_turns_its_lines_round()
    {
        var translation = Receipt("<TransactionLink ReasonCode=\"PostVoid\"><SequenceNumber>6</SequenceNumber></TransactionLink>" + Line(1, "Sale", "A", "1") + Line(2, "Return", "B", "2"));

        Assert.Equal(["return A 9 1 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/1", "sale B 9 2 2026-01-02T10:00:00+01:00 9:1:2026-01-02:7/2"], translation.Lines());
        Assert.Equal(["6", "6"], translation.Records.Select(r => r.Field("linked_sequence")));
    }

    [Fact]
    public void What_an_item_is_called_is_its_item_id_then_what_was_scanned_then_another_id()
    {
        var both = Receipt("<LineItem><SequenceNumber>1</SequenceNumber><Sale><POSIdentity><POSItemID>SCAN</POSItemID></POSIdentity><ItemID>ITEM</ItemID><Quantity>1</Quantity></Sale></LineItem>");
        var scanned = Receipt("<LineItem><SequenceNumber>1</SequenceNumber><Sale><POSIdentity><POSItemID>SCAN</POSItemID></POSIdentity><Quantity>1</Quantity></Sale></LineItem>");
        var other = Receipt("<LineItem><SequenceNumber>1</SequenceNumber><Sale><AlternativeID>OTHER</AlternativeID><Quantity>1</Quantity></Sale></LineItem>");
        var none = Receipt("<LineItem><SequenceNumber>1</SequenceNumber><Sale><Quantity>1</Quantity></Sale></LineItem>");

        Assert.Equal(["ITEM", "SCAN", "OTHER"], new[] { both, scanned, other }.Select(t => t.Records.Single().Field("sku")));
        Assert.Equal(["/POSLog/Transaction[1]/RetailTransaction[1]/LineItem[1] (line 1) missing_field ItemID"], none.Refused());
    }

    [Fact]
    public void Units_of_measure_are_kept_and_the_text_is_the_quantity()
    {
        var record = Receipt("<LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>GAS</ItemID><Quantity Units=\"1\" UnitOfMeasureCode=\"GLL\">20.125</Quantity></Sale></LineItem>").Records.Single();

        Assert.Equal(("20.125", "GLL", "1"), (record.Field("quantity"), record.Field("uom"), record.Field("units")));
    }

    [Fact]
    public void A_line_without_a_quantity_is_one_piece_and_says_so_unless_it_was_weighed()
    {
        var piece = Receipt("<LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>A</ItemID></Sale></LineItem>");
        var weighed = Receipt("<LineItem weightItem=\"true\"><SequenceNumber>1</SequenceNumber><Sale><ItemID>A</ItemID></Sale></LineItem>");

        Assert.Equal(("1", "true"), (piece.Records.Single().Field("quantity"), piece.Records.Single().Field("quantity_assumed")));
        Assert.Equal(["/POSLog/Transaction[1]/RetailTransaction[1]/LineItem[1] (line 1) missing_field Quantity"], weighed.Refused());
    }

    [Theory]
    [InlineData("ItemType=\"Service\"", "ItemType Service is no goods")]
    [InlineData("ItemType=\"GiftCertificate\"", "ItemType GiftCertificate is no goods")]
    public void What_is_no_goods_moves_nothing(string attribute, string reason) =>
        Assert.Equal([reason], Receipt($"<LineItem><SequenceNumber>1</SequenceNumber><Sale {attribute}><ItemID>A</ItemID><Quantity>1</Quantity></Sale></LineItem>").Reasons());

    [Fact]
    public void Elements_of_foreign_namespaces_are_no_lines()
    {
        var translation = Receipt("<LineItem><SequenceNumber>1</SequenceNumber><x:Sale xmlns:x=\"urn:x\"><ItemID>A</ItemID><Quantity>1</Quantity></x:Sale></LineItem>");

        Assert.Empty(translation.Records);
        translation.AssertNothingRefused();
    }

    [Fact]
    public void An_inventory_transaction_is_refused_by_its_name() =>
        Assert.Equal(
            ["/POSLog/Transaction[1]/InventoryControlTransaction[1] (line 1) not_supported InventoryControlTransaction"],
            Translate(Encoding.UTF8.GetBytes("<POSLog><Transaction><InventoryControlTransaction/></Transaction></POSLog>"), null).Refused());

    [Theory]
    [InlineData("2026-10-25T02:30:00", "2026-10-25T02:30:00+01:00")]
    [InlineData("2026-07-01T12:00:00.5", "2026-07-01T12:00:00.5+02:00")]
    [InlineData("2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z")]
    public void Local_times_get_the_offset_of_their_zone_on_their_day(string written, string recorded)
    {
        var body = Document(Line(1, "Sale", "A", "1"), "").Replace("2026-01-02T10:00:00+01:00", written, StringComparison.Ordinal);

        Assert.Equal(recorded, Translate(Encoding.UTF8.GetBytes(body), "Europe/Berlin").Records.Single().Field("event_time"));
    }

    [Theory]
    [InlineData("<!DOCTYPE POSLog [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><POSLog><Transaction>&x;</Transaction></POSLog>")]
    [InlineData("<!DOCTYPE POSLog SYSTEM \"http://127.0.0.1:1/x.dtd\"><POSLog/>")]
    [InlineData("<POSLog><Transaction></POSLog>")]
    [InlineData("<POSLog><Transaction>")]
    [InlineData("not xml")]
    [InlineData("")]
    public void What_is_not_plain_xml_is_refused_whole(string body)
    {
        var translation = Translate(Encoding.UTF8.GetBytes(body), null);

        Assert.False(translation.IsReadable);
        Assert.Equal("malformed_xml", Assert.Single(translation.Refusals).Rule);
    }

    [Theory]
    [InlineData("<POSLog><Transaction>")]
    [InlineData("<POSLog><Transaction><RetailTransaction xmlns:x=\"urn:x\"><x:a>")]
    [InlineData("<POSLog>")]
    public void Deep_nesting_is_refused_without_a_deep_stack(string start)
    {
        var translation = Translate(Encoding.UTF8.GetBytes(start + string.Concat(Enumerable.Repeat("<a>", 100_000))), null);

        Assert.False(translation.IsReadable);
        Assert.Contains("nested deeper", translation.Refusals.Single().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_document_is_refused() =>
        Assert.Equal(["/ malformed_document "], Translate("<Invoice/>"u8.ToArray(), null).Refused());

    [Theory]
    [InlineData("1000000000000", "number_too_large")]
    [InlineData("1e999999999999", "number_too_large")]
    [InlineData("0.000001", "number_too_precise")]
    [InlineData("NaN", "not_a_number")]
    [InlineData("0x10", "not_a_number")]
    public void A_quantity_that_is_none_is_refused(string quantity, string rule) =>
        Assert.Equal([$"/POSLog/Transaction[1]/RetailTransaction[1]/LineItem[1]/Sale[1]/Quantity[1] (line 1) {rule} Quantity"], Receipt(Line(1, "Sale", "A", quantity)).Refused());

    [Fact]
    public void A_document_comes_to_the_same_bytes_whenever_it_is_read() => Prop.ForAll(
        Gen.Choose(1, 9).Two().ListOf().ToArbitrary(),
        lines =>
        {
            var body = Encoding.UTF8.GetBytes(Document(string.Concat(lines.Select((l, i) => Line(i + 1, l.Item1 % 3 == 0 ? "Return" : "Sale", $"S{l.Item1}", $"{l.Item2}", l.Item2 == 9 ? " VoidFlag=\"true\"" : ""))), ""));
            var first = Translate(body, "UTC").Records.Select(r => Encoding.UTF8.GetString(r.Json.Span)).ToList();
            var second = Translate(body, "UTC").Records.Select(r => Encoding.UTF8.GetString(r.Json.Span)).ToList();
            return first.SequenceEqual(second) && first.Count == lines.Count(l => l.Item2 != 9);
        }).QuickCheckThrowOnFailure();

    private static Translation Translate(byte[] body, string? zone)
    {
        LocalZone? parsed = null;
        Assert.True(zone is null || LocalZone.TryParse(zone, out parsed));
        return PosLogTranslator.Translate(new MemoryStream(body), new PosLogOptions("poslog", parsed));
    }

    private static Translation Receipt(string lines, string attributes = "") => Translate(Encoding.UTF8.GetBytes(Document(lines, attributes)), null);

    private static string Document(string lines, string attributes) =>
        $"<POSLog xmlns=\"http://www.nrf-arts.org/IXRetail/namespace/\" xmlns:acs=\"urn:acs\"><Transaction{attributes}><RetailStoreID>9</RetailStoreID><WorkstationID>1</WorkstationID><SequenceNumber>7</SequenceNumber><BusinessDayDate>2026-01-02</BusinessDayDate><EndDateTime>2026-01-02T10:00:00+01:00</EndDateTime><RetailTransaction>{lines}</RetailTransaction></Transaction></POSLog>";

    private static string Line(int number, string kind, string item, string quantity, string attributes = "") =>
        $"<LineItem{attributes}><SequenceNumber>{number}</SequenceNumber><{kind}><ItemID>{item}</ItemID><Quantity>{quantity}</Quantity></{kind}></LineItem>";
}

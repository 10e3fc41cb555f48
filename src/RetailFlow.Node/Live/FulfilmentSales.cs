using System.Buffers;
using System.Text.Json;
using RetailFlow.Node.Ingest;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Live;

/// <summary>
/// The sales that fulfilments write: records of the source <c>reservations</c>, named by the reservation and numbered, judged and admitted
/// as any other record. On the journal's writer alone.
/// </summary>
internal sealed class FulfilmentSales(RecordJudge judge) : ISaleRecords
{
    private static readonly JsonWriterOptions s_options = new() { SkipValidation = true };

    public bool Take(in OwedSale sale, long sequence, long atMicros, ArrayBufferWriter<byte> json, out LedgerRecord record)
    {
        json.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(json, s_options))
        {
            writer.WriteStartObject();
            writer.WriteString("source"u8, StockLedger.SalesSource);
            writer.WriteString("event_id"u8, sale.Reservation);
            writer.WriteNumber("line"u8, sale.Number);
            writer.WriteString("type"u8, "sale"u8);
            writer.WriteString("sku"u8, sale.Sku);
            writer.WriteString("location"u8, sale.Location);
            writer.WriteNumber("quantity"u8, sale.Quantity.ToDecimal());
            writer.WriteString("event_time"u8, RecordTime.Format(sale.AtMicros));
            writer.WriteString("reason"u8, "fulfil"u8);
            if (sale.Channel is { } channel)
            {
                writer.WriteString("channel"u8, channel);
            }

            writer.WriteEndObject();
        }

        var batch = judge.Judge(json.WrittenSpan, [new RecordSlice(0, json.WrittenCount)], null, atMicros);
        batch.Admit(sequence);
        return batch.TryGetAccepted(0, out record);
    }
}

using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>An accepted stock record as the ledger takes it.</summary>
/// <param name="Fingerprint">Its identity, see <see cref="RecordIdentity.Fingerprint"/>.</param>
/// <param name="Type">What it is.</param>
/// <param name="Sku">SKU; of a void without meaning.</param>
/// <param name="Location">Location; of a void without meaning.</param>
/// <param name="Quantity">Quantity; of a void without meaning.</param>
/// <param name="TimeMicros">Event time, microseconds since 1970 UTC.</param>
/// <param name="VoidTarget">Identity of the record that a void takes back.</param>
/// <param name="Reference">Reference; null if there is none.</param>
/// <param name="VoidTargetName">The identity that a void takes back in words, for whoever looks it up; null of other records.</param>
public readonly record struct LedgerRecord(
    UInt128 Fingerprint,
    StockRecordType Type,
    string Sku,
    string Location,
    Quantity Quantity,
    long TimeMicros,
    UInt128 VoidTarget,
    string? Reference,
    RecordName? VoidTargetName = null);

/// <summary>The identity of a record in words.</summary>
/// <param name="Source">The sending system.</param>
/// <param name="EventId">Its name of the event.</param>
/// <param name="Line">Line of the event.</param>
public sealed record RecordName(string Source, string EventId, long Line);

/// <summary>A sale that a fulfilment stands for and that the journal does not have yet.</summary>
/// <param name="Reservation">The reservation; the record's <c>event_id</c>.</param>
/// <param name="Number">Running number of the reservation's sales, from 1; the record's <c>line</c>.</param>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="Quantity">What left.</param>
/// <param name="AtMicros">When, microseconds since 1970 UTC.</param>
/// <param name="Channel">The reservation's channel; null if it has none.</param>
public readonly record struct OwedSale(
    string Reservation, int Number, string Sku, string Location, Quantity Quantity, long AtMicros, string? Channel);

/// <summary>A record that a void names and that is older than what the ledger remembers, as the lake has it.</summary>
/// <param name="Sku">Its SKU.</param>
/// <param name="Location">Its location.</param>
/// <param name="Entry">What it says, and whether an earlier void took it back already.</param>
public readonly record struct VoidedRecord(string Sku, string Location, HistoryEntry Entry);

/// <summary>A void whose record the ledger does not remember: the lake is asked for it.</summary>
/// <param name="Target">Identity of the record that is taken back.</param>
/// <param name="TimeMicros">Event time of the void.</param>
/// <param name="Sequence">Sequence of the void.</param>
/// <param name="Name">The identity in words, as the void came with it.</param>
public readonly record struct OpenVoid(UInt128 Target, long TimeMicros, long Sequence, RecordName? Name = null);

/// <summary>A key whose number the ledger cannot tell before it is given the key's history.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
public readonly record struct OpenKey(string Sku, string Location);

/// <summary>Claims beyond what there is: not through us, since nothing is granted beyond it, but because stock turned out to be less.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="Sequence">Sequence of the entry by which it came to light.</param>
/// <param name="AtMicros">Moment of its receipt.</param>
/// <param name="OnHand">On hand then.</param>
/// <param name="Held">Held then.</param>
/// <param name="Committed">Committed then.</param>
/// <param name="Reservations">The reservations that are affected: claims on the key, oldest first.</param>
public sealed record OversellIncident(
    string Sku, string Location, long Sequence, long AtMicros, Quantity OnHand, Quantity Held, Quantity Committed, IReadOnlyList<string> Reservations)
{
    /// <summary>By how much claims are beyond what there is.</summary>
    public Quantity Shortage => Held + Committed - OnHand;
}

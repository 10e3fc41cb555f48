using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.Kafka;

/// <summary>A message of a topic as the broker delivered it.</summary>
/// <param name="Origin">Where it stands.</param>
/// <param name="Value">Its value; null for a tombstone.</param>
/// <param name="Headers">Its headers in their order; a name may come twice.</param>
/// <param name="TimestampMicros">Its time as the broker has it, microseconds since 1970 UTC; null if it has none.</param>
public sealed record TopicMessage(
    MessageOrigin Origin, ReadOnlyMemory<byte>? Value, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Headers, long? TimestampMicros = null);

/// <summary>What a message comes to: exactly one entry of the journal.</summary>
/// <param name="Origin">Where the message stands.</param>
/// <param name="Bytes">The record; of a message that is refused, its value as it came.</param>
/// <param name="Source">Default source of the record; null takes the feed contract's.</param>
/// <param name="Refused">The rule that the message breaks; null if its bytes are to be judged as a record.</param>
public readonly record struct MessageEntry(MessageOrigin Origin, ReadOnlyMemory<byte> Bytes, string? Source, RecordViolation? Refused);

namespace RetailFlow.Storage;

/// <summary>A place in a log between two records.</summary>
/// <param name="Bytes">Bytes before it, which is its offset in the file.</param>
/// <param name="Records">Records before it.</param>
public readonly record struct LogPosition(long Bytes, long Records);

/// <summary>What opening a log found.</summary>
/// <param name="Records">Valid records kept.</param>
/// <param name="ValidBytes">Bytes of the valid records: the length of the file after recovery.</param>
/// <param name="TornBytes">Bytes cut from the end: writes that never became durable, so were never acknowledged. Room behind them is not counted.</param>
public readonly record struct LogRecovery(long Records, long ValidBytes, long TornBytes);

/// <summary>One record read from a log.</summary>
/// <param name="Offset">Where its line begins in the file, in bytes.</param>
/// <param name="NextOffset">Where the next line begins.</param>
/// <param name="Payload">
/// The JSON object as it was appended, without the checksum. The memory is the reader's: valid until the next record is read.
/// </param>
public readonly record struct LogRecord(long Offset, long NextOffset, ReadOnlyMemory<byte> Payload);

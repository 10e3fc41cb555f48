using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>Reads the envelopes of one range in order and verifies checksums and sequence. For one thread.</summary>
public sealed class JournalReader : IDisposable
{
    private readonly JournalRange range;
    private readonly ILogFile file;
    private readonly AppendLogReader reader;
    private ReadOnlyMemory<byte> line;
    private long expected;

    internal JournalReader(IJournalFiles files, JournalRange range)
    {
        this.range = range;
        expected = range.FirstSequence;
        file = files.OpenRead(range.Path);
        reader = new AppendLogReader(file, range.FromOffset, range.ToOffset);
    }

    /// <summary>The envelope that <see cref="MoveNext"/> came to; its spans are valid until the next move.</summary>
    public JournalEnvelopeReader Current => new(line.Span);

    /// <summary>Opens a range of the lake at <paramref name="lakeRoot"/>, without the journal that wrote it.</summary>
    /// <exception cref="StorageException">The segment cannot be opened.</exception>
    public static JournalReader Open(string lakeRoot, JournalRange range) => new(new LocalJournalFiles(lakeRoot), range);

    /// <summary>Goes to the next record; false behind the last.</summary>
    /// <exception cref="LogCorruptException">The bytes are not those that were written.</exception>
    /// <exception cref="JournalCorruptException">The sequence has a gap.</exception>
    public bool MoveNext()
    {
        if (!reader.TryRead(out LogRecord record))
        {
            return expected == range.LastSequence + 1
                ? false
                : throw new JournalCorruptException(
                    range.Path, FormattableString.Invariant($"ends before sequence {range.LastSequence} in its range"));
        }

        line = record.Payload;
        if (Current.Sequence != expected++)
        {
            throw new JournalCorruptException(
                range.Path, FormattableString.Invariant($"has a gap: at byte {record.Offset} sequence {expected - 1} is missing"));
        }

        return true;
    }

    /// <summary>Closes the segment.</summary>
    public void Dispose()
    {
        reader.Dispose();
        file.Dispose();
    }
}

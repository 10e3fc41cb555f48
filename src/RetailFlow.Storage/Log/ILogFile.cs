namespace RetailFlow.Storage;

/// <summary>
/// The file under an append log: written at its end by one writer, read by any number of readers. Implementations throw
/// an <see cref="IOException"/> when the device fails; what a failed write or sync left behind is unknown.
/// </summary>
public interface ILogFile : IDisposable
{
    /// <summary>What messages call the file.</summary>
    string Name { get; }

    /// <summary>Length in bytes, including what was written and not synced.</summary>
    long Length { get; }

    /// <summary>Writes all of <paramref name="bytes"/> at <paramref name="position"/>. Not durable before <see cref="Sync"/>.</summary>
    void Write(long position, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when everything written before, and the length, survive power loss.</summary>
    void Sync();

    /// <summary>Cuts the file to <paramref name="length"/> bytes. Not durable before <see cref="Sync"/>.</summary>
    void Truncate(long length);

    /// <summary>
    /// Reads up to <paramref name="buffer"/>'s length at <paramref name="position"/>; 0 only at the end of the file.
    /// May run beside a write of other bytes.
    /// </summary>
    int Read(long position, Span<byte> buffer);
}

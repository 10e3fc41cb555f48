namespace RetailFlow.Delta;

/// <summary>Rules on the protocol action itself (protocol section "Protocol Evolution").</summary>
internal static class ProtocolRules
{
    /// <summary>True when <paramref name="next"/> lowers a version or takes a feature away.</summary>
    public static bool IsDowngrade(Protocol previous, Protocol next) =>
        next.MinReaderVersion < previous.MinReaderVersion
        || next.MinWriterVersion < previous.MinWriterVersion
        || Lacks(next.ReaderFeatures, previous.ReaderFeatures)
        || Lacks(next.WriterFeatures, previous.WriterFeatures);

    /// <summary>Why the action is malformed, or null.</summary>
    public static string? Malformed(Protocol protocol)
    {
        if ((protocol.MinReaderVersion == 3) != (protocol.ReaderFeatures is not null))
        {
            return "readerFeatures belong to reader version 3 and only to it";
        }

        if ((protocol.MinWriterVersion == 7) != (protocol.WriterFeatures is not null))
        {
            return "writerFeatures belong to writer version 7 and only to it";
        }

        if (protocol.MinReaderVersion == 3 && protocol.MinWriterVersion != 7)
        {
            return "reader version 3 needs writer version 7";
        }

        return Lacks(protocol.WriterFeatures, protocol.ReaderFeatures) ? "every reader feature must be listed as a writer feature too" : null;
    }

    private static bool Lacks(IReadOnlySet<string>? set, IReadOnlySet<string>? wanted) =>
        wanted is { Count: > 0 } && (set is null || !set.IsSupersetOf(wanted));
}

using RetailFlow.Lakehouse.Landing;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Hands the blocks of many JSON files, in order, to whichever engine thread asks next.</summary>
internal sealed class BlockQueue(IObjectStore store, IReadOnlyList<LandedFile> files, int longestRecord, QuarantineSink sink, Action<LandedFile> opened) : IDisposable
{
    private readonly object _gate = new();
    private JsonBlockReader? _reader;
    private int _next;

    /// <summary>The next block, or null when all files are read.</summary>
    public RecordBlock? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_reader is null)
                {
                    if (_next == files.Count)
                    {
                        return null;
                    }

                    var file = files[_next++];
                    opened(file);
                    _reader = new JsonBlockReader(file, RawStreams.Open(store, file), file.IsJournal ? JournalLine.LongestBytes : longestRecord, sink);
                }

                if (_reader.Next() is { } block)
                {
                    return block;
                }

                _reader.Dispose();
                _reader = null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reader?.Dispose();
}

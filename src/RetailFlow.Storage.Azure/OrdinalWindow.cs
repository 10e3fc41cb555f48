namespace RetailFlow.Storage.Azure;

/// <summary>
/// Brings names that come in whole-name order or in segment-by-segment order into ordinal order, holding back as few as
/// can be. In both orders nothing that is still to come sorts before the first segment of the name that came last, so
/// everything up to that segment is ready. Names of one directory pass at once; a directory's content is held back until
/// the next sibling shows that nothing belongs before it.
/// </summary>
/// <param name="directory">The directory below which the names are, with its slash, or empty.</param>
internal sealed class OrdinalWindow(string directory)
{
    private readonly PriorityQueue<ObjectInfo, string> _held = new(StringComparer.Ordinal);

    /// <summary>Takes the next name; gives those that are ready.</summary>
    public IEnumerable<ObjectInfo> Add(ObjectInfo info)
    {
        _held.Enqueue(info, info.Path);
        int slash = info.Path.IndexOf('/', directory.Length);
        string reached = slash < 0 ? info.Path : info.Path[..slash];
        while (_held.TryPeek(out ObjectInfo next, out string? path) && string.CompareOrdinal(path, reached) <= 0)
        {
            _held.Dequeue();
            yield return next;
        }
    }

    /// <summary>Gives what is left when nothing more comes.</summary>
    public IEnumerable<ObjectInfo> Rest()
    {
        while (_held.TryDequeue(out ObjectInfo next, out _))
        {
            yield return next;
        }
    }
}

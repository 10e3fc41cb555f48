using System.Runtime.CompilerServices;

namespace RetailFlow.Storage.Azure;

/// <summary>
/// Listings in ordinal order whatever the namespace. A flat namespace orders whole names; a hierarchical one may order
/// segment by segment, where everything below <c>b/</c> comes before <c>b-1</c>, although <c>-</c> sorts before <c>/</c>.
/// </summary>
internal static class Listing
{
    /// <summary>The objects after <paramref name="startAfter"/> in ordinal order.</summary>
    public static async IAsyncEnumerable<ObjectInfo> RunAsync(
        BlobService service,
        string prefix,
        string? startAfter,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        OrdinalWindow window = new(prefix[..(prefix.LastIndexOf('/') + 1)]);
        string? startFrom = startAfter is null ? null : StartFrom(prefix, startAfter);
        string? marker = null;
        string? last = null;
        do
        {
            BlobPage page = await service.ListPageAsync(prefix, startFrom, marker, cancellationToken);
            foreach (ObjectInfo info in page.Objects)
            {
                if (string.CompareOrdinal(info.Path, startAfter) <= 0)
                {
                    continue;
                }

                foreach (ObjectInfo ready in window.Add(info))
                {
                    last = InOrder(service, last, ready);
                    yield return ready;
                }
            }

            marker = page.NextMarker;
        }
        while (marker is not null);

        foreach (ObjectInfo ready in window.Rest())
        {
            last = InOrder(service, last, ready);
            yield return ready;
        }
    }

    /// <summary>
    /// From where the service may begin so that nothing after <paramref name="startAfter"/> is left out in either order:
    /// the next name's beginning up to the first character that does not sort after the slash, or of which UTF-8 and
    /// UTF-16 think differently. Null if it excludes nothing.
    /// </summary>
    internal static string? StartFrom(string prefix, string startAfter)
    {
        if (!startAfter.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        int from = prefix.LastIndexOf('/') + 1;
        int end = from;
        while (end < startAfter.Length && startAfter[end] is > '/' and < '\uD800')
        {
            end++;
        }

        return end <= prefix.Length ? null : startAfter[..end];
    }

    private static string InOrder(BlobService service, string? last, ObjectInfo ready) =>
        string.CompareOrdinal(last, ready.Path) < 0
            ? ready.Path
            : throw service.Failure.Create(
                "list", ready.Path, $"the service gave it after '{last}', in no order that is known", "UnexpectedOrder");
}

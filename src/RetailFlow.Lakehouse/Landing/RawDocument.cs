using System.Security.Cryptography;

namespace RetailFlow.Lakehouse.Landing;

/// <summary>
/// Documents in the formats of others, kept in RAW byte for byte beside the records that they came to:
/// <c>raw/&lt;door&gt;/ingestion_date=YYYY-MM-DD/source=&lt;source&gt;/&lt;kind&gt;-&lt;sha-256&gt;.&lt;ending&gt;</c>. No table is computed from them,
/// so they are not registered; the records are in the journal.
/// </summary>
public static class RawDocument
{
    private const int HashCharacters = 32;

    /// <summary>Keeps a document; durable on return. The same document on the same day is kept once.</summary>
    /// <param name="lake">The lake.</param>
    /// <param name="door">What kind of door it came through; one word.</param>
    /// <param name="source">The system it came from.</param>
    /// <param name="kind">What it is, for people.</param>
    /// <param name="ending">Ending of the file without the dot.</param>
    /// <param name="bytes">The document.</param>
    /// <param name="cancellationToken">Stops before it is kept.</param>
    /// <returns>Its path in the lake.</returns>
    public static async ValueTask<string> KeepAsync(
        Lake lake, string door, string source, string kind, string ending, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // The name follows from the content, so an object of that name has that content.
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes.Span))[..HashCharacters];
        var path = RawPath.Of(door, lake.Options.Clock.GetUtcNow(), RawPath.Safe(source), $"{RawPath.Safe(kind)}-{hash}", "." + ending);
        await lake.Store.PutIfAbsentAsync(path, bytes, cancellationToken);
        return path;
    }
}

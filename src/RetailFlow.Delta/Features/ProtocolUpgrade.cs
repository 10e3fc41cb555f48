namespace RetailFlow.Delta;

/// <summary>
/// The lowest protocol that has what a table has and what it shall use (protocol section "Table Features for New and Existing
/// Tables"). Pure. A protocol is never lowered.
/// </summary>
public static class ProtocolUpgrade
{
    private const int ListedReader = 3;
    private const int ListedWriter = 7;

    /// <summary>The protocol for a table that shall have this metadata.</summary>
    /// <param name="current">The table's protocol; null for a table to be created.</param>
    /// <param name="metadata">The metadata that it shall have.</param>
    /// <param name="neededFeatures">Features wanted beside those that the metadata uses.</param>
    /// <returns><paramref name="current"/> itself when it suffices.</returns>
    /// <exception cref="DeltaException">A feature is not known by name (<see cref="DeltaErrorKind.UnsupportedFeature"/>).</exception>
    public static Protocol For(Protocol? current, Metadata metadata, params IEnumerable<string> neededFeatures)
    {
        var used = FeatureUse.Of(metadata).Select(u => u.Feature);
        if (current is not null && TableFeature.Supports(current, "typeWidening-preview"))
        {
            used = used.Where(f => f != "typeWidening");
        }

        var start = current ?? new Protocol(1, 2);
        var missing = WithRequired(used.Concat(FeatureUse.Requested(metadata.Configuration)).Concat(neededFeatures))
            .Where(f => !TableFeature.Supports(start, f.Name))
            .ToList();
        if (missing.Count == 0)
        {
            return start;
        }

        return start.WriterFeatures is null && missing.TrueForAll(f => f.LegacyWriter is not null)
            ? Legacy(start, missing)
            : Listed(start, missing);
    }

    /// <summary>The properties without those that only ask for a feature (<c>delta.feature.X</c>): they are not kept.</summary>
    public static IReadOnlyDictionary<string, string> WithoutRequests(IReadOnlyDictionary<string, string> properties) =>
        FeatureUse.Requested(properties).Any()
            ? properties.Where(p => !p.Key.StartsWith("delta.feature.", StringComparison.Ordinal)).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal)
            : properties;

    private static List<TableFeature> WithRequired(IEnumerable<string> names)
    {
        var all = new List<TableFeature>();
        var open = new Queue<string>(names);
        while (open.TryDequeue(out var name))
        {
            if (all.Exists(f => f.Name == name))
            {
                continue;
            }

            var feature = TableFeature.Find(name) ?? throw DeltaException.Unsupported($"There is no table feature '{name}' that is supported.");
            all.Add(feature);
            foreach (var required in feature.Requires)
            {
                open.Enqueue(required);
            }
        }

        return all;
    }

    private static Protocol Legacy(Protocol current, List<TableFeature> missing) => new(
        Math.Max(current.MinReaderVersion, missing.Max(f => f.LegacyReader ?? 1)),
        Math.Max(current.MinWriterVersion, missing.Max(f => f.LegacyWriter!.Value)));

    // What the old versions implied may have been used at any time, so that all of it is listed.
    private static Protocol Listed(Protocol current, List<TableFeature> missing)
    {
        var writer = new HashSet<string>(TableFeature.Of(current), StringComparer.Ordinal);
        writer.UnionWith(missing.Select(f => f.Name));

        // Column mapping alone is also known to reader version 2, which has no list.
        var readerList = current.MinReaderVersion == ListedReader || missing.Exists(f => f.IsForReaders);
        var reader = readerList
            ? writer.Where(n => TableFeature.Find(n)?.IsForReaders ?? current.ReaderFeatures?.Contains(n) == true).ToHashSet(StringComparer.Ordinal)
            : null;
        return new Protocol(readerList ? ListedReader : current.MinReaderVersion, ListedWriter, reader, writer);
    }
}

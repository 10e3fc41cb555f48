namespace RetailFlow.NaiveDelta;

/// <summary>Where the files are that a log names.</summary>
/// <param name="Table">The table's folder.</param>
/// <param name="StoreUri">How the log writes the store of which the folder's surroundings are a copy; null if they are no copy.</param>
/// <param name="StoreCopy">The folder that the store was copied to.</param>
internal sealed record NaivePaths(string Table, string? StoreUri = null, string? StoreCopy = null)
{
    public string Of(string path) =>
        StoreUri is not null && path.StartsWith(StoreUri + "/", StringComparison.Ordinal) ? Path.Combine(StoreCopy!, Uri.UnescapeDataString(path[(StoreUri.Length + 1)..]))
        : path.StartsWith("file:", StringComparison.Ordinal) ? "/" + Uri.UnescapeDataString(path["file:".Length..]).TrimStart('/')
        : Path.Combine(Table, Uri.UnescapeDataString(path));
}

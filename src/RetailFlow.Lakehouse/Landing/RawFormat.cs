namespace RetailFlow.Lakehouse.Landing;

/// <summary>How a RAW file is written, told by its name's ending.</summary>
internal readonly record struct RawFormat(RawEncoding Encoding, bool Gzip)
{
    private static readonly (string Ending, RawEncoding Encoding)[] Known =
    [
        (".ndjson", RawEncoding.Json),
        (".jsonl", RawEncoding.Json),
        (".json", RawEncoding.Json),
        (".csv", RawEncoding.Csv),
        (".tsv", RawEncoding.Csv),
        (".parquet", RawEncoding.Parquet),
    ];

    /// <summary>The format of a file by its name.</summary>
    /// <exception cref="LakeException">The ending is not known.</exception>
    public static RawFormat Of(string fileName)
    {
        var name = fileName.ToLowerInvariant();
        var gzip = name.EndsWith(".gz", StringComparison.Ordinal);
        var inner = gzip ? name[..^3] : name;
        foreach (var (ending, encoding) in Known)
        {
            if (inner.EndsWith(ending, StringComparison.Ordinal) && !(gzip && encoding == RawEncoding.Parquet))
            {
                return new RawFormat(encoding, gzip);
            }
        }

        throw new LakeException(
            LakeErrorKind.InvalidInput,
            $"File '{fileName}': its ending names no known format; known are .ndjson, .jsonl, .json, .csv, .tsv (each also with .gz) and .parquet.");
    }

    /// <summary>The ending of <paramref name="fileName"/> that names its format, with the dot.</summary>
    public static string EndingOf(string fileName)
    {
        Of(fileName);
        var gzip = fileName.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        return Path.GetExtension(gzip ? fileName[..^3] : fileName).ToLowerInvariant() + (gzip ? ".gz" : "");
    }
}

/// <summary>The encoding of a RAW file.</summary>
internal enum RawEncoding
{
    /// <summary>JSON objects: one a line, or an array of them, or one document.</summary>
    Json,

    /// <summary>Delimited text.</summary>
    Csv,

    /// <summary>Parquet.</summary>
    Parquet,
}

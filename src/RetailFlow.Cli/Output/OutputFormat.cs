namespace RetailFlow.Cli.Output;

/// <summary>How results are printed.</summary>
internal enum OutputFormat
{
    /// <summary>Aligned columns for a person; drawn with lines on a terminal.</summary>
    Table,

    /// <summary>One JSON document and nothing else.</summary>
    Json,

    /// <summary>One JSON object a line.</summary>
    Ndjson,

    /// <summary>RFC 4180 with a header line; an absent value is empty, an empty text is <c>""</c>.</summary>
    Csv,
}

using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// The queries that read a checkpoint file, made for the columns and fields that it has. An action whose key is null is no action,
/// whether its struct is null or only filled with nulls.
/// </summary>
internal sealed class CheckpointColumns
{
    private static readonly (string Action, string Key)[] Rare =
    [
        ("protocol", "minReaderVersion"), ("metaData", "id"), ("txn", "appId"), ("domainMetadata", "domain"), ("checkpointMetadata", "version"), ("sidecar", "path"),
    ];

    private readonly Dictionary<string, Dictionary<string, DuckDbType>> actions = new(StringComparer.OrdinalIgnoreCase);
    private readonly string source;

    private CheckpointColumns(DuckDbConnection connection, string file)
    {
        source = $"read_parquet({SqlText.Literal(file)}, hive_partitioning = false)";
        using var result = connection.Query($"SELECT * FROM {source} LIMIT 0");
        foreach (var column in result.Columns)
        {
            if (column.Type is DuckDbStructType record)
            {
                actions[column.Name] = record.Fields.ToDictionary(f => f.Name, f => f.Type, StringComparer.OrdinalIgnoreCase);
            }
        }

        RareActions = MakeRareActions();
        Adds = Has("add", "path") ? MakeAdds() : null;
        Removes = Has("remove", "path") ? MakeRemoves() : null;
    }

    /// <summary>Every other action as one JSON object of the shape of a commit line; null if there are none.</summary>
    public string? RareActions { get; }

    /// <summary>The columns of <see cref="CheckpointDecoder.Adds"/>; null if there are none.</summary>
    public string? Adds { get; }

    /// <summary>The columns of <see cref="CheckpointDecoder.Removes"/>; null if there are none.</summary>
    public string? Removes { get; }

    public static CheckpointColumns Of(DuckDbConnection connection, string file) => new(connection, file);

    private string? MakeRareActions()
    {
        var present = Rare.Where(r => Has(r.Action, r.Key)).ToList();
        if (present.Count == 0)
        {
            return null;
        }

        var members = present.Select(r => $"{SqlText.Name(r.Action)} := CASE WHEN {Field(r.Action, r.Key)} IS NOT NULL THEN {SqlText.Name(r.Action)} END");
        var any = present.Select(r => $"{Field(r.Action, r.Key)} IS NOT NULL");
        return $"SELECT cast(to_json(struct_pack({string.Join(", ", members)})) AS VARCHAR) FROM {source} WHERE {string.Join(" OR ", any)}";
    }

    private string MakeAdds() => $"""
        SELECT {Field("add", "path")}, {Json("add", "partitionValues")}, {Cast("add", "size", "BIGINT")}, {Cast("add", "modificationTime", "BIGINT")},
        {Statistics()}, {Json("add", "tags")}, {DeletionVector("add")}, {Cast("add", "baseRowId", "BIGINT")},
        {Cast("add", "defaultRowCommitVersion", "BIGINT")}, {Cast("add", "clusteringProvider", "VARCHAR")}
        FROM {source} WHERE {Field("add", "path")} IS NOT NULL
        """;

    private string MakeRemoves() => $"""
        SELECT {Field("remove", "path")}, {Json("remove", "partitionValues")}, {Cast("remove", "size", "BIGINT")}, {Cast("remove", "deletionTimestamp", "BIGINT")},
        {Cast("remove", "extendedFileMetadata", "BOOLEAN")}, {DeletionVector("remove")}, {Cast("remove", "baseRowId", "BIGINT")},
        {Cast("remove", "defaultRowCommitVersion", "BIGINT")}
        FROM {source} WHERE {Field("remove", "path")} IS NOT NULL
        """;

    // Statistics as JSON text are the usual form; those as a struct are read only where the writer left the text out.
    private string Statistics() =>
        Has("add", "stats") ? Cast("add", "stats", "VARCHAR")
        : Has("add", "stats_parsed") && StructStatistics.ToJson(Field("add", "stats_parsed"), actions["add"]["stats_parsed"]) is { } json ? json
        : "NULL::VARCHAR";

    private string DeletionVector(string action)
    {
        var vector = actions[action].GetValueOrDefault("deletionVector") as DuckDbStructType;
        string Member(string name, string type) =>
            vector?.Fields.Any(f => f.Name == name) == true
                ? $"CAST(struct_extract({Field(action, "deletionVector")}, {SqlText.Literal(name)}) AS {type})"
                : $"NULL::{type}";
        return string.Join(
            ", ",
            Member("storageType", "VARCHAR"),
            Member("pathOrInlineDv", "VARCHAR"),
            Member("offset", "INTEGER"),
            Member("sizeInBytes", "INTEGER"),
            Member("cardinality", "BIGINT"),
            Member("maxRowIndex", "BIGINT"));
    }

    private bool Has(string action, string field) => actions.TryGetValue(action, out var fields) && fields.ContainsKey(field);

    private static string Field(string action, string field) => $"struct_extract({SqlText.Name(action)}, {SqlText.Literal(field)})";

    private string Cast(string action, string field, string type) => Has(action, field) ? $"CAST({Field(action, field)} AS {type})" : $"NULL::{type}";

    private string Json(string action, string field) => Has(action, field) ? $"CAST(to_json({Field(action, field)}) AS VARCHAR)" : "NULL::VARCHAR";
}

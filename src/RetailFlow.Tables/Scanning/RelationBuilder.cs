using System.Globalization;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>The text of a relation over groups of files, each of one schema.</summary>
internal sealed class RelationBuilder
{
    private static readonly string[] VirtualColumns = ["file_row_number", "file_index", "filename"];

    private readonly ScanOptions _options;
    private readonly string _fileColumn;
    private readonly string _rowColumn;
    private readonly ColumnReading _reading;
    private readonly bool _byId;
    private readonly HashSet<string> _partitions;
    private readonly IReadOnlyList<StructField> _wanted;
    private readonly IReadOnlyList<StructField> _inner;

    public RelationBuilder(Snapshot snapshot, ScanOptions options, string fileColumn, string rowColumn)
    {
        _options = options;
        _fileColumn = fileColumn;
        _rowColumn = rowColumn;
        var mode = ColumnMapping.ModeOf(snapshot.Metadata);
        _reading = new ColumnReading(mode);
        _byId = mode == ColumnMappingMode.Id;
        _partitions = new HashSet<string>(snapshot.Metadata.PartitionColumns, StringComparer.OrdinalIgnoreCase);
        _wanted = options.Columns is null
            ? snapshot.Schema.Fields
            : [.. options.Columns.Select(name => snapshot.Schema.Find(name)
                ?? throw new DeltaException(DeltaErrorKind.InvalidInput, $"The table '{snapshot.TablePath}' has no column {name}."))];
        _inner = options.Where is null ? _wanted : snapshot.Schema.Fields;
        if (_wanted.Count == 0 && !options.Positions)
        {
            throw new DeltaException(DeltaErrorKind.InvalidInput, $"The table '{snapshot.TablePath}' has no columns that could be read.");
        }
    }

    /// <summary>The relation.</summary>
    /// <param name="groups">Files by schema; within a group all or none have deleted rows.</param>
    /// <param name="live">Registers the deleted rows of a group, in its order, and gives the condition.</param>
    public string Build(IReadOnlyList<IReadOnlyList<ScannedFile>> groups, Func<IReadOnlyList<ScannedFile>, string> live)
    {
        if (groups.Count == 0)
        {
            var empty = _wanted.Select(f => $"{ReadTypes.Null(f.Type)} as {SqlText.Name(f.Name)}").Concat(Positions("cast(null as integer)", "cast(null as bigint)"));
            return $"(select {string.Join(", ", empty)} where false)";
        }

        if (groups is [var only] && only[0].Deleted is null && !_options.Positions && IsPlain(only[0].Schema))
        {
            return $"(select {SqlText.Names(_wanted.Select(f => f.Name))} from {Source(only)}{Where})";
        }

        var union = string.Join(" union all ", groups.Select(group => Select(group, group[0].Deleted is null ? null : live(group))));
        return _options.Where is null ? $"({union})" : $"(select {string.Join(", ", Names())} from ({union}){Where})";
    }

    private string Where => _options.Where is { } condition ? $" where ({condition})" : "";

    private IEnumerable<string> Names() => _wanted.Select(f => SqlText.Name(f.Name)).Concat(Positions(SqlText.Name(_fileColumn), SqlText.Name(_rowColumn)));

    private IEnumerable<string> Positions(string file, string row) =>
        _options.Positions ? [$"{file} as {SqlText.Name(_fileColumn)}", $"{row} as {SqlText.Name(_rowColumn)}"] : [];

    private static string Source(IReadOnlyList<ScannedFile> files) => $"read_parquet({SqlText.Files(files.Select(f => f.LocalPath))}, hive_partitioning = false)";

    // Every column is in the file under its own name, with its own type.
    private bool IsPlain(FileSchema schema)
    {
        var distinct = new HashSet<string>(VirtualColumns, StringComparer.OrdinalIgnoreCase);
        return schema.Columns.All(c => distinct.Add(c.Name))
            && (!_byId || schema.HasIds)
            && _inner.All(field => !_partitions.Contains(field.Name)
                && _reading.Find(schema.Columns, field, field.Name) is { } found
                && found.Name == field.Name
                && _reading.Read("x", found, field.Type, field.Name) == "x");
    }

    private string Select(IReadOnlyList<ScannedFile> files, string? condition)
    {
        var schema = files[0].Schema;
        if (_byId && !schema.HasIds)
        {
            throw new DeltaException(
                DeltaErrorKind.UnsupportedFeature,
                $"The data file '{files[0].File.DecodedPath}' has no field ids; the table's column mapping by id (columnMapping) needs them.");
        }

        // Names of a file may be those of the engine's own columns, or differ in case only: columns go by their place.
        var columns = new List<string>(_inner.Count + 2);
        foreach (var field in _inner)
        {
            columns.Add($"{Value(files, schema, field)} as {SqlText.Name(field.Name)}");
        }

        columns.AddRange(Positions(Ordinals(files), "file_row_number"));
        var names = string.Join(", ", Enumerable.Range(0, schema.Columns.Count).Select(Column));
        return $"select {string.Join(", ", columns)} from {Source(files)} as t({names}){(condition is null ? "" : $" where {condition}")}";
    }

    private string Value(IReadOnlyList<ScannedFile> files, FileSchema schema, StructField field)
    {
        if (_partitions.Contains(field.Name))
        {
            return PartitionValue(files, field);
        }

        if (_reading.Find(schema.Columns, field, field.Name) is not { } found)
        {
            return ReadTypes.Null(field.Type);
        }

        var place = 0;
        while (!ReferenceEquals(schema.Columns[place], found))
        {
            place++;
        }

        return _reading.Read(Column(place), found, field.Type, field.Name);
    }

    private string PartitionValue(IReadOnlyList<ScannedFile> files, StructField field)
    {
        var name = _reading.PhysicalName(field);
        var texts = files.Select(f => Text(f.File, name)).ToList();
        return texts.TrueForAll(text => text == texts[0])
            ? PartitionText.ToSql(texts[0], field.Type, field.Name)
            : ByFile(texts.Select(text => PartitionText.ToSql(text, field.Type, field.Name)));
    }

    private static string? Text(AddFile file, string name)
    {
        if (file.PartitionValues.TryGetValue(name, out var text))
        {
            return string.IsNullOrEmpty(text) ? null : text;
        }

        foreach (var (key, value) in file.PartitionValues)
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                return string.IsNullOrEmpty(value) ? null : value;
            }
        }

        throw new DeltaException(DeltaErrorKind.Corrupt, $"The log gives no value of the partition column {name} for the data file '{file.DecodedPath}'.");
    }

    private static string Ordinals(IReadOnlyList<ScannedFile> files)
    {
        var first = files[0].Ordinal;
        return files[^1].Ordinal - first == files.Count - 1
            ? string.Create(CultureInfo.InvariantCulture, $"cast(file_index as integer) + {first}")
            : ByFile(files.Select(f => f.Ordinal.ToString(CultureInfo.InvariantCulture)));
    }

    private static string ByFile(IEnumerable<string> values) => $"([{string.Join(", ", values)}])[cast(file_index as bigint) + 1]";

    private static string Column(int place) => string.Create(CultureInfo.InvariantCulture, $"c{place}");
}

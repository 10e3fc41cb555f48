using System.Globalization;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>The text of a relation over groups of files, each of one schema.</summary>
internal sealed class RelationBuilder
{
    private static readonly string[] VirtualColumns = ["file_row_number", "file_index", "filename"];

    private readonly ScanShape _shape;
    private readonly ScanOptions _options;
    private readonly string _fileColumn;
    private readonly string _rowColumn;
    private readonly ColumnReading _reading;
    private readonly HashSet<string> _partitions;
    private readonly IReadOnlyList<StructField> _wanted;
    private readonly IReadOnlyList<StructField> _inner;

    public RelationBuilder(ScanShape shape, ScanOptions options, string fileColumn, string rowColumn)
    {
        _shape = shape;
        _options = options;
        _fileColumn = fileColumn;
        _rowColumn = rowColumn;
        _reading = new ColumnReading(shape.Mapping);
        _partitions = new HashSet<string>(shape.Partitions, StringComparer.OrdinalIgnoreCase);
        _wanted = options.Columns is null
            ? shape.Schema.Fields
            : [.. options.Columns.Select(name => shape.Schema.Find(name)
                ?? throw new DeltaException(DeltaErrorKind.InvalidInput, $"The table '{shape.Table}' has no column {name}."))];
        _inner = options.Where is null ? _wanted : shape.Schema.Fields;
        if (_wanted.Count == 0 && !options.Positions && shape.PerFile.Count == 0)
        {
            throw new DeltaException(DeltaErrorKind.InvalidInput, $"The table '{shape.Table}' has no columns that could be read.");
        }
    }

    /// <summary>The relation.</summary>
    /// <param name="groups">Files by schema; of a group all files are wanted whole, or all without some rows, or only some rows of all.</param>
    /// <param name="condition">Gives the condition for the rows of a group whose files are not wanted whole.</param>
    public string Build(IReadOnlyList<IReadOnlyList<ScannedFile>> groups, Func<IReadOnlyList<ScannedFile>, string> condition)
    {
        if (groups.Count == 0)
        {
            var empty = _inner.Select(f => $"{ReadTypes.Null(f.Type)} as {SqlText.Name(f.Name)}")
                .Concat(_shape.PerFile.Select(c => $"cast(null as {c.Type}) as {SqlText.Name(c.Name)}"))
                .Concat(Positions("cast(null as integer)", "cast(null as bigint)"));
            return Filtered($"select {string.Join(", ", empty)} where false");
        }

        if (groups is [var only] && only[0].Read.Rows is null && !_options.Positions && _shape.PerFile.Count == 0 && IsPlain(only[0].Schema))
        {
            return $"(select {SqlText.Names(_wanted.Select(f => f.Name))} from {Source(only)}{Where})";
        }

        var union = string.Join(" union all ", groups.Select(group => Select(group, group[0].Read.Rows is null ? null : condition(group))));
        return Filtered(union);
    }

    private string Filtered(string select) => _options.Where is null ? $"({select})" : $"(select {string.Join(", ", Names())} from ({select}){Where})";

    private string Where => _options.Where is { } condition ? $" where ({condition})" : "";

    private IEnumerable<string> Names() => _wanted.Select(f => SqlText.Name(f.Name))
        .Concat(_shape.PerFile.Select(c => SqlText.Name(c.Name)))
        .Concat(Positions(SqlText.Name(_fileColumn), SqlText.Name(_rowColumn)));

    private IEnumerable<string> Positions(string file, string row) =>
        _options.Positions ? [$"{file} as {SqlText.Name(_fileColumn)}", $"{row} as {SqlText.Name(_rowColumn)}"] : [];

    private static string Source(IReadOnlyList<ScannedFile> files) => $"read_parquet({SqlText.Files(files.Select(f => f.LocalPath))}, hive_partitioning = false)";

    // Every column is in the file under its own name, with its own type.
    private bool IsPlain(FileSchema schema)
    {
        var distinct = new HashSet<string>(VirtualColumns, StringComparer.OrdinalIgnoreCase);
        return schema.Columns.All(c => distinct.Add(c.Name))
            && (_shape.Mapping != ColumnMappingMode.Id || schema.HasIds)
            && _inner.All(field => !_partitions.Contains(field.Name)
                && _reading.Find(schema.Columns, field, field.Name) is { } found
                && found.Name == field.Name
                && _reading.Read("x", found, field.Type, field.Name) == "x");
    }

    private string Select(IReadOnlyList<ScannedFile> files, string? condition)
    {
        var schema = files[0].Schema;
        if (_shape.Mapping == ColumnMappingMode.Id && !schema.HasIds)
        {
            throw new DeltaException(
                DeltaErrorKind.UnsupportedFeature,
                $"The data file '{files[0].Read.File.DecodedPath}' has no field ids; the table's column mapping by id (columnMapping) needs them.");
        }

        // Names of a file may be those of the engine's own columns, or differ in case only: columns go by their place.
        var columns = new List<string>(_inner.Count + 2);
        foreach (var field in _inner)
        {
            columns.Add($"{Value(files, schema, field)} as {SqlText.Name(field.Name)}");
        }

        for (var i = 0; i < _shape.PerFile.Count; i++)
        {
            columns.Add($"{PerFile(files, schema, i)} as {SqlText.Name(_shape.PerFile[i].Name)}");
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

        return _reading.Read(Column(schema, found), found, field.Type, field.Name);
    }

    private string PerFile(IReadOnlyList<ScannedFile> files, FileSchema schema, int which)
    {
        var (name, type) = _shape.PerFile[which];
        var values = files.Select(f => f.Read.Values[which]).ToList();
        if (values.TrueForAll(v => v is null))
        {
            return schema.Columns.FirstOrDefault(c => c.Name == name) is { } column
                ? $"cast({Column(schema, column)} as {type})"
                : throw new DeltaException(DeltaErrorKind.Corrupt, $"The file '{files[0].Read.File.DecodedPath}' of the table '{_shape.Table}' has no column {name}.");
        }

        return values.TrueForAll(v => v == values[0]) ? values[0]! : ByFile(values.Select(v => v ?? throw new InvalidOperationException("A file that has the column cannot be among files that do not.")));
    }

    private string PartitionValue(IReadOnlyList<ScannedFile> files, StructField field)
    {
        var name = _reading.PhysicalName(field);
        var texts = files.Select(f => Text(f.Read.File, name)).ToList();
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

    private static string Column(FileSchema schema, FileField column)
    {
        var place = 0;
        while (!ReferenceEquals(schema.Columns[place], column))
        {
            place++;
        }

        return Column(place);
    }

    private static string Column(int place) => string.Create(CultureInfo.InvariantCulture, $"c{place}");
}

using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>What the files of a scan are read as.</summary>
/// <param name="Table">Path of the table, for messages.</param>
/// <param name="Schema">Columns of the table.</param>
/// <param name="Partitions">Names of its partition columns.</param>
/// <param name="Mapping">How columns are found in files.</param>
internal sealed record ScanShape(string Table, StructType Schema, IReadOnlyList<string> Partitions, ColumnMappingMode Mapping)
{
    /// <summary>Columns with one value per file behind those of the table: name and SQL type.</summary>
    public IReadOnlyList<(string Name, string Type)> PerFile { get; init; } = [];

    /// <summary>The shape of a version.</summary>
    public static ScanShape Of(Snapshot snapshot) =>
        new(snapshot.TablePath, snapshot.Schema, snapshot.Metadata.PartitionColumns, ColumnMapping.ModeOf(snapshot.Metadata));
}

/// <summary>A file to be scanned, and which of its rows.</summary>
/// <param name="File">What the log says.</param>
/// <param name="Rows">Rows by position; null for all of the file.</param>
/// <param name="OnlyThese">True if only the rows in <paramref name="Rows"/> are wanted, false if only the others.</param>
internal sealed record FileRead(AddFile File, DeletionVector? Rows = null, bool OnlyThese = false)
{
    /// <summary>SQL of the values of <see cref="ScanShape.PerFile"/>; null for a value that the file has in a column of that name.</summary>
    public IReadOnlyList<string?> Values { get; init; } = [];

    /// <summary>How many rows the scan gives of it; null where the log does not say how many the file has.</summary>
    public long? RowCount => OnlyThese ? Rows!.Cardinality : File.ParsedStatistics?.NumRecords - (Rows?.Cardinality ?? 0);

    /// <summary>The files with changed rows, without those that come to no row. Their deletion vectors are read.</summary>
    /// <exception cref="DeltaException">A deletion vector is missing or damaged.</exception>
    public static async ValueTask<IReadOnlyList<(T Change, FileRead Read)>> OfAsync<T>(
        TableAccess access, IReadOnlyList<T> changes, Func<T, ChangedRows> rowsOf, CancellationToken cancellationToken)
    {
        var vectors = await new DeletionVectorFiles(access.Store, access.Path).ReadAllAsync(
            changes.Select(rowsOf).SelectMany(c => new[] { c.Within, c.Without }).OfType<DeletionVectorDescriptor>(), cancellationToken);
        var reads = new List<(T, FileRead)>(changes.Count);
        foreach (var change in changes)
        {
            var rows = rowsOf(change);
            var within = rows.Within is { } w ? vectors[w.UniqueId] : null;
            var without = rows.Without is { } o ? vectors[o.UniqueId] : null;
            var wanted = within is not null && without is not null ? within.Except(without) : within ?? without;
            if (within is null || wanted!.Cardinality > 0)
            {
                reads.Add((change, new FileRead(rows.File, wanted, OnlyThese: within is not null)));
            }
        }

        return reads;
    }
}

/// <summary>A file on its way into a relation.</summary>
/// <param name="Ordinal">Its place in the list of the scan.</param>
/// <param name="Read">What of it is wanted.</param>
/// <param name="LocalPath">Where the engine finds it.</param>
/// <param name="Schema">Its columns.</param>
internal sealed record ScannedFile(int Ordinal, FileRead Read, string LocalPath, FileSchema Schema);

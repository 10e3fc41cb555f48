using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>
/// The guard of code that reads data files as they are: every file must hold exactly the table's columns under their own names and with
/// their own types, and all of its rows must be live. What needs a <see cref="TableScan"/> is refused.
/// </summary>
internal static class PlainFiles
{
    /// <summary>Refuses a version of a table with rows or columns that are not what its files say.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>, naming what the table uses.</exception>
    public static void Require(Snapshot snapshot)
    {
        if (ColumnMapping.ModeOf(snapshot.Metadata) != ColumnMappingMode.None)
        {
            throw Refused(snapshot.TablePath, "column mapping (columnMapping)");
        }

        if (snapshot.Metadata.PartitionColumns.Count > 0)
        {
            throw Refused(snapshot.TablePath, "partition columns");
        }

        if (snapshot.Protocol.ReaderFeatures?.Contains("deletionVectors") == true && snapshot.Files.Any(f => f.DeletionVector is not null))
        {
            throw Refused(snapshot.TablePath, "deletion vectors (deletionVectors)");
        }
    }

    /// <summary>Refuses files that do not hold the columns of the schema as they are.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>, naming the file and column.</exception>
    public static void Require(TableEngine engine, StructType schema, IReadOnlyList<string> localFiles, string table)
    {
        FileSchema? last = null;
        var reading = new ColumnReading(ColumnMappingMode.None);
        foreach (var (file, found) in localFiles.Zip(engine.SchemasOf(localFiles)))
        {
            if (ReferenceEquals(found, last))
            {
                continue;
            }

            foreach (var field in schema.Fields)
            {
                if (reading.Find(found.Columns, field, field.Name) is not { } column || column.Name != field.Name || reading.Read("x", column, field.Type, field.Name) != "x")
                {
                    throw Refused(table, $"a data file, '{file}', without the column {field.Name} as the table has it");
                }
            }

            last = found;
        }
    }

    private static DeltaException Refused(string table, string what) =>
        new(DeltaErrorKind.UnsupportedFeature, $"The table '{table}' has {what}. It can be queried, but models and maintenance work on whole, plain files.");
}

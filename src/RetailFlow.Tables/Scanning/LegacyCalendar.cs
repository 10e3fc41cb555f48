using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Spark 2, and Spark 3 where it is told to, writes days in the calendar that was Julian before 1582-10-15, and instants before 1900 by
/// the local time of their zone; the file says the same bytes either way. Which it was cannot be told from a value, so a file that
/// may have such values, and has some, is refused (Spark, "Datetime rebasing for Parquet").
/// </summary>
internal static class LegacyCalendar
{
    private const string SparkVersion = "org.apache.spark.version";
    private const string LegacyDates = "org.apache.spark.legacyDateTime";
    private const string LegacyInt96 = "org.apache.spark.legacyINT96";
    private const string FirstDay = "date '1582-10-15'";
    private const string FirstInstant = "timestamp '1900-01-01'";

    /// <summary>Refuses files with values whose calendar is not known.</summary>
    /// <param name="connection">Used for reading footers, and the columns in question of files of that origin.</param>
    /// <param name="files">Paths of the files, with their schemas.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>: the message names file, column and value.</exception>
    public static void Refuse(DuckDbConnection connection, IReadOnlyList<(string File, FileSchema Schema)> files)
    {
        var dated = files.Where(f => f.Schema.Columns.Any(IsDated)).ToList();
        if (dated.Count == 0)
        {
            return;
        }

        var suspects = Suspects(connection, [.. dated.Select(f => f.File)]);
        foreach (var (file, schema) in dated.Where(f => suspects.Contains(f.File)))
        {
            foreach (var column in schema.Columns.Where(IsDated))
            {
                Check(connection, file, column);
            }
        }
    }

    private static bool IsDated(FileField field) => IsDay(field) || IsInstant(field) || field.Children.Any(IsDated);

    private static bool IsDay(FileField field) => field.Type.ToString() == "DATE";

    private static bool IsInstant(FileField field) => field.Type.ToString().StartsWith("TIMESTAMP", StringComparison.Ordinal);

    /// <summary>Files of the library that Spark writes with, unless a Spark from 3.0 on says that it wrote the one calendar.</summary>
    private static HashSet<string> Suspects(DuckDbConnection connection, IReadOnlyList<string> files)
    {
        var suspects = new HashSet<string>(StringComparer.Ordinal);
        using (var footers = connection.Query($"select file_name from parquet_file_metadata({SqlText.Files(files)}) where created_by like 'parquet-mr%'"))
        {
            suspects.UnionWith(footers.Rows().Select(row => (string)row[0]!));
        }

        if (suspects.Count == 0)
        {
            return suspects;
        }

        using var marks = connection.Query(
            $"select file_name, max(case when key = '{SparkVersion}' then decode(value) end), count(*) filter (key in ('{LegacyDates}', '{LegacyInt96}')) "
            + $"from (select file_name, decode(key) as key, value from parquet_kv_metadata({SqlText.Files([.. suspects])})) group by file_name");
        foreach (var row in marks.Rows())
        {
            if ((long)row[2]! == 0 && row[1] is string version && int.TryParse(version.Split('.')[0], out var major) && major >= 3)
            {
                suspects.Remove((string)row[0]!);
            }
        }

        return suspects;
    }

    private static void Check(DuckDbConnection connection, string file, FileField column)
    {
        if (!IsDay(column) && !IsInstant(column))
        {
            throw new DeltaException(
                DeltaErrorKind.UnsupportedFeature,
                $"Data file '{file}': the column '{column.Name}' has days or instants inside a {column.Type}, written by Spark 2 or in its way; whether they are of the old calendar (legacy datetime rebasing) is not known.");
        }

        var name = SqlText.Name(column.Name);
        var least = connection.Scalar<string>(
            $"select coalesce(cast(min({name}) filter ({name} < {(IsDay(column) ? FirstDay : FirstInstant)}) as varchar), '') from read_parquet({SqlText.Files([file])}, hive_partitioning = false)");
        if (least is { Length: > 0 })
        {
            throw new DeltaException(
                DeltaErrorKind.UnsupportedFeature,
                $"Data file '{file}': the column '{column.Name}' has the value {least}, written by Spark 2 or in its way; whether it is of the old calendar (legacy datetime rebasing) is not known.");
        }
    }
}

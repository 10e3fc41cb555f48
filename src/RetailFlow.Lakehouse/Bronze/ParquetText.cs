using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Reads a Parquet file into a <see cref="RawTable"/>: values as text, instants in RFC 3339.</summary>
internal static class ParquetText
{
    /// <summary>The file as text, or null if it cannot be read; then it was set aside.</summary>
    public static RawTable? Load(DuckDbConnection connection, TableEngine engine, string localPath, LandedFile file, QuarantineSink sink)
    {
        var path = SqlText.Literal(localPath);
        var name = engine.UniqueName("raw_text");
        try
        {
            var columns = new List<string>();
            var values = new List<string>();
            using (var described = connection.Query($"describe select * from read_parquet({path}, hive_partitioning = false)"))
            {
                foreach (var row in described.Rows())
                {
                    var column = (string)row[0]!;
                    columns.Add(column);
                    values.Add($"{Text(SqlText.Name(column), (string)row[1]!)} as {SqlText.Name(column)}");
                }
            }

            var source = $"read_parquet({path}, hive_partitioning = false, file_row_number = true)";
            connection.Execute(
                $"create table {name} as select file_row_number + 1 as _row, cast(to_json(struct_pack({string.Join(", ", columns.Select(c => $"{SqlText.Name(c)} := {SqlText.Name(c)}"))})) as varchar) as _raw, "
                + $"{string.Join(", ", values)} from {source}");
            return new RawTable(connection, name, file, columns);
        }
        catch (DuckDbException e)
        {
            sink.Add(file, 0, "unreadable_parquet", "", e.Message.Split('\n')[0], []);
            return null;
        }
    }

    private static string Text(string column, string type) => type switch
    {
        "TIMESTAMP WITH TIME ZONE" => $"strftime({column} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')",
        "TIMESTAMP" => $"strftime({column}, '%Y-%m-%dT%H:%M:%S.%f')",
        _ => $"cast({column} as varchar)",
    };
}

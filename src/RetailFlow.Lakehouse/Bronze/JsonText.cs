using System.Text.Json;
using System.Text.Unicode;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Reads a JSON file into a <see cref="RawTable"/>: the record as <c>_raw</c>, the contract's columns as the text of its members.</summary>
internal static class JsonText
{
    /// <summary>The file as text; what is not a JSON object is set aside.</summary>
    public static RawTable Load(
        DuckDbConnection connection,
        TableEngine engine,
        JsonBlockReader blocks,
        LandedFile file,
        IReadOnlyList<string> columns,
        QuarantineSink sink)
    {
        var lines = engine.UniqueName("raw_json");
        connection.Execute($"create table {lines} (_row bigint, _raw varchar)");
        using (var appender = connection.CreateAppender(lines))
        {
            while (blocks.Next() is { } block)
            {
                using (block)
                {
                    var row = block.FirstRow;
                    var rest = block.Bytes;
                    while (!rest.IsEmpty)
                    {
                        var end = block.Lines ? rest.IndexOf((byte)'\n') : -1;
                        var record = (end < 0 ? rest : rest[..end]).Trim(" \t\r\n"u8);
                        rest = end < 0 ? [] : rest[(end + 1)..];
                        if (!record.IsEmpty)
                        {
                            if (Complaint(record) is { } complaint)
                            {
                                sink.Add(file, row, complaint.Rule, "", complaint.Detail, record);
                            }
                            else
                            {
                                appender.AppendRow(row, System.Text.Encoding.UTF8.GetString(record));
                            }
                        }

                        row++;
                    }
                }
            }

            appender.Flush();
        }

        var name = engine.UniqueName("raw_text");
        var members = string.Concat(columns.Select(c => $", json_extract_string(_raw, {SqlText.Literal($"$.\"{c}\"")}) as {SqlText.Name(c)}"));
        connection.Execute($"create table {name} as select _row, _raw{members} from {lines}");
        connection.Execute($"drop table {lines}");
        return new RawTable(connection, name, file, columns) { IsJson = true };
    }

    private static (string Rule, string Detail)? Complaint(ReadOnlySpan<byte> record)
    {
        if (!Utf8.IsValid(record))
        {
            return ("invalid_utf8", "the record has bytes that are not UTF-8");
        }

        if (record[0] != (byte)'{')
        {
            return ("not_an_object", "the record is not a JSON object");
        }

        try
        {
            var reader = new Utf8JsonReader(record);
            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException e)
        {
            return ("malformed_json", e.Message);
        }
    }
}

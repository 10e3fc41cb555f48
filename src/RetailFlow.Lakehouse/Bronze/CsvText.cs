using System.Text;
using System.Text.Unicode;
using CsvHelper;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Reads a CSV file (RFC 4180) into a <see cref="RawTable"/>; rows that are not what the header says are set aside.</summary>
internal static class CsvText
{
    private const int LongestRecord = 1 << 20;

    /// <summary>The file as text, or null if it has no header; then it was set aside.</summary>
    public static RawTable? Load(DuckDbConnection connection, TableEngine engine, Stream stream, LandedFile file, CsvDialect dialect, QuarantineSink sink)
    {
        CsvMalformedReason? damage = null;
        var options = new CsvReaderOptions
        {
            Separator = file.Path.Contains(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : dialect.Delimiter,
            Quote = dialect.Quote,
            HasHeader = false,
            MaxRecordSize = LongestRecord,
            OnMalformedRecord = record => damage = record.Reason,
            MalformedData = CsvMalformedDataHandling.Recover,
        };
        RawTable? table = null;
        DuckDbAppender? appender = null;
        var row = 0L;
        using var reader = CsvReader.Create(stream, options, false);
        try
        {
            var header = dialect.Header;
            if (header is null)
            {
                if (!reader.Read())
                {
                    sink.Add(file, 0, "empty_file", "", "the file is empty; it has no header line", []);
                    return null;
                }

                header = [.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetString(i).Trim())];
                if (Complaint(header) is { } complaint)
                {
                    sink.Add(file, 0, "bad_header", "", complaint, reader.RawRecord);
                    return null;
                }
            }

            damage = null;
            table = RawTable.Create(connection, engine, file, header);
            appender = connection.CreateAppender(table.Name);
            while (reader.Read())
            {
                row++;
                var raw = reader.RawRecord;
                if (!Utf8.IsValid(raw))
                {
                    sink.Add(file, row, "invalid_utf8", "", "the row has bytes that are not UTF-8", raw);
                }
                else if (damage is { } reason)
                {
                    sink.Add(file, row, "bad_quoting", "", $"a quote stands where RFC 4180 allows none ({reason})", raw);
                }
                else if (reader.FieldCount != header.Count)
                {
                    sink.Add(file, row, "ragged_row", "", $"the row has {reader.FieldCount} fields, the header {header.Count}", raw);
                }
                else
                {
                    Append(appender, reader, row, raw);
                }

                damage = null;
            }
        }
        catch (CsvFormatException e)
        {
            sink.Add(file, row + 1, "record_too_large", "", $"a row is longer than {LongestRecord} bytes; the rest of the file was not read ({e.Message})", []);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            sink.Add(file, row + 1, "corrupt_gzip", "", $"the compressed file breaks off or is damaged ({e.Message}); the records before that point were read", []);
        }
        finally
        {
            appender?.Flush();
            appender?.Dispose();
        }

        return table;
    }

    private static void Append(DuckDbAppender appender, CsvReader reader, long row, ReadOnlySpan<byte> raw)
    {
        var values = new object?[reader.FieldCount + 2];
        values[0] = row;
        values[1] = Encoding.UTF8.GetString(raw);
        for (var i = 0; i < reader.FieldCount; i++)
        {
            values[i + 2] = reader.IsEmpty(i) ? null : reader.GetString(i);
        }

        appender.AppendRow(values);
    }

    private static string? Complaint(IReadOnlyList<string> header)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in header)
        {
            if (name.Length == 0)
            {
                return "a column of the header has no name";
            }

            if (!seen.Add(name) || name.Equals("_row", StringComparison.OrdinalIgnoreCase) || name.Equals("_raw", StringComparison.OrdinalIgnoreCase))
            {
                return $"the column '{name}' stands twice in the header or is reserved";
            }
        }

        return null;
    }
}

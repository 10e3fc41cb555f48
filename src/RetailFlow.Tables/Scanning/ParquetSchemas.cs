using System.Collections.Concurrent;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// The schemas of Parquet files, from their footers. Data files never change, so that what was read once is known; files of one
/// schema share one instance.
/// </summary>
internal sealed class ParquetSchemas
{
    // A file takes some 300 bytes here.
    private const int MostKnownFiles = 200_000;

    // One statement opens this many files: it must stay interruptible and its text within reason.
    private const int FilesAtOnce = 1_000;

    private readonly ConcurrentDictionary<string, FileSchema> _byFile = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, FileSchema> _byFingerprint = new(StringComparer.Ordinal);

    /// <summary>The schema of each file, in order; null if one is not known yet.</summary>
    public FileSchema[]? TryKnown(IReadOnlyList<string> localFiles)
    {
        var schemas = new FileSchema[localFiles.Count];
        for (var i = 0; i < schemas.Length; i++)
        {
            if (!_byFile.TryGetValue(localFiles[i], out schemas[i]!))
            {
                return null;
            }
        }

        return schemas;
    }

    /// <summary>The schema of each file, in order.</summary>
    /// <param name="connection">Used for the reading; a result that streams on it ends.</param>
    /// <param name="localFiles">Paths of the files, not patterns.</param>
    /// <exception cref="DuckDbException">A file is missing or is no Parquet file.</exception>
    /// <exception cref="DeltaException">A file has no schema, or values of a calendar that is not known (<see cref="LegacyCalendar"/>).</exception>
    public FileSchema[] Of(DuckDbConnection connection, IReadOnlyList<string> localFiles)
    {
        var schemas = new FileSchema?[localFiles.Count];
        var unknown = new List<int>();
        for (var i = 0; i < schemas.Length; i++)
        {
            if (!_byFile.TryGetValue(localFiles[i], out schemas[i]))
            {
                unknown.Add(i);
            }
        }

        foreach (var some in unknown.Chunk(FilesAtOnce))
        {
            var fingerprints = Fingerprints(connection, some.Select(i => localFiles[i]));
            foreach (var i in some)
            {
                var file = localFiles[i];
                if (!fingerprints.TryGetValue(file, out var fingerprint))
                {
                    throw new DeltaException(DeltaErrorKind.Corrupt, $"Data file '{file}' has no Parquet schema.");
                }

                if (!_byFingerprint.TryGetValue(fingerprint, out var schema))
                {
                    schema = _byFingerprint.GetOrAdd(fingerprint, Read(connection, file));
                }

                schemas[i] = schema;
            }

            LegacyCalendar.Refuse(connection, [.. some.Select(i => (localFiles[i], schemas[i]!))]);
            foreach (var i in some)
            {
                if (_byFile.Count < MostKnownFiles)
                {
                    _byFile[localFiles[i]] = schemas[i]!;
                }
            }
        }

        return schemas!;
    }

    // What decides how the engine reads a file: of a leaf its engine type, of a group how it is annotated.
    private static Dictionary<string, string> Fingerprints(DuckDbConnection connection, IEnumerable<string> files)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        using var result = connection.Query(
            "select file_name, md5(string_agg(concat_ws(chr(1), name, coalesce(duckdb_type, ''), coalesce(num_children, -1), coalesce(field_id, -1), "
            + "coalesce(repetition_type, '') = 'REPEATED', case when type is null then concat_ws(chr(1), converted_type, logical_type) else '' end), chr(2) order by column_id)) "
            + $"from parquet_schema({SqlText.Files(files)}) group by file_name");
        foreach (var row in result.Rows())
        {
            found[(string)row[0]!] = (string)row[1]!;
        }

        return found;
    }

    private static FileSchema Read(DuckDbConnection connection, string file)
    {
        var nodes = new List<Node>();
        using (var result = connection.Query($"select name, num_children, field_id from parquet_schema({SqlText.Files([file])}) order by column_id"))
        {
            nodes.AddRange(result.Rows().Select(row => new Node((string)row[0]!, (int)((long?)row[1] ?? 0), (long?)row[2])));
        }

        var next = 0;
        var root = Take(nodes, ref next);
        using var columns = connection.Query($"select * from read_parquet({SqlText.Files([file])}, hive_partitioning = false) limit 0");
        if (columns.Columns.Count != root.Children.Count)
        {
            throw Strange(file, "its columns");
        }

        return new FileSchema([.. root.Children.Select((child, i) => Field(file, child.Name, child, columns.Columns[i].Type))]);
    }

    private static Node Take(List<Node> nodes, ref int next)
    {
        var node = nodes[next++];
        for (var i = 0; i < node.ChildCount; i++)
        {
            node.Children.Add(Take(nodes, ref next));
        }

        return node;
    }

    private static FileField Field(string file, string name, Node node, DuckDbType type)
    {
        IReadOnlyList<FileField> children = type switch
        {
            DuckDbStructType record when record.Fields.Count == node.Children.Count =>
                [.. record.Fields.Select((f, i) => Field(file, node.Children[i].Name, node.Children[i], f.Type))],
            DuckDbStructType => throw Strange(file, $"the struct {node.Name}"),
            DuckDbListType list => [Field(file, "", Element(node, list.Element), list.Element)],
            DuckDbMapType map => node.Children is [{ Children: [var key, var value] }]
                ? [Field(file, "", key, map.Key), Field(file, "", value, map.Value)]
                : throw Strange(file, $"the map {node.Name}"),
            _ => [],
        };
        return new FileField(name, node.Id, type, children);
    }

    // The ways in which Parquet writers have written lists (parquet-format, "LogicalTypes", backward-compatibility rules): the repeated
    // group is the element, or holds it, or the field itself is repeated.
    private static Node Element(Node list, DuckDbType element) => list.Children switch
    {
        [{ Children: [var inner] }] when Fits(inner, element) => inner,
        [var repeated] when Fits(repeated, element) => repeated,
        _ => list,
    };

    private static bool Fits(Node node, DuckDbType type) => type switch
    {
        DuckDbStructType record => node.Children.Select(c => c.Name).SequenceEqual(record.Fields.Select(f => f.Name), StringComparer.Ordinal),
        DuckDbMapType => node.Children is [{ Children.Count: 2 }],
        DuckDbListType => node.Children.Count == 1,
        _ => node.Children.Count == 0,
    };

    private static DeltaException Strange(string file, string what) =>
        new(DeltaErrorKind.Corrupt, $"Data file '{file}': {what} cannot be matched with what the engine reads.");

    private sealed record Node(string Name, int ChildCount, long? Id)
    {
        public List<Node> Children { get; } = [];
    }
}

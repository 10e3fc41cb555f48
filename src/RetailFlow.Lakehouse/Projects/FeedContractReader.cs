using System.Globalization;

namespace RetailFlow.Lakehouse.Projects;

/// <summary>Reads feed contracts from dbt source definitions.</summary>
internal static class FeedContractReader
{
    /// <summary>Contracts of one document's <c>sources</c>.</summary>
    public static IEnumerable<FeedContract> Read(YamlEntry document)
    {
        foreach (var source in document["sources"]?.Items ?? [])
        {
            if (source.Required("name") != "bronze")
            {
                throw source.Error("must be named 'bronze': feeds are the tables of that source");
            }

            foreach (var table in source["tables"]?.Items ?? [])
            {
                yield return Contract(table);
            }
        }
    }

    private static FeedContract Contract(YamlEntry table)
    {
        var name = table.Required("name");
        if (!name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
        {
            throw table.Error($"has the name '{name}'; a feed's name is made of a-z, 0-9 and _");
        }

        var feed = table["meta"]?["retailflow"] ?? table["config"]?["meta"]?["retailflow"];
        feed?.AllowOnly("record", "default_source", "skew_allowance", "unknown_columns", "mapping", "rules", "layouts", "csv");
        var columns = (table["columns"]?.Items ?? []).Select(Column).ToList();
        var kind = feed?["record"]?.Text switch
        {
            "stock" => RecordKind.Stock,
            "reservation" => RecordKind.Reservation,
            "incident" => RecordKind.Incident,
            "columns" or null => RecordKind.Columns,
            _ => throw feed["record"]!.Error($"is '{feed["record"]!.Text}'; it must be 'stock', 'columns', 'reservation' or 'incident'"),
        };
        if (kind is RecordKind.Reservation or RecordKind.Incident)
        {
            feed!.AllowOnly("record");
        }

        if (kind == RecordKind.Columns && columns.Count == 0)
        {
            throw table.Error("needs columns, or record: stock");
        }

        return new FeedContract
        {
            Name = name,
            Description = table["description"]?.Text,
            Record = kind,
            DefaultSource = feed?["default_source"]?.Text ?? "default",
            SkewAllowance = Duration(feed?["skew_allowance"]),
            UnknownColumns = feed?["unknown_columns"]?.Text switch
            {
                "reject" => UnknownColumns.Reject,
                "rescue" or null => UnknownColumns.Rescue,
                _ => throw feed["unknown_columns"]!.Error($"is '{feed["unknown_columns"]!.Text}'; it must be 'rescue' or 'reject'"),
            },
            Columns = columns,
            Layouts = [.. (feed?["layouts"]?.Items ?? []).Select(Layout), .. feed is null ? Array.Empty<FileLayout>() : [Mapped(feed, "the contract's mapping", [])]],
            Csv = Dialect(feed?["csv"]),
        };
    }

    private static FileLayout Layout(YamlEntry layout)
    {
        layout.AllowOnly("name", "columns", "mapping", "rules");
        return Mapped(layout, layout.Required("name"), layout["columns"]?.Texts ?? throw layout.Error("needs columns, by which a file of this layout is known"));
    }

    private static FileLayout Mapped(YamlEntry entry, string name, IReadOnlyList<string> columns) => new()
    {
        Name = name,
        Columns = columns,
        Mapping = (entry["mapping"]?.Members ?? []).ToDictionary(m => m.Name, m => m.Value.Text, StringComparer.Ordinal),
        Rules = [.. (entry["rules"]?.Items ?? []).Select(rule => new ContractRule(rule.Required("name"), rule.Required("check")))],
    };

    private static ContractColumn Column(YamlEntry column)
    {
        var notNull = (column["constraints"]?.Items ?? []).Any(c => c.Required("type") == "not_null");
        return new ContractColumn(
            column.Required("name"),
            (column["data_type"]?.Text ?? "varchar").ToUpperInvariant(),
            notNull,
            column["description"]?.Text);
    }

    private static CsvDialect Dialect(YamlEntry? csv)
    {
        if (csv is null)
        {
            return new CsvDialect();
        }

        csv.AllowOnly("delimiter", "quote", "header");
        return new CsvDialect
        {
            Delimiter = One(csv["delimiter"], ','),
            Quote = One(csv["quote"], '"'),
            Header = csv["header"]?.Texts,
        };
    }

    private static char One(YamlEntry? entry, char fallback) => entry?.Text switch
    {
        null => fallback,
        "\\t" or "tab" => '\t',
        { Length: 1 } text => text[0],
        _ => throw entry.Error("must be one character"),
    };

    private static TimeSpan Duration(YamlEntry? entry)
    {
        if (entry is null)
        {
            return TimeSpan.FromMinutes(5);
        }

        var text = entry.Text;
        if (text.Length > 1 && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var amount) && amount >= 0)
        {
            switch (text[^1])
            {
                case 's':
                    return TimeSpan.FromSeconds(amount);
                case 'm':
                    return TimeSpan.FromMinutes(amount);
                case 'h':
                    return TimeSpan.FromHours(amount);
                case 'd':
                    return TimeSpan.FromDays(amount);
                default:
                    break;
            }
        }

        throw entry.Error($"is '{text}'; a duration is a number with s, m, h or d, for example 5m");
    }
}

namespace RetailFlow.Lakehouse.Projects;

/// <summary>What one feed promises: a dbt source table of the source <c>bronze</c>.</summary>
public sealed record FeedContract
{
    /// <summary>Name of the feed; its Bronze table is <c>bronze.&lt;name&gt;</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, for people.</summary>
    public string? Description { get; init; }

    /// <summary>What a record is.</summary>
    public RecordKind Record { get; init; }

    /// <summary>Whether its records are what a node decided or noted: they come from the journal alone, where they stand between stock records.</summary>
    public bool IsNoted => Record is RecordKind.Reservation or RecordKind.Incident;

    /// <summary>The source of records that name none.</summary>
    public string DefaultSource { get; init; } = "default";

    /// <summary>How far in the future an event may lie when it is received.</summary>
    public TimeSpan SkewAllowance { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What happens to a column that the contract does not name.</summary>
    public UnknownColumns UnknownColumns { get; init; }

    /// <summary>Columns of a feed of kind <see cref="RecordKind.Columns"/>.</summary>
    public IReadOnlyList<ContractColumn> Columns { get; init; } = [];

    /// <summary>The ways in which files of columns may be laid out; the first whose columns a file has is used.</summary>
    public IReadOnlyList<FileLayout> Layouts { get; init; } = [];

    /// <summary>How CSV files of this feed are written.</summary>
    public CsvDialect Csv { get; init; } = new();

    /// <summary>The layout of a file with these columns.</summary>
    public FileLayout LayoutOf(IReadOnlyCollection<string> columns) =>
        Layouts.FirstOrDefault(layout => layout.Columns.All(c => columns.Contains(c, StringComparer.OrdinalIgnoreCase))) ?? FileLayout.AsNamed;
}

/// <summary>One way in which a file of columns may be laid out.</summary>
public sealed record FileLayout
{
    /// <summary>A layout that takes every column as it is named.</summary>
    public static FileLayout AsNamed { get; } = new() { Name = "as named" };

    /// <summary>Its name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Columns that a file must have to be of this layout.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Each field as an SQL expression over the file's columns, all of them text; a field that is not named is the column of its name.</summary>
    public IReadOnlyDictionary<string, string> Mapping { get; init; } = new Dictionary<string, string>();

    /// <summary>Conditions that every record must meet.</summary>
    public IReadOnlyList<ContractRule> Rules { get; init; } = [];
}

/// <summary>What a record of a feed is.</summary>
public enum RecordKind
{
    /// <summary>A row with the contract's columns.</summary>
    Columns,

    /// <summary>A stock record.</summary>
    Stock,

    /// <summary>A transition of a reservation, as the node's journal has it.</summary>
    Reservation,

    /// <summary>An incident, as the node's journal has it.</summary>
    Incident,
}

/// <summary>What happens to a column that the contract does not name.</summary>
public enum UnknownColumns
{
    /// <summary>It is kept as JSON in <c>_rescued</c>.</summary>
    Rescue,

    /// <summary>The record is quarantined.</summary>
    Reject,
}

/// <summary>One column of a contract.</summary>
/// <param name="Name">Name in Bronze.</param>
/// <param name="SqlType">Its type.</param>
/// <param name="NotNull">True if a record without it is quarantined.</param>
/// <param name="Description">What it is, for people.</param>
public sealed record ContractColumn(string Name, string SqlType, bool NotNull, string? Description);

/// <summary>A condition on a record: SQL over the file's columns that must be true.</summary>
/// <param name="Name">The rule's name, which quarantined records carry.</param>
/// <param name="Check">The condition.</param>
public sealed record ContractRule(string Name, string Check);

/// <summary>How a CSV file is written.</summary>
public sealed record CsvDialect
{
    /// <summary>Between fields.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>Around fields that contain delimiters.</summary>
    public char Quote { get; init; } = '"';

    /// <summary>Names of the columns where the file has no header line; null if it has one.</summary>
    public IReadOnlyList<string>? Header { get; init; }
}

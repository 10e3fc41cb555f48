using RetailFlow.Delta;

namespace RetailFlow.Lakehouse.Projects;

/// <summary>One model: SQL over other tables, in dbt's layout.</summary>
public sealed record ModelDefinition
{
    /// <summary>Full name, <c>layer.name</c>, for example <c>silver.inventory_events</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The model's own name, by which <c>ref</c> finds it.</summary>
    public required string ShortName { get; init; }

    /// <summary>Layer: the folder below <c>models/</c>.</summary>
    public required string Layer { get; init; }

    /// <summary>What it is, for people.</summary>
    public string? Description { get; init; }

    /// <summary>Tags that selectors can name.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The SQL as written.</summary>
    public required string Sql { get; init; }

    /// <summary>Full names of the tables that the SQL refers to, in order of appearance.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Columns that identify a row; empty for a model that is rebuilt as a whole.</summary>
    public IReadOnlyList<string> UniqueKey { get; init; } = [];

    /// <summary>How a run follows its inputs.</summary>
    public ModelStrategy Strategy { get; init; }

    /// <summary>
    /// For <see cref="ModelStrategy.Accumulate"/>: column lists that carry a key of this model; rows that share such a key
    /// are judged together. The first is the key itself.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> Links { get; init; } = [];

    /// <summary>For <see cref="ModelStrategy.Accumulate"/>: the column that orders the records of all inputs.</summary>
    public string? OrderColumn { get; init; }

    /// <summary>For <see cref="ModelStrategy.Accumulate"/>: rules whose quarantined records still hold their key.</summary>
    public IReadOnlyList<string> KeyHoldingRules { get; init; } = [];

    /// <summary>
    /// For <see cref="ModelStrategy.Keys"/>: SQL that folds changes into the rows there are; rows it marks with
    /// <c>_evaluate</c> are evaluated from the inputs instead, rows that it does not give leave. Null if every affected key is evaluated.
    /// </summary>
    public string? FoldSql { get; init; }

    /// <summary>Short names of the inputs of which the fold is given the new rows alone; of the others it is given all rows of the keys in question. Empty if it follows any one input.</summary>
    public IReadOnlyList<string> FoldInputs { get; init; } = [];

    /// <summary>
    /// Full names of the inputs of which the fold is given, by <c>changes</c>, the rows that came and those that left, with a <c>_sign</c>; it follows
    /// them whatever changed.
    /// </summary>
    public IReadOnlyList<string> FoldChanges { get; init; } = [];

    /// <summary>
    /// For <see cref="ModelStrategy.Keys"/>: the columns of the unique key by which rows are found and evaluated together; the whole key
    /// unless inputs hold a part of it only.
    /// </summary>
    public IReadOnlyList<string> By { get; init; } = [];

    /// <summary>
    /// For <see cref="ModelStrategy.Accumulate"/>: the ephemeral model that lists the records that are not accepted, by
    /// <c>_file</c> and <c>accepted_order</c>, with a <c>verdict</c>: <c>duplicate</c>, or the rule that sets it aside, and for a
    /// conflict the <c>other_order</c> of the record that holds its identity.
    /// </summary>
    public string? Rejected { get; init; }

    /// <summary>
    /// For <see cref="ModelStrategy.Keys"/>: by input, the columns that hold <see cref="By"/>. An input that is not named holds
    /// it in columns of the same names, or not at all.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> InputKeys { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Who must be able to read the table, when it is created; null for the profile of its layer.</summary>
    public TableProfile? Profile { get; init; }

    /// <summary>True if somebody waits for it: it and what it refers to run before other models.</summary>
    public bool IsUrgent { get; init; }

    /// <summary>True for SQL that other models refer to and that is no table.</summary>
    public bool IsEphemeral { get; init; }

    /// <summary>The file it was read from.</summary>
    public required string File { get; init; }
}

/// <summary>How a run of a model follows its inputs.</summary>
public enum ModelStrategy
{
    /// <summary>The model is evaluated as a whole and replaced if anything changed.</summary>
    Full,

    /// <summary>
    /// The input is a log of records, the model keeps the accepted ones: its SQL, given what it accepted before together with
    /// what is new, gives what it would give for everything.
    /// </summary>
    Accumulate,

    /// <summary>Rows of the keys that changed in an input are evaluated again, with the input restricted to those keys.</summary>
    Keys,
}

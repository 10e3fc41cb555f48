namespace RetailFlow.DuckDb;

/// <summary>What kind of failure the engine reports. The numbers are those of <c>duckdb_error_type</c> in duckdb.h.</summary>
public enum DuckDbErrorKind
{
    /// <summary>The engine named no kind.</summary>
    Unknown = 0,

    /// <summary>A number outside the range of its type.</summary>
    OutOfRange = 1,

    /// <summary>A value that cannot be converted.</summary>
    Conversion = 2,

    /// <summary>An unknown type.</summary>
    UnknownType = 3,

    /// <summary>A failure of decimal arithmetic.</summary>
    DecimalArithmetic = 4,

    /// <summary>Types that do not match.</summary>
    MismatchType = 5,

    /// <summary>Division by zero.</summary>
    DivideByZero = 6,

    /// <summary>A value that is too large.</summary>
    ObjectSize = 7,

    /// <summary>A type that is not valid here.</summary>
    InvalidType = 8,

    /// <summary>A value that cannot be serialized.</summary>
    Serialization = 9,

    /// <summary>A transaction that is not in the right state, or conflicts with another.</summary>
    Transaction = 10,

    /// <summary>Something that the engine does not support.</summary>
    NotImplemented = 11,

    /// <summary>A failure in an expression.</summary>
    Expression = 12,

    /// <summary>A table, view or function that is missing or exists already.</summary>
    Catalog = 13,

    /// <summary>SQL that cannot be parsed.</summary>
    Parser = 14,

    /// <summary>A failure of the planner.</summary>
    Planner = 15,

    /// <summary>A failure of the scheduler.</summary>
    Scheduler = 16,

    /// <summary>A failure of the executor.</summary>
    Executor = 17,

    /// <summary>A constraint that does not hold.</summary>
    Constraint = 18,

    /// <summary>A failure of an index.</summary>
    Index = 19,

    /// <summary>A failure of statistics.</summary>
    Statistics = 20,

    /// <summary>A failure of the connection.</summary>
    Connection = 21,

    /// <summary>A failure of syntax found after parsing.</summary>
    Syntax = 22,

    /// <summary>A setting that is unknown or has a wrong value.</summary>
    Settings = 23,

    /// <summary>A name or type that cannot be resolved.</summary>
    Binder = 24,

    /// <summary>A failure of the network.</summary>
    Network = 25,

    /// <summary>A failure of the optimizer.</summary>
    Optimizer = 26,

    /// <summary>A missing pointer in the engine.</summary>
    NullPointer = 27,

    /// <summary>A failure to read or write.</summary>
    IO = 28,

    /// <summary>The statement was interrupted.</summary>
    Interrupt = 29,

    /// <summary>A failure after which the database accepts no more work.</summary>
    Fatal = 30,

    /// <summary>A fault of the engine.</summary>
    Internal = 31,

    /// <summary>Input that is not valid.</summary>
    InvalidInput = 32,

    /// <summary>The memory limit was reached.</summary>
    OutOfMemory = 33,

    /// <summary>An operation that the configuration forbids.</summary>
    Permission = 34,

    /// <summary>A parameter without a type.</summary>
    ParameterNotResolved = 35,

    /// <summary>A parameter where none may stand.</summary>
    ParameterNotAllowed = 36,

    /// <summary>An object that others depend on.</summary>
    Dependency = 37,

    /// <summary>A failure over HTTP.</summary>
    Http = 38,

    /// <summary>An extension that is not there.</summary>
    MissingExtension = 39,

    /// <summary>An extension that could not be loaded by itself.</summary>
    Autoload = 40,

    /// <summary>A failure of a sequence.</summary>
    Sequence = 41,

    /// <summary>A configuration that is not valid.</summary>
    InvalidConfiguration = 42,
}

/// <summary>A failure that the engine reports; the message is the engine's own.</summary>
public sealed class DuckDbException : Exception
{
    private static readonly Dictionary<string, DuckDbErrorKind> Prefixes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Out of Range"] = DuckDbErrorKind.OutOfRange,
        ["Unknown Type"] = DuckDbErrorKind.UnknownType,
        ["Decimal"] = DuckDbErrorKind.DecimalArithmetic,
        ["Mismatch Type"] = DuckDbErrorKind.MismatchType,
        ["Divide by Zero"] = DuckDbErrorKind.DivideByZero,
        ["Object Size"] = DuckDbErrorKind.ObjectSize,
        ["Invalid type"] = DuckDbErrorKind.InvalidType,
        ["TransactionContext"] = DuckDbErrorKind.Transaction,
        ["Not implemented"] = DuckDbErrorKind.NotImplemented,
        ["Stat"] = DuckDbErrorKind.Statistics,
        ["Invalid Input"] = DuckDbErrorKind.InvalidInput,
        ["Out of Memory"] = DuckDbErrorKind.OutOfMemory,
        ["Parameter Not Resolved"] = DuckDbErrorKind.ParameterNotResolved,
        ["Parameter Not Allowed"] = DuckDbErrorKind.ParameterNotAllowed,
        ["Missing Extension"] = DuckDbErrorKind.MissingExtension,
        ["Extension Autoloading"] = DuckDbErrorKind.Autoload,
        ["Invalid Configuration"] = DuckDbErrorKind.InvalidConfiguration,
    };

    /// <summary>A failure with its kind.</summary>
    public DuckDbException(DuckDbErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    /// <summary>A failure without text.</summary>
    public DuckDbException()
    {
    }

    /// <summary>A failure whose kind stands before " Error: " in the engine's message.</summary>
    public DuckDbException(string message)
        : this(KindOf(message), message)
    {
    }

    /// <summary>A failure whose kind stands before " Error: " in the engine's message.</summary>
    public DuckDbException(string message, Exception innerException)
        : this(KindOf(message), message, innerException)
    {
    }

    /// <summary>What kind of failure this is.</summary>
    public DuckDbErrorKind Kind { get; }

    private static DuckDbErrorKind KindOf(string message)
    {
        int end = message.IndexOf(" Error: ", StringComparison.Ordinal);
        string prefix = end < 0 ? "" : message[..end];
        return Prefixes.TryGetValue(prefix, out DuckDbErrorKind kind) || (Enum.TryParse(prefix, ignoreCase: true, out kind) && Enum.IsDefined(kind))
            ? kind
            : DuckDbErrorKind.Unknown;
    }
}

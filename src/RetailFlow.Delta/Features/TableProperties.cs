using System.Globalization;

namespace RetailFlow.Delta;

/// <summary>The properties in a table's configuration that RetailFlow obeys. Malformed values are an error, not a default.</summary>
public sealed class TableProperties
{
    /// <summary>Size of data files of tables that say nothing else: 128 MiB.</summary>
    public const long UsualFileBytes = 128L << 20;

    /// <summary>Size of data files that are likely to be rewritten: 16 MiB.</summary>
    public const long RewriteFileBytes = 16L << 20;

    private const string TargetFileSizeProperty = "delta.targetFileSize";
    private const long LeastFileBytes = 1L << 10;
    private const long MostFileBytes = 1L << 40;

    private static readonly TimeSpan Week = TimeSpan.FromDays(7);
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);
    private readonly IReadOnlyDictionary<string, string> configuration;

    internal TableProperties(IReadOnlyDictionary<string, string> configuration) => this.configuration = configuration;

    /// <summary>The properties of a table.</summary>
    public static TableProperties Of(Metadata metadata) => new(metadata.Configuration);

    /// <summary><c>delta.appendOnly</c>: rows may never be removed or changed.</summary>
    public bool AppendOnly => Flag("delta.appendOnly");

    /// <summary><c>delta.enableChangeDataFeed</c>.</summary>
    public bool ChangeDataFeed => Flag("delta.enableChangeDataFeed");

    /// <summary><c>delta.enableInCommitTimestamps</c>.</summary>
    public bool InCommitTimestamps => Flag("delta.enableInCommitTimestamps");

    /// <summary><c>delta.inCommitTimestampEnablementVersion</c>; null when enabled from the first version on.</summary>
    public long? InCommitTimestampEnablementVersion => Number("delta.inCommitTimestampEnablementVersion");

    /// <summary><c>delta.inCommitTimestampEnablementTimestamp</c>, milliseconds since 1970 UTC.</summary>
    public long? InCommitTimestampEnablementTimestamp => Number("delta.inCommitTimestampEnablementTimestamp");

    /// <summary><c>delta.checkpointInterval</c> in commits; null when not set.</summary>
    public long? CheckpointInterval => Number("delta.checkpointInterval");

    /// <summary><c>delta.isolationLevel</c>; null when not set.</summary>
    public IsolationLevel? IsolationLevel => Text("delta.isolationLevel") is { } text
        ? Enum.TryParse<IsolationLevel>(text, ignoreCase: true, out var level) ? level : throw Malformed("delta.isolationLevel", text)
        : null;

    /// <summary><c>delta.deletedFileRetentionDuration</c>: how long tombstones are kept; a week when not set.</summary>
    public TimeSpan DeletedFileRetention => Interval("delta.deletedFileRetentionDuration") ?? Week;

    /// <summary><c>delta.setTransactionRetentionDuration</c>: how long an application's progress is kept; null for ever.</summary>
    public TimeSpan? TransactionRetention => Interval("delta.setTransactionRetentionDuration");

    /// <summary><c>delta.logRetentionDuration</c>: how long versions stay readable; 30 days when not set.</summary>
    public TimeSpan LogRetention => Interval("delta.logRetentionDuration") ?? Month;

    /// <summary><c>delta.enableExpiredLogCleanup</c>: whether a checkpoint is followed by a clean-up of the log; true when not set.</summary>
    public bool ExpiredLogCleanUp => Text("delta.enableExpiredLogCleanup") is null || Flag("delta.enableExpiredLogCleanup");

    /// <summary><c>delta.columnMapping.mode</c>: none, name or id.</summary>
    public string ColumnMappingMode => Text("delta.columnMapping.mode") ?? "none";

    /// <summary><c>delta.dataSkippingNumIndexedCols</c>: how many leaf columns get statistics; negative for all.</summary>
    public int IndexedColumns => (int)Math.Clamp(Number("delta.dataSkippingNumIndexedCols") ?? StatisticsBuilder.DefaultIndexedColumns, -1, int.MaxValue);

    /// <summary><c>delta.dataSkippingStatsColumns</c>: the columns that get statistics, as a list of names; null when not set.</summary>
    public string? StatisticsColumns => Text("delta.dataSkippingStatsColumns");

    /// <summary><c>delta.enableDeletionVectors</c>: rows may be deleted without rewriting their file.</summary>
    public bool DeletionVectors => Flag("delta.enableDeletionVectors");

    /// <summary><c>delta.enableRowTracking</c>: rows keep their ids when they are updated or moved.</summary>
    public bool RowTracking => Flag("delta.enableRowTracking");

    /// <summary><c>delta.rowTrackingSuspended</c>: no row ids are given out.</summary>
    public bool RowTrackingSuspended => Flag("delta.rowTrackingSuspended");

    /// <summary><c>delta.enableTypeWidening</c>: types of columns may be widened.</summary>
    public bool TypeWidening => Flag("delta.enableTypeWidening");

    /// <summary><c>delta.checkpointPolicy</c>: <c>classic</c> or <c>v2</c>.</summary>
    public string CheckpointPolicy => Text("delta.checkpointPolicy") ?? "classic";

    /// <summary>
    /// <c>delta.targetFileSize</c>: bytes, alone or with a unit of 1,024 (<c>b</c>, <c>kb</c>, <c>mb</c>, <c>gb</c>), from 1 KiB to 1 TiB;
    /// null when not set.
    /// </summary>
    public long? TargetFileSize => Text(TargetFileSizeProperty) is { } text ? FileSize(text) : null;

    /// <summary><c>delta.tuneFileSizesForRewrites</c>: rows change often, so that files shall be small; null when not set.</summary>
    public bool? TunesFileSizesForRewrites => Text("delta.tuneFileSizesForRewrites") is null ? null : Flag("delta.tuneFileSizesForRewrites");

    /// <summary>
    /// Size in bytes that data files shall have: what <see cref="TargetFileSize"/> says, else <see cref="RewriteFileBytes"/> where a change
    /// of rows rewrites their files and is to be expected (<see cref="TunesFileSizesForRewrites"/>, or the profile <c>interop</c>), else <see cref="UsualFileBytes"/>.
    /// </summary>
    public long TargetFileBytes =>
        TargetFileSize ?? ((TunesFileSizesForRewrites ?? (Profile == TableProfile.Interop && !DeletionVectors)) ? RewriteFileBytes : UsualFileBytes);

    /// <summary><c>retailflow.profile</c>; null when the table has none.</summary>
    public TableProfile? Profile => Text(TableProfile.Property) is { } name ? TableProfile.Find(name) ?? throw Malformed(TableProfile.Property, name) : null;

    /// <summary>Reads every property, so that a malformed one shows before it is written.</summary>
    internal void RequireWellFormed()
    {
        _ = (AppendOnly, ChangeDataFeed, InCommitTimestamps, InCommitTimestampEnablementVersion, InCommitTimestampEnablementTimestamp);
        _ = (CheckpointInterval, IsolationLevel, DeletedFileRetention, TransactionRetention, IndexedColumns, LogRetention, ExpiredLogCleanUp);
        _ = (DeletionVectors, RowTracking, RowTrackingSuspended, TypeWidening, Profile, TargetFileSize, TunesFileSizesForRewrites);
        if (ColumnMappingMode is not ("none" or "name" or "id"))
        {
            throw Malformed("delta.columnMapping.mode", ColumnMappingMode);
        }

        if (CheckpointPolicy is not ("classic" or "v2"))
        {
            throw Malformed("delta.checkpointPolicy", CheckpointPolicy);
        }
    }

    private string? Text(string key) => configuration.GetValueOrDefault(key);

    private bool Flag(string key) => Text(key) is { } text && (bool.TryParse(text, out var flag) ? flag : throw Malformed(key, text));

    private long? Number(string key) => Text(key) is { } text
        ? long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Malformed(key, text)
        : null;

    private static long FileSize(string text)
    {
        var digits = text.AsSpan().Trim();
        var end = digits.LastIndexOfAnyInRange('0', '9') + 1;
        var shift = digits[end..].Trim().ToString().ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KB" => 10,
            "M" or "MB" => 20,
            "G" or "GB" => 30,
            _ => -1,
        };
        return shift >= 0
            && long.TryParse(digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count <= MostFileBytes >> shift
            && count << shift >= LeastFileBytes
            ? count << shift
            : throw DeltaException.Corrupt(
                $"The table property '{TargetFileSizeProperty}' has the value '{text}', which is no size: a number of bytes from 1 KiB to 1 TiB, alone or with the unit kb, mb or gb.");
    }

    private TimeSpan? Interval(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is ["interval" or "INTERVAL", ..])
        {
            words = words[1..];
        }

        var total = TimeSpan.Zero;
        if (words.Length is 0 || words.Length % 2 != 0)
        {
            throw Malformed(key, text);
        }

        for (var i = 0; i < words.Length; i += 2)
        {
            if (!double.TryParse(words[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var count) || UnitOf(words[i + 1]) is not { } unit
                || !(Math.Abs(count * unit.TotalDays) < 1_000_000))
            {
                throw Malformed(key, text);
            }

            total += count * unit;
        }

        return total;
    }

    private static TimeSpan? UnitOf(string word) => word.TrimEnd('s', 'S').ToUpperInvariant() switch
    {
        "WEEK" => Week,
        "DAY" => TimeSpan.FromDays(1),
        "HOUR" => TimeSpan.FromHours(1),
        "MINUTE" => TimeSpan.FromMinutes(1),
        "SECOND" => TimeSpan.FromSeconds(1),
        "MILLISECOND" => TimeSpan.FromMilliseconds(1),
        "MICROSECOND" => TimeSpan.FromMicroseconds(1),
        _ => null,
    };

    private static DeltaException Malformed(string key, string value) => DeltaException.Corrupt($"The table property '{key}' has the value '{value}', which is not one of its kind.");
}

using RetailFlow.Lakehouse.Stores;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse;

/// <summary>Where a lake is, which project describes it, and what it may use of the machine.</summary>
public sealed record LakeOptions
{
    /// <summary>
    /// Where the lake is, with its RAW files and Delta tables: a folder, or a place in Azure storage by its URL
    /// (<c>abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH</c> or <c>https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH</c>).
    /// </summary>
    public required string LakePath { get; init; }

    /// <summary>Folder of the dbt project with feeds and models.</summary>
    public required string ProjectPath { get; init; }

    /// <summary>Name of the environment whose settings apply.</summary>
    public string Environment { get; init; } = "dev";

    /// <summary>Engine threads; null leaves one per core.</summary>
    public int? Threads { get; init; }

    /// <summary>Most memory the engine may take, in bytes, before it spills to disk; null means 2.5 GiB.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>The clock of everything that is stamped.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Source of unique file and transaction names.</summary>
    public Func<Guid> NewGuid { get; init; } = Guid.NewGuid;

    /// <summary>The store under the lake; null opens <see cref="LakePath"/>. With it, <see cref="LakePath"/> is the folder for what must be local.</summary>
    public IObjectStore? Store { get; init; }

    /// <summary>How a lake in Azure is reached, and what it may use of this machine.</summary>
    public RemoteOptions Remote { get; init; } = new();

    /// <summary>Receives what an operator should know although nothing failed, in one line; may be called from any thread.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Receives progress of long work; may be called from any thread.</summary>
    public Action<LakeProgress>? Progress { get; init; }
}

/// <summary>One step of long work.</summary>
/// <param name="Step">What is being done, for example <c>silver.inventory_events</c>.</param>
/// <param name="Detail">How far it is, in words.</param>
/// <param name="Fraction">Part done, 0 to 1, or null where it is not known.</param>
public readonly record struct LakeProgress(string Step, string Detail, double? Fraction);

/// <summary>What a caller can do about a failure; maps onto exit codes and HTTP statuses.</summary>
public enum LakeErrorKind
{
    /// <summary>The request names something that does not exist or is not allowed: fix the request.</summary>
    InvalidInput,

    /// <summary>The project or its configuration is wrong: fix the file that the message names.</summary>
    Configuration,

    /// <summary>Another writer did something that contradicts the request.</summary>
    Conflict,

    /// <summary>A disk, a store or an engine did not do its work: try again.</summary>
    Unavailable,

    /// <summary>Bytes are not what was written: restore or rebuild.</summary>
    Corrupt,
}

/// <summary>A failure with one line that a person can act on: it names the field, the value and the rule.</summary>
public sealed class LakeException(LakeErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the caller can do about it.</summary>
    public LakeErrorKind Kind { get; } = kind;
}

using System.Text.RegularExpressions;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Judges the reading of Delta tables by tables that other writers made.</summary>
public static partial class Conformance
{
    private const string Log = "_delta_log";

    /// <summary>
    /// Judges every table below a folder: a folder with a <c>_delta_log</c>, or named <c>delta</c>. Beside a table a folder
    /// <c>expected</c> may hold its newest content as Parquet files; where one folder has several tables, in a folder of the table's name.
    /// No verdict depends on what a table is called.
    /// </summary>
    /// <param name="folder">Where to look.</param>
    /// <param name="workFolder">Folder for spilled data.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    public static async ValueTask<ConformanceReport> JudgeAsync(string folder, string workFolder, CancellationToken cancellationToken)
    {
        using var session = DeltaTables.Open(new LocalObjectStore("/"), new DeltaTablesOptions { WorkFolder = workFolder });
        var results = new List<ConformanceResult>();
        var root = Path.GetFullPath(folder);
        foreach (var table in Find(root))
        {
            var name = Path.GetRelativePath(root, Path.GetFileName(table) == "delta" && table != root ? Path.GetDirectoryName(table)! : table);
            results.Add(await JudgeAsync(session, name, table, cancellationToken));
        }

        return new ConformanceReport([.. results.OrderBy(r => r.Name, StringComparer.Ordinal)]);
    }

    /// <summary>The folders of tables below a folder, itself included.</summary>
    internal static IEnumerable<string> Find(string folder)
    {
        if (Directory.Exists(Path.Combine(folder, Log)))
        {
            return [folder];
        }

        var below = Directory.GetDirectories(folder).Where(d => Path.GetFileName(d) != "expected").Order(StringComparer.Ordinal).SelectMany(Find).ToList();
        return below.Count == 0 && Path.GetFileName(folder) == "delta" ? [folder] : below;
    }

    private static async ValueTask<ConformanceResult> JudgeAsync(DeltaTables session, string name, string folder, CancellationToken cancellationToken)
    {
        using var connection = session.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        LogRules? rules = null;
        try
        {
            rules = LogRules.Of(folder, connection);
            var checks = new TableChecks(DeltaTable.Open(session, folder), folder, connection, rules.Versions);
            await checks.RunAsync(rules.MustRefuse is not null, cancellationToken);
            return rules.MustRefuse is { } reason
                ? new(name, ConformanceVerdict.Wrong, $"it was read although {reason}")
                : checks.Wrongs.Count > 0
                    ? new(name, ConformanceVerdict.Wrong, string.Join("; ", checks.Wrongs))
                    : new(name, ConformanceVerdict.Right, checks.Done);
        }
        catch (DeltaException e) when (rules?.MustRefuse is not null
            && e.Kind is DeltaErrorKind.TableNotFound or DeltaErrorKind.VersionNotFound or DeltaErrorKind.Corrupt or DeltaErrorKind.UnsupportedFeature)
        {
            return new(name, ConformanceVerdict.RefusedAsItMustBe, e.Message);
        }
        catch (DeltaException e) when (IsByName(e))
        {
            return new(name, ConformanceVerdict.RefusedByName, e.Message);
        }
        catch (Exception e) when (e is DeltaException or DuckDbException or IOException)
        {
            return new(name, ConformanceVerdict.Wrong, $"it was refused: {e.Message}");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One table must not end the judgement of the others.
            return new(name, ConformanceVerdict.Wrong, $"its reading failed: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Whether a refusal names a feature or a type that is not claimed to be supported: nothing else may be refused.</summary>
    internal static bool IsByName(DeltaException refusal)
    {
        const string features = "not supported: ";
        var message = refusal.Message;
        return refusal.Kind == DeltaErrorKind.UnsupportedFeature
            && (message.Contains("variant", StringComparison.Ordinal)
                || (UnknownType().Match(message) is { Success: true } type && PrimitiveType.Find(type.Groups["name"].Value) is null)
                || (message.LastIndexOf(features, StringComparison.Ordinal) is >= 0 and var at
                    && message[(at + features.Length)..].TrimEnd('.').Split(", ").Any(feature => !SupportedFeatures.Reader.Contains(feature))));
    }

    [GeneratedRegex("a column of the type '(?<name>[^']+)', which is not supported")]
    private static partial Regex UnknownType();
}

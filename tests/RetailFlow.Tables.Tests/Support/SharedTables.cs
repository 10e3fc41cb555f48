using System.Runtime.CompilerServices;

namespace RetailFlow.Tables.Tests.Support;

/// <summary>
/// The conformance tables of other Delta implementations: a folder <c>shared/conformance/delta</c> beside the repository. Where it is
/// missing its tests are skipped, except in continuous integration, where they fail.
/// </summary>
internal static class SharedTables
{
    public static string? Folder { get; } = Find();

    public static string Path(string relative)
    {
        var message = $"The Delta conformance tables are not beside the repository ({relative}).";
        Assert.SkipWhen(Folder is null && Environment.GetEnvironmentVariable("CI") != "true", message);
        Assert.True(Folder is not null, message);
        return System.IO.Path.Combine(Folder, relative);
    }

    public static IEnumerable<string> Below(string family) => Folder is null
        ? ["absent"]
        : Directory.GetDirectories(System.IO.Path.Combine(Folder, family)).Select(d => $"{family}/{System.IO.Path.GetFileName(d)}").Order(StringComparer.Ordinal);

    private static string? Find([CallerFilePath] string here = "")
    {
        for (var folder = new DirectoryInfo(here).Parent; folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "RetailFlow.slnx")))
            {
                var found = System.IO.Path.Combine(folder.Parent!.FullName, "shared", "conformance", "delta");
                return Directory.Exists(found) ? found : null;
            }
        }

        return null;
    }
}

using System.Runtime.CompilerServices;
using Xunit;

namespace RetailFlow.Testing.Conformance;

/// <summary>
/// The conformance tables of other Delta implementations: a folder <c>shared/conformance/delta</c> beside the repository. Where it is
/// missing its tests are skipped, except in continuous integration, where they fail.
/// </summary>
public static class ConformanceFolder
{
    /// <summary>The folder of all tables.</summary>
    public static string Delta([CallerFilePath] string sourceFile = "") => Shared(Path.Join("conformance", "delta"), sourceFile);

    /// <summary>A folder below <c>shared</c>.</summary>
    internal static string Shared(string name, string sourceFile)
    {
        // Binaries may be built outside the repository; sources never are.
        var repository = Repository(AppContext.BaseDirectory) ?? Repository(sourceFile);
        var root = Path.Join(repository?.Parent?.FullName, "shared", name);
        if (!Directory.Exists(root))
        {
            var message = $"The shared input is not at '{root}'.";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", message);
            Assert.Fail(message);
        }

        return root;
    }

    private static DirectoryInfo? Repository(string from)
    {
        var folder = new DirectoryInfo(from);
        while (folder is not null && !File.Exists(Path.Join(folder.FullName, "RetailFlow.slnx")))
        {
            folder = folder.Parent;
        }

        return folder;
    }
}

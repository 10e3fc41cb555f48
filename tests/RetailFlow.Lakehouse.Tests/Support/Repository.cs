namespace RetailFlow.Lakehouse.Tests.Support;

/// <summary>Finds folders of the repository, and the optional folder of shared input beside it.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Folder(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A folder of shared input. Where it is absent the test is skipped and says so; with CI=true that is a failure.</summary>
    public static string Shared(params string[] parts)
    {
        var folder = Path.Combine([Path.GetDirectoryName(Root)!, "shared", .. parts]);
        if (!Directory.Exists(folder))
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"The shared input '{folder}' is absent.");
            Assert.Skip($"The shared input '{folder}' is absent.");
        }

        return folder;
    }

    private static string FindRoot([System.Runtime.CompilerServices.CallerFilePath] string source = "")
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(source)! })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "RetailFlow.slnx")))
                {
                    return folder.FullName;
                }
            }
        }

        throw new DirectoryNotFoundException("RetailFlow.slnx is in no folder above the tests.");
    }
}

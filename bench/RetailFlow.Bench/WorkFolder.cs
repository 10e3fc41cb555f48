namespace RetailFlow.Bench;

/// <summary>A folder that lives as long as a measurement.</summary>
internal sealed class WorkFolder : IDisposable
{
    public WorkFolder(string? parent, string name)
    {
        if (parent is null)
        {
            Path = Directory.CreateTempSubdirectory($"retailflow-bench-{name}-").FullName;
            return;
        }

        Path = System.IO.Path.GetFullPath(System.IO.Path.Combine(parent, $"retailflow-bench-{name}-{Environment.ProcessId}"));
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string Sub(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

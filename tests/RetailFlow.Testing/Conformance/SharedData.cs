using System.Runtime.CompilerServices;

namespace RetailFlow.Testing.Conformance;

/// <summary>
/// Real documents of others: folders below <c>shared/data</c> beside the repository. Where one is missing its tests are skipped, except in
/// continuous integration, where they fail.
/// </summary>
public static class SharedData
{
    /// <summary>A folder of documents.</summary>
    public static string Folder(string name, [CallerFilePath] string sourceFile = "") => ConformanceFolder.Shared(Path.Join("data", name), sourceFile);

    /// <summary>A document's bytes.</summary>
    public static byte[] Read(string folder, string file, [CallerFilePath] string sourceFile = "") => File.ReadAllBytes(Path.Join(Folder(folder, sourceFile), file));
}

using System.Reflection;
using System.Runtime.InteropServices;

namespace RetailFlow.DuckDb.Native;

/// <summary>Finds the DuckDB shared library beside the program, where the build puts it.</summary>
internal static class NativeLibraryLoader
{
    /// <summary>The name that the imports use.</summary>
    public const string LibraryName = "duckdb";

    private static readonly Lock Gate = new();
    private static nint library;

    /// <summary>The resolver for imports of <see cref="LibraryName"/>; other names are left to the runtime.</summary>
    public static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != LibraryName)
        {
            return 0;
        }

        lock (Gate)
        {
            if (library == 0)
            {
                library = Load(assembly);
            }

            return library;
        }
    }

    private static nint Load(Assembly assembly)
    {
        string file = OperatingSystem.IsWindows() ? "duckdb.dll" : OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";
        string? path = Candidates(assembly).Select(directory => Path.Combine(directory, file)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            throw new DllNotFoundException(
                $"{file} is not in {AppContext.BaseDirectory}. The build of RetailFlow.DuckDb fetches it with npm and copies it beside the program; build again or copy it there.");
        }

        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"{path} cannot be loaded on {RuntimeInformation.RuntimeIdentifier}: {failure.Message}", failure);
        }
    }

    private static IEnumerable<string> Candidates(Assembly assembly)
    {
        yield return AppContext.BaseDirectory;
        if (Path.GetDirectoryName(assembly.Location) is { Length: > 0 } beside)
        {
            yield return beside;
        }
    }
}

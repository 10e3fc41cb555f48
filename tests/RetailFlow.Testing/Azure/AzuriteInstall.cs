using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;

namespace RetailFlow.Testing.Azure;

/// <summary>
/// Installs the blob server with <c>npm ci</c> when a test first needs it, into a folder of the build's artifacts that is
/// named after the lock file. Processes that do so at once each install; the first to finish gives the folder its name.
/// </summary>
internal static class AzuriteInstall
{
    private static readonly string[] s_files = ["package.json", "package-lock.json", "serve.cjs"];
    private static readonly Lazy<Task<string>> s_installed = new(InstallAsync);

    /// <summary>The folder in which <c>node serve.cjs</c> starts the server.</summary>
    public static Task<string> FolderAsync() => s_installed.Value;

    private static async Task<string> InstallAsync()
    {
        string package = Metadata("AzuritePackage");
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in s_files)
        {
            hash.AppendData(await File.ReadAllBytesAsync(Path.Join(package, file)));
        }

        string parent = Metadata("AzuriteInstalled");
        string target = Path.Join(parent, Convert.ToHexStringLower(hash.GetHashAndReset())[..16]);
        if (Directory.Exists(target))
        {
            return target;
        }

        string work = Path.Join(parent, "install-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(work);
        foreach (string file in s_files)
        {
            File.Copy(Path.Join(package, file), Path.Join(work, file));
        }

        await RunNpmAsync(work);
        try
        {
            Directory.Move(work, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            Directory.Delete(work, recursive: true);
        }

        return target;
    }

    private static async Task RunNpmAsync(string folder)
    {
        ProcessStartInfo start = new("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process npm = Process.Start(start)!;
        Task<string> output = npm.StandardOutput.ReadToEndAsync();
        string errors = await npm.StandardError.ReadToEndAsync();
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"npm ci could not install the blob server for the tests (exit code {npm.ExitCode}): {errors}{await output}");
        }
    }

    private static string Metadata(string key) => typeof(AzuriteInstall).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}

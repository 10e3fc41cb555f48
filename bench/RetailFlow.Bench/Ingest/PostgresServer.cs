using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace RetailFlow.Bench.Ingest;

/// <summary>
/// A PostgreSQL server of its own, from the installed package, with its data in a temporary folder and durable commits.
/// It ends with this object.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private PostgresServer(Process process, string connectionString, string version)
    {
        _process = process;
        ConnectionString = connectionString;
        Version = version;
    }

    public string ConnectionString { get; }

    public string Version { get; }

    /// <summary>The parent of the processes that serve the connections.</summary>
    public int Id => _process.Id;

    /// <summary>
    /// Settings beyond the package's own: durability stays fully on; memory and log space are given generously, so that no
    /// checkpoint falls into a measurement of seconds.
    /// </summary>
    public static IReadOnlyList<string> Settings { get; } =
    [
        "fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=1GB", "max_wal_size=16GB", "checkpoint_timeout=30min",
        "wal_buffers=64MB", "max_connections=200", "jit=off",
    ];

    /// <exception cref="BenchException">PostgreSQL is not installed or does not start.</exception>
    public static async Task<PostgresServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var initdb = Find("initdb");
        var postgres = Find("postgres");
        var data = Path.Combine(folder, "postgres");
        Directory.CreateDirectory(data);
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            // initdb refuses to run as root; the package's own user must be able to reach its folder.
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            await RunAsync("chown", ["postgres:", data], cancellationToken);
        }

        var (file, arguments) = AsDatabaseUser(initdb, ["-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        await RunAsync(file, arguments, cancellationToken);

        var port = LoopbackPort.Free();
        (file, arguments) = AsDatabaseUser(
            postgres,
            [
                "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                .. Settings.SelectMany(setting => new[] { "-c", setting }),
            ]);
        var process = Start(file, arguments);
        var log = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "bench",
            Database = "postgres",
            MaxPoolSize = 200,
            Timeout = 5,
            CommandTimeout = 60,
        }.ConnectionString;
        try
        {
            return new PostgresServer(process, connection, await ReadyAsync(process, connection, log, cancellationToken));
        }
        catch
        {
            await Signals.EndAsync(process, Signals.Interrupt, s_patience);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Stops the server; SIGINT is its fast shutdown.</summary>
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Signals.EndAsync(_process, Signals.Interrupt, s_patience);
        _process.Dispose();
    }

    private static async Task<string> ReadyAsync(Process process, string connectionString, Task<string> log, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (process.HasExited)
            {
                throw new BenchException($"PostgreSQL ended while starting: {(await log).Trim()}");
            }

            try
            {
                await using var connection = new NpgsqlConnection(connectionString);
                await connection.OpenAsync(cancellationToken);
                return connection.PostgreSqlVersion.ToString();
            }
            catch (Exception failure) when (failure is NpgsqlException && Stopwatch.GetElapsedTime(started) < s_patience)
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private static string Find(string program)
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var packaged = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin"))
            : [];
        return packaged.Concat(onPath).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new BenchException($"PostgreSQL's {program} is not installed; eng/install-postgresql.sh installs it.");
    }

    private static (string File, IReadOnlyList<string> Arguments) AsDatabaseUser(string program, IReadOnlyList<string> arguments) =>
        Environment.IsPrivilegedProcess
            ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", program, .. arguments])
            : (program, arguments);

    private static async Task RunAsync(string file, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Start(file, arguments);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new BenchException($"{file} {arguments[0]} ended with code {process.ExitCode}: {(await error).Trim()}");
        }
    }

    private static Process Start(string file, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(file)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new BenchException($"{file} did not start.");
    }
}

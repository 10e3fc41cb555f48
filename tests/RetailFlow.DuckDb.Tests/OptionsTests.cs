namespace RetailFlow.DuckDb.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Options_reach_the_engine()
    {
        DuckDbOptions options = new()
        {
            Threads = 1,
            MemoryLimitBytes = 512L * 1024 * 1024,
            TempDirectory = "/tmp/retailflow-never-used",
            PreserveInsertionOrder = false,
            EnableExternalAccess = false,
            Settings = new Dictionary<string, string> { ["default_order"] = "DESC" },
        };
        using DuckDbDatabase database = DuckDbDatabase.Open(options: options);
        using DuckDbConnection connection = database.Connect();

        Assert.Equal(
            [1L, "512.0 MiB", "/tmp/retailflow-never-used", false, false, "UTC", false],
            connection.Query(
                "SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('temp_directory'), current_setting('preserve_insertion_order'), current_setting('enable_external_access'), current_setting('TimeZone'), current_setting('autoload_known_extensions')").ToList()[0]);
        Assert.StartsWith("DESC", (string)connection.Scalar("SELECT current_setting('default_order')")!, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(DuckDbErrorKind.Permission, Assert.Throws<DuckDbException>(() => connection.Execute("COPY (SELECT 1) TO '/tmp/retailflow-never-written.csv'")).Kind);
    }

    [Fact]
    public void A_query_beyond_the_memory_limit_fails_with_out_of_memory_and_the_database_goes_on()
    {
        using DuckDbDatabase database = DuckDbDatabase.Open(options: new DuckDbOptions
        {
            Threads = 1,
            MemoryLimitBytes = 20_000_000,
            TempDirectory = "",
        });
        using DuckDbConnection connection = database.Connect();

        DuckDbException error = Assert.Throws<DuckDbException>(() => connection.Execute("CREATE TABLE t AS SELECT i, hash(i) AS h FROM range(20000000) t(i)"));

        Assert.Equal(DuckDbErrorKind.OutOfMemory, error.Kind);
        Assert.Equal(1, connection.Scalar("SELECT 1"));
    }

    [Theory]
    [InlineData("no_such_setting", "1")]
    [InlineData("threads", "many")]
    public void A_wrong_setting_is_an_error_that_names_it(string name, string value)
    {
        DuckDbException error = Assert.Throws<DuckDbException>(
            () => DuckDbDatabase.Open(options: new DuckDbOptions { Settings = new Dictionary<string, string> { [name] = value } }));

        Assert.Contains(name, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Limits_below_one_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DuckDbDatabase.Open(options: new DuckDbOptions { Threads = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => DuckDbDatabase.Open(options: new DuckDbOptions { MemoryLimitBytes = 0 }));
    }

    [Fact]
    public void A_file_that_is_no_database_is_an_error_with_its_name()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, new string('x', 20_000));

            DuckDbException error = Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(file));

            Assert.Equal(DuckDbErrorKind.IO, error.Kind);
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_database_file_keeps_its_rows()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("retailflow-duckdb-");
        try
        {
            string file = Path.Combine(directory.FullName, "x.duckdb");
            using (DuckDbDatabase first = DuckDbDatabase.Open(file))
            using (DuckDbConnection connection = first.Connect())
            {
                connection.Execute("CREATE TABLE t AS SELECT 42 AS a");
            }

            using DuckDbDatabase second = DuckDbDatabase.Open(file);
            using DuckDbConnection again = second.Connect();
            Assert.Equal(42, again.Scalar("SELECT a FROM t"));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}

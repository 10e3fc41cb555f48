using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Testing.Conformance;

namespace RetailFlow.Tables.Tests.Checkpoints;

/// <summary>The checksums that another writer left beside its versions, against our replay of them.</summary>
public sealed class VersionChecksumTests
{
    [Fact]
    public async Task Every_version_of_the_conformance_tables_that_has_a_checksum_is_what_its_writer_says()
    {
        var root = ConformanceFolder.Delta();
        using var fixture = new CheckpointFixture(root);
        var verified = 0;
        foreach (var file in Directory.GetFiles(root, "*.crc", SearchOption.AllDirectories).Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal))
        {
            var table = Path.GetRelativePath(root, Path.GetDirectoryName(Path.GetDirectoryName(file))!);
            var version = long.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture);
            foreach (var parquet in new ICheckpointParquet[] { fixture.Parquet, new NoCheckpoints() })
            {
                Assert.Equal([], (await fixture.Log(table, parquet).VerifyAsync(version, TestContext.Current.CancellationToken))!.Select(d => $"{table}@{version}: {d}"));
                verified++;
            }
        }

        Assert.Equal(2 * 13, verified);
    }
}

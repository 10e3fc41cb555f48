using System.Text;
using System.Text.Json;
using RetailFlow.Testing.Conformance;

namespace RetailFlow.Delta.Tests;

public sealed class LastCheckpointTests
{
    // The sample of the protocol's section "JSON checksum".
    private const string Sample =
        """{"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, "k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}}""";

    [Fact]
    public void Canonical_form_and_checksum_are_those_of_the_protocol()
    {
        using var document = JsonDocument.Parse(Sample);

        Assert.Equal(
            "\"k0\"=\"%27v%200%27\",\"k1\"+\"k2\"=2,\"k1\"+\"k3\"+0=\"v3\",\"k1\"+\"k3\"+1+0=1,\"k1\"+\"k3\"+1+1=2,\"k1\"+\"k3\"+2+\"k4\"=\"v4\","
            + "\"k1\"+\"k3\"+2+\"k5\"+0=\"v5\",\"k1\"+\"k3\"+2+\"k5\"+1=\"v6\",\"k1\"+\"k3\"+2+\"k5\"+2=\"v7\"",
            JsonChecksum.Canonical(document.RootElement));
        Assert.Equal("6a92d155a59bf2eecbd4b4ec7fd1f875", JsonChecksum.Of(document.RootElement));
    }

    [Fact]
    public void Every_hint_of_another_writer_has_its_checksum_and_is_followed()
    {
        var hints = Directory.GetFiles(ConformanceFolder.Delta(), "_last_checkpoint", SearchOption.AllDirectories);
        var signed = 0;
        foreach (var hint in hints)
        {
            var content = File.ReadAllBytes(hint);
            if (hint.Contains("corrupted-last-checkpoint", StringComparison.Ordinal))
            {
                Assert.Null(LastCheckpoint.TryParse(content));
                continue;
            }

            Assert.NotNull(LastCheckpoint.TryParse(content));
            var text = Encoding.UTF8.GetString(content);
            if (text.Contains("\"checksum\"", StringComparison.Ordinal))
            {
                signed++;
                Assert.Null(LastCheckpoint.TryParse(Encoding.UTF8.GetBytes(text.Replace("\"size\":", "\"size\":1", StringComparison.Ordinal))));
            }
        }

        Assert.True(signed >= 6, $"{signed} of {hints.Length} hints have a checksum.");
    }

    [Fact]
    public void Hint_that_is_written_is_read_and_one_that_was_changed_is_not()
    {
        var written = LastCheckpoint.Write(7, 12, 345, 6).ToArray();

        Assert.Equal(7, LastCheckpoint.TryParse(written));
        Assert.Null(LastCheckpoint.TryParse(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(written).Replace("345", "346", StringComparison.Ordinal))));
    }
}

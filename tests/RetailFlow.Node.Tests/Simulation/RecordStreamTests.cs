using System.Text;
using RetailFlow.Node.Simulation;
using Xunit;

namespace RetailFlow.Node.Tests.Simulation;

public sealed class RecordStreamTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("records-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Benchmark_files_hold_exactly_the_records_asked_for_and_nothing_broken()
    {
        var simulation = new RetailerSimulation(new RetailerOptions { Skus = 200, Locations = 10, Days = 10 });

        var paths = simulation.WriteBenchmarkFiles(_folder, 20_003, 3);

        var recount = new Recount();
        foreach (var path in paths)
        {
            recount.Read(path);
        }

        Assert.Equal(3, paths.Count);
        Assert.Equal(20_003, recount.Received);
        Assert.Empty(recount.Rules);
        Assert.InRange(recount.Duplicates, 1_800, 2_200);
    }

    [Fact]
    public void A_stream_goes_on_where_it_stopped_whatever_the_cuts()
    {
        var simulation = new RetailerSimulation(new RetailerOptions { Skus = 50, Locations = 4 });
        using var whole = new MemoryStream();
        using var cut = new MemoryStream();
        var stream = simulation.OpenRecordStream(100_000);

        simulation.OpenRecordStream(100_000).WriteTo(whole, 3_000);
        stream.WriteTo(cut, 1);
        stream.WriteTo(cut, 1_999);
        stream.WriteTo(cut, 1_000);

        Assert.Equal(whole.ToArray(), cut.ToArray());
        Assert.Equal(3_000, stream.Written);
        Assert.Equal(Encoding.UTF8.GetString(cut.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count(), stream.Distinct);
    }

    [Fact]
    public void Copies_of_records_far_back_come_again_much_later()
    {
        var stream = new RetailerSimulation(new RetailerOptions { Skus = 50, Locations = 4 }).OpenRecordStream(100_000);
        using var early = new MemoryStream();
        using var late = new MemoryStream();
        stream.WriteTo(early, 5_000);
        stream.WriteTo(Stream.Null, 50_000);
        stream.WriteTo(late, 5_000);

        var seen = Encoding.UTF8.GetString(early.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet();

        Assert.Contains(Encoding.UTF8.GetString(late.ToArray()).Split('\n'), seen.Contains);
    }
}

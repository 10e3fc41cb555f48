using System.Diagnostics;
using RetailFlow.Bench.Ingest;
using RetailFlow.Lakehouse;
using RetailFlow.Node;
using RetailFlow.Node.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>A node in this process, to which records are handed without HTTP: split, judged, admitted, counted, durable.</summary>
internal static class RecordLoad
{
    public static async Task<IngestOutcome> MeasureAsync(
        string lake, string project, RecordFile file, int batch, int callers, TimeSpan time, CancellationToken cancellationToken)
    {
        var options = new NodeOptions
        {
            Lake = new LakeOptions { LakePath = lake, ProjectPath = project },
            Urls = "http://127.0.0.1:0",
            RunInterval = TimeSpan.FromHours(1),
            RunAtRecords = int.MaxValue,
        };
        await using var host = await NodeHost.StartAsync(options, cancellationToken);
        var intake = host.State.Intake!;
        var batches = file.Records / batch;
        var warmUp = batches / BatchFeeder.WarmUpShare;
        await RunAsync(0, warmUp, BatchFeeder.WarmUpTime);
        return await RunAsync(warmUp, batches - warmUp, time);

        async Task<IngestOutcome> RunAsync(int first, int count, TimeSpan longest)
        {
            var feeder = new BatchFeeder(count, longest);
            await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(
                async () =>
                {
                    var slices = new RecordSlices();
                    while (feeder.Next() is { } next)
                    {
                        var sentAt = Stopwatch.GetTimestamp();
                        var body = file.Lines((first + next) * batch, (first + next + 1) * batch);
                        RecordSplitter.Split(body.Span, lines: true, slices);
                        var answer = await intake.TakeAsync(body, slices, null, cancellationToken);
                        if (answer.Batch.Received != batch)
                        {
                            throw new BenchException("The node did not take every record.");
                        }

                        feeder.Done(batch, sentAt);
                    }
                },
                cancellationToken)));
            return feeder.Outcome("");
        }
    }
}

using System.Diagnostics;

namespace RetailFlow.Bench.Ingest;

/// <summary>Posts batches to a node over connections that stay open, each waiting for its answer before it sends again.</summary>
internal sealed class HttpIngest(int port, int processId)
{
    private long _accepted;
    private long _duplicates;

    public async Task<IngestOutcome> MeasureAsync(RecordFile file, int batch, int connections, TimeSpan time, CancellationToken cancellationToken)
    {
        var batches = file.Records / batch;
        var warmUp = batches / BatchFeeder.WarmUpShare;
        await RunAsync(file, batch, 0, warmUp, connections, BatchFeeder.WarmUpTime, cancellationToken);
        _accepted = _duplicates = 0;
        var cpu = ProcessCpu.Seconds(processId);
        var outcome = await RunAsync(file, batch, warmUp, batches - warmUp, connections, time, cancellationToken);
        cpu = ProcessCpu.Seconds(processId) - cpu;
        if (_accepted + _duplicates != outcome.Records)
        {
            throw new BenchException($"The node acknowledged {_accepted} records and {_duplicates} duplicates of {outcome.Records} good records.");
        }

        return outcome with { ServerCpuSeconds = cpu, Detail = FormattableString.Invariant($"{_accepted:#,0} accepted, {_duplicates:#,0} duplicates") };
    }

    private async Task<IngestOutcome> RunAsync(
        RecordFile file, int batch, int first, int batches, int connections, TimeSpan time, CancellationToken cancellationToken)
    {
        var open = new List<HttpWire>();
        try
        {
            for (var i = 0; i < connections; i++)
            {
                open.Add(HttpWire.Connect(port));
            }

            var feeder = new BatchFeeder(batches, time);
            await Task.WhenAll(open.Select(wire => Task.Run(() => SendAsync(wire, file, batch, first, feeder, cancellationToken), cancellationToken)));
            return feeder.Outcome("");
        }
        finally
        {
            foreach (var wire in open)
            {
                wire.Dispose();
            }
        }
    }

    private async Task SendAsync(HttpWire wire, RecordFile file, int batch, int first, BatchFeeder feeder, CancellationToken cancellationToken)
    {
        while (feeder.Next() is { } next)
        {
            var from = (first + next) * batch;
            var sentAt = Stopwatch.GetTimestamp();
            var body = await wire.PostAsync(file.Lines(from, from + batch), cancellationToken);
            feeder.Done(batch, sentAt);
            Interlocked.Add(ref _accepted, HttpWire.Number(body.Span, "\"accepted\":"u8));
            Interlocked.Add(ref _duplicates, HttpWire.Number(body.Span, "\"duplicates\":"u8));
        }
    }
}

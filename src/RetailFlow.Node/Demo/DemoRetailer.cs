using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using RetailFlow.Node.Simulation;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Demo;

/// <summary>A simulated retailer that sends to the node over HTTP like any other client: history first if the lake is empty, then the present.</summary>
internal sealed class DemoRetailer(NodeState node, Uri address, ILogger<DemoRetailer> log)
{
    private const string Feed = "inventory";
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(250);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node stops.
        }
        catch (Exception failure)
        {
            NodeLog.DemoFailed(log, failure);
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var simulation = new RetailerSimulation(new RetailerOptions());
        if (node.Intake!.Sequence <= 0 && node.Gold.Current!.Count == 0)
        {
            await LandHistoryAsync(simulation, cancellationToken);
        }

        using var client = new HttpClient { BaseAddress = address };
        var live = simulation.StartLive(node.Clock, node.Options.DemoRecordsPerSecond);
        foreach (var post in live.Opening())
        {
            await PostAsync(client, post, cancellationToken);
        }

        var last = node.Clock.GetTimestamp();
        using var pace = new PeriodicTimer(s_pace, node.Clock);
        while (await pace.WaitForNextTickAsync(cancellationToken))
        {
            var now = node.Clock.GetTimestamp();
            foreach (var post in live.NextBatch(node.Clock.GetElapsedTime(last, now)))
            {
                await PostAsync(client, post, cancellationToken);
            }

            last = now;
        }
    }

    private async Task LandHistoryAsync(RetailerSimulation simulation, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("retailflow-demo-");
        try
        {
            await simulation.WriteFilesAsync(folder.FullName, cancellationToken);
            await node.Lake!.Landing.LandAsync(Feed, [Path.Combine(folder.FullName, Feed)], null, null, cancellationToken);
            node.Wake();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task PostAsync(HttpClient client, SimulatedPost post, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(post.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var response = await client.PostAsync(new Uri($"/v1/events?source={Uri.EscapeDataString(post.Source)}", UriKind.Relative), content, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            NodeLog.DemoRefused(log, (int)response.StatusCode);
        }
    }
}

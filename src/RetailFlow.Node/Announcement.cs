using RetailFlow.Lakehouse;

namespace RetailFlow.Node;

/// <summary>What a node says when it is ready: where it listens, and what to try.</summary>
internal static class Announcement
{
    public static void Write(NodeOptions options, Lake lake, Uri address)
    {
        if (options.Announce is not { } to)
        {
            return;
        }

        var url = address.GetLeftPart(UriPartial.Authority);
        to.WriteLine($"RetailFlow listens on {url}");
        to.WriteLine($"  lake     {lake.Location}");
        if (lake.IsRemote)
        {
            to.WriteLine($"  journal  {lake.LocalFolder}");
            to.WriteLine("           Records are acknowledged when they are durable there, and copied to the lake by the next run. Keep that disk until then.");
        }

        to.WriteLine($"  project  {Path.GetFullPath(options.Lake.ProjectPath)}");
        to.WriteLine($"Open {url}/ in a browser, or try:");
        to.WriteLine($"  curl '{url}/v1/stock/SKU-00001'");
        to.WriteLine(
            $"  curl '{url}/v1/events?source=shop' -H 'content-type: application/json' -d '{{\"event_id\":\"1\",\"type\":\"receipt\",\"sku\":\"SKU-00001\",\"location\":\"store-0001\",\"quantity\":5,\"event_time\":\"{options.Lake.Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}\"}}'");
        to.WriteLine(
            $"  retailflow sql \"SELECT location, count(*) AS skus, sum(on_hand) AS units FROM gold.stock_on_hand GROUP BY location\" --lake '{lake.Location}'");
        to.Flush();
    }
}

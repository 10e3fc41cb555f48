using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Http.Transport;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Http;

/// <summary><c>GET /v1/stock...</c>: what there is now, from the ledger; past moments and explanations from the lake.</summary>
internal sealed class StockEndpoints(NodeState node)
{
    private const int MostSkus = 1_000;

    private static readonly Question s_now = new(null, null, null);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/stock/{sku}", OneAsync).WithName("GetStock")
            .WithSummary("What there is of one SKU now, in total and by location: on hand, held, committed, and what a channel may sell.").Answers<StockAnswer>(400, 404, 503).OnLoop();
        routes.MapGet("/v1/stock", (Delegate)ManyAsync).WithName("GetStockOfMany")
            .WithSummary("The same for up to 1000 SKUs (sku=A&sku=B); one that was never seen is left out.").Answers<StockAnswer[]>(400, 503);
        routes.MapGet("/v1/stock/{sku}/explain", ExplainAsync).WithName("ExplainStock")
            .WithSummary("What makes up the number at one location: the governing count, the records after it, and the claims on it.").Answers<ExplanationAnswer>(400, 404, 503);
    }

    private async Task OneAsync(HttpContext context, string sku)
    {
        sku = Whole(context, sku);
        if (await PastAsync(context) is not { } question)
        {
            return;
        }

        if (question.AsOf is { } past)
        {
            await LoopPlace.LeaveAsync(context);
            var sheet = await node.Lake!.Stock.GetAsync([sku], null, past, context.RequestAborted);
            if (sheet.Rows.Count == 0)
            {
                await Problem.NotFound($"SKU '{sku}' was never seen.").WriteAsync(context);
                return;
            }

            await JsonAnswer.WriteAsync(
                context.Response, sheet, (json, sheet) => StockJson.WriteSku(json, sku, sheet.Rows.ToArray(), sheet.AsOf, sheet.Sequence));
            return;
        }

        if (await ReadAsync(context, [sku], question) is not { } reading)
        {
            return;
        }

        if (reading.Locations.Count == 0)
        {
            await Problem.NotFound($"SKU '{sku}' was never seen.").WriteAsync(context);
            return;
        }

        await JsonAnswer.WriteAsync(
            context.Response,
            reading,
            static (json, reading) => reading.Writer.WriteSku(json, CollectionsMarshal.AsSpan(reading.Locations), reading.Sequence));
    }

    private async Task ManyAsync(HttpContext context)
    {
        var skus = context.Request.Query["sku"].Where(s => !string.IsNullOrEmpty(s)).Select(s => s!).Distinct(StringComparer.Ordinal).ToArray();
        if (skus.Length is 0 or > MostSkus)
        {
            await Problem.BadRequest($"Name 1 to {MostSkus} SKUs as sku=A&sku=B; these are {skus.Length}.").WriteAsync(context);
            return;
        }

        if (await PastAsync(context) is not { } question)
        {
            return;
        }

        if (question.AsOf is { } past)
        {
            var sheet = await node.Lake!.Stock.GetAsync(skus, null, past, context.RequestAborted);
            var rows = sheet.Rows.ToLookup(row => row.Sku, StringComparer.Ordinal);
            await JsonAnswer.WriteAsync(context.Response, sheet, (json, sheet) =>
            {
                json.WriteStartArray();
                foreach (var sku in skus.Where(rows.Contains))
                {
                    StockJson.WriteSku(json, sku, rows[sku].ToArray(), sheet.AsOf, sheet.Sequence);
                }

                json.WriteEndArray();
            });
            return;
        }

        if (await ReadAsync(context, skus, question) is not { } reading)
        {
            return;
        }

        await JsonAnswer.WriteAsync(context.Response, reading, WriteEach);
    }

    private static void WriteEach(Utf8JsonWriter json, Reading reading)
    {
        json.WriteStartArray();
        var rest = CollectionsMarshal.AsSpan(reading.Locations);
        while (!rest.IsEmpty)
        {
            var count = 1;
            while (count < rest.Length && rest[count].Sku == rest[0].Sku)
            {
                count++;
            }

            reading.Writer.WriteSku(json, rest[..count], reading.Sequence);
            rest = rest[count..];
        }

        json.WriteEndArray();
    }

    private async Task ExplainAsync(HttpContext context, string sku)
    {
        sku = Whole(context, sku);
        if (!Queries.TryText(context.Request, "location", out var location, out var problem)
            || !Queries.TryTime(context.Request, "as_of", out var asOf, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        if (location is null)
        {
            await Problem.BadRequest("Name the location: ?location=L.").WriteAsync(context);
            return;
        }

        if (node.Lake is not { } lake)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        if (asOf is null && node.Intake is { } intake && !await CarriedAsync(context, intake.Live.Ledger.PublishedSequence))
        {
            return;
        }

        StockExplanation explanation;
        try
        {
            explanation = await lake.Stock.ExplainAsync(sku, location, asOf, context.RequestAborted);
        }
        catch (LakeException unknown) when (unknown.Kind == LakeErrorKind.InvalidInput)
        {
            await Problem.NotFound(unknown.Message).WriteAsync(context);
            return;
        }

        var claims = asOf is null && node.Intake is { } current ? await current.Live.ClaimsOnAsync(sku, location, context.RequestAborted) : null;
        await JsonAnswer.WriteAsync(context.Response, explanation, (json, explanation) => StockJson.WriteExplanation(json, explanation, claims));
    }

    /// <summary>Waits until the tables contain what the ledger has, so that both tell the same; false if the problem was answered already.</summary>
    private async ValueTask<bool> CarriedAsync(HttpContext context, long sequence)
    {
        if (node.Gold.Current is { } gold && gold.Sequence >= sequence)
        {
            return true;
        }

        node.Wake();
        if (await node.Gold.WaitForAsync(sequence, node.Options.SequenceTimeout, context.RequestAborted) is not null)
        {
            return true;
        }

        await Problem.Unavailable($"Gold carries sequence {node.Gold.Current?.Sequence}, not yet {sequence}; try again.").WriteAsync(context);
        return false;
    }

    /// <summary>What the request wants of time, sequence and channel; null if the problem was answered already.</summary>
    private async ValueTask<Question?> PastAsync(HttpContext context)
    {
        if (!context.Request.QueryString.HasValue && node is { Lake: not null, Intake: not null })
        {
            return s_now;
        }

        if (!Queries.TryTime(context.Request, "as_of", out var asOf, out var problem)
            || !Queries.TryWhole(context.Request, "min_sequence", out var sequence, out problem)
            || !Queries.TryText(context.Request, "channel", out var channel, out problem))
        {
            await problem.WriteAsync(context);
            return null;
        }

        if (node.Lake is null || node.Intake is null)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return null;
        }

        return new Question(asOf, sequence, channel);
    }

    /// <summary>What there is now; null if the problem was answered already.</summary>
    private async ValueTask<Reading?> ReadAsync(HttpContext context, string[] skus, Question question)
    {
        var live = node.Intake!.Live;
        var locations = new List<StockReading>();
        var sequence = await live.ReadAsync(skus, locations, context.RequestAborted);
        if (sequence is not { } read)
        {
            await Problem.Unavailable("The lake did not say in time what a late record changes; try again.").WriteAsync(context);
            return null;
        }

        // Whatever was answered to anybody is in the ledger: a later sequence was given to nobody yet.
        if (question.MinSequence is { } wanted && read < wanted)
        {
            await Problem.Unavailable($"The journal is at sequence {read}, not yet at {wanted}; try again.").WriteAsync(context);
            return null;
        }

        return new Reading(locations, read, new LiveStockJson(live.Ledger, question.Channel, live.NowMicros));
    }

    /// <summary>
    /// The SKU of the path. Routing leaves an escaped slash as it is, which cannot be told from an escaped percent sign then: only
    /// the target as it was sent says which it was.
    /// </summary>
    private static string Whole(HttpContext context, string sku)
    {
        if (!sku.Contains('%', StringComparison.Ordinal))
        {
            return sku;
        }

        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? string.Empty;
        return target.Split('?', 2)[0].Split('/') is ["", "v1", "stock", var raw, ..] ? Uri.UnescapeDataString(raw) : sku;
    }

    /// <summary>What a request for stock asks.</summary>
    private sealed record Question(DateTimeOffset? AsOf, long? MinSequence, string? Channel);

    /// <summary>What the ledger answers.</summary>
    private sealed record Reading(List<StockReading> Locations, long Sequence, LiveStockJson Writer);
}

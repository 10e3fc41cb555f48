using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using RetailFlow.Node.Live;
using RetailFlow.Stock.Changes;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Http;

/// <summary>
/// One stream of server-sent events. It reads what has changed when the client has taken what came before: a client that is slow is told less often,
/// and nothing waits for it.
/// </summary>
internal sealed class StockStream(
    NodeState node, LiveStock live, StockStreams streams, PipeWriter output, StockFilter filter, string? channel) : IDisposable
{
    // So many SKUs are of one moment, and that much is written before the client has to have taken it.
    private const int SkusAtOnce = 64;

    private readonly List<Told> _chunk = [];
    private readonly List<StockReading> _readings = [];
    private readonly Utf8JsonWriter _json = new(output, RowJson.Options);
    private ChangeId? _last;
    private long _written;

    /// <summary>Tells until the client leaves or the node stops.</summary>
    public async Task RunAsync(ChangeWatch watch, CancellationToken over)
    {
        Write("retry: 1000\n\n"u8);
        for (var isFirst = true; ; isFirst = false)
        {
            // Taken before the ring is read: what comes after that wakes it.
            var news = streams.News;
            var step = watch.Next();
            if (!step.IsEmpty)
            {
                await TellAsync(step, over);
                continue;
            }

            if (isFirst)
            {
                WriteReady(watch.At);
                await FlushAsync(over);
            }

            if (streams.IsOver)
            {
                return;
            }

            await WaitAsync(news, watch, over);
        }
    }

    public void Dispose() => _json.Dispose();

    private async Task WaitAsync(Task news, ChangeWatch watch, CancellationToken over)
    {
        var left = node.Options.StreamHeartbeat - node.Clock.GetElapsedTime(_written);
        try
        {
            await news.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1), node.Clock, over);
        }
        catch (TimeoutException)
        {
            // A place without data is no event, but the client goes on from it: one that is rarely told of anything does not fall behind.
            Write(": \n"u8);
            WriteId(watch.At);
            Write("\n"u8);
            await FlushAsync(over);
        }
    }

    private async Task TellAsync(WatchStep step, CancellationToken over)
    {
        foreach (var told in step.Tell(filter.Skus.Count > 0 ? filter.Skus : live.Ledger.Skus))
        {
            if (told.Kind == ToldKind.State)
            {
                // A SKU may be among the refreshed and among the changed, and is once in a chunk.
                if (_chunk.Count == SkusAtOnce || (_chunk.Count > 0 && _chunk[^1].Id is null != told.Id is null))
                {
                    await TellChunkAsync(over);
                }

                _chunk.Add(told);
                continue;
            }

            await TellChunkAsync(over);
            switch (told.Kind)
            {
                case ToldKind.Reset:
                    WriteReset(told.Reason);
                    break;
                case ToldKind.Ready:
                    WriteReady(told.Id!.Value);
                    break;
                case ToldKind.Place:
                    WriteId(told.Id!.Value);
                    Write("\n"u8);
                    break;
                default:
                    throw new InvalidOperationException("There is nothing else to tell.");
            }
        }

        await TellChunkAsync(over);
        await FlushAsync(over);
    }

    private async Task TellChunkAsync(CancellationToken over)
    {
        if (_chunk.Count == 0)
        {
            return;
        }

        string[] skus = [.. _chunk.Select(told => told.Sku!)];
        if (await live.ReadAsync(skus, _readings, over) is not { } sequence)
        {
            // What is not known yet changes again when it is.
            sequence = live.Ledger.Read(skus, _readings);
            var open = _readings.Where(reading => reading.Level.IsOpen).Select(reading => reading.Sku).ToHashSet(StringComparer.Ordinal);
            _readings.RemoveAll(reading => open.Contains(reading.Sku));
        }

        WriteChunk(sequence);
        _chunk.Clear();
        await FlushAsync(over);
    }

    private void WriteChunk(long sequence)
    {
        _readings.RemoveAll(reading => !filter.TakesLocation(reading.Location));
        var writer = new LiveStockJson(live.Ledger, channel, live.NowMicros);
        var rest = CollectionsMarshal.AsSpan(_readings);
        foreach (var told in _chunk)
        {
            var count = 0;
            var isWanted = told.OnlyAt is null;
            while (count < rest.Length && rest[count].Sku == told.Sku)
            {
                isWanted |= told.OnlyAt?.Contains(rest[count].Location) ?? false;
                count++;
            }

            if (count > 0 && isWanted)
            {
                if (told.Id is { } id)
                {
                    WriteId(id);
                }

                Write("event: stock\ndata: "u8);
                writer.WriteSku(_json, rest[..count], sequence);
                _json.Flush();
                _json.Reset();
                Write("\n\n"u8);
            }

            rest = rest[count..];
        }
    }

    private void WriteReset(ResetReason reason)
    {
        Write("event: reset\ndata: {\"reason\":\""u8);
        Write(reason switch
        {
            ResetReason.Start => "start"u8,
            ResetReason.Unknown => "unknown_id"u8,
            ResetReason.Overrun => "overrun"u8,
            _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "No reason for a reset."),
        });
        Write("\"}\n\n"u8);
    }

    private void WriteReady(ChangeId id)
    {
        WriteId(id);
        Write("event: ready\ndata: {\"sequence\":"u8);
        Write(Encoding.UTF8.GetBytes(id.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Write("}\n\n"u8);
    }

    /// <summary>The id that the client has from now on; a line that says it has it already is left out.</summary>
    private void WriteId(ChangeId id)
    {
        if (_last != id)
        {
            Write("id: "u8);
            Write(Encoding.UTF8.GetBytes(id.ToString()));
            Write("\n"u8);
            _last = id;
        }
    }

    private void Write(ReadOnlySpan<byte> bytes) => output.Write(bytes);

    private async ValueTask FlushAsync(CancellationToken over)
    {
        await output.FlushAsync(over);
        _written = node.Clock.GetTimestamp();
    }
}

using System.Text.Json;
using RetailFlow.Node.Simulation;

namespace RetailFlow.Bench.Ingest;

/// <summary>Generated records in memory, cut into batches beforehand, so that no side pays for making them.</summary>
internal sealed class RecordFile
{
    private readonly byte[] _bytes;
    private readonly int[] _starts;

    private RecordFile(byte[] bytes, int[] starts, long distinct)
    {
        _bytes = bytes;
        _starts = starts;
        Distinct = distinct;
    }

    public int Records => _starts.Length - 1;

    /// <summary>Records that are not copies of earlier ones.</summary>
    public long Distinct { get; }

    public static RecordFile Generate(RetailerSimulation retailer, int records)
    {
        using var memory = new MemoryStream(records * 192);
        var stream = retailer.OpenRecordStream(1_000_000);
        stream.WriteTo(memory, records);
        var bytes = memory.GetBuffer();
        var starts = new int[records + 1];
        var next = 0;
        for (var i = 0; i < (int)memory.Length; i++)
        {
            if (bytes[i] == (byte)'\n')
            {
                starts[++next] = i + 1;
            }
        }

        return new RecordFile(bytes, starts, stream.Distinct);
    }

    /// <summary>Records <paramref name="from"/> to before <paramref name="to"/>, as JSON lines.</summary>
    public ReadOnlyMemory<byte> Lines(int from, int to) => _bytes.AsMemory(_starts[from].._starts[to]);

    /// <summary>The same records with typed values.</summary>
    public IEnumerable<TypedRecord> Typed(int from, int to)
    {
        var shared = new Dictionary<string, string>();
        for (var i = from; i < to; i++)
        {
            using var document = JsonDocument.Parse(Lines(i, i + 1));
            var json = document.RootElement;
            var voids = json.TryGetProperty("voids", out var target) ? target : (JsonElement?)null;
            yield return new TypedRecord(
                Shared(json, "source")!,
                json.GetProperty("event_id").GetString()!,
                json.GetProperty("line").GetInt64(),
                Shared(json, "type")!,
                Shared(json, "sku")!,
                Shared(json, "location")!,
                json.GetProperty("quantity").GetDecimal(),
                json.GetProperty("event_time").GetDateTimeOffset().UtcDateTime,
                voids?.GetProperty("event_id").GetString(),
                voids?.GetProperty("line").GetInt64(),
                json.TryGetProperty("reference", out var reference) ? reference.GetString() : null,
                Shared(json, "reason"),
                json.TryGetProperty("unit_cost", out var cost) ? cost.GetDecimal() : null,
                Shared(json, "channel"));
        }

        string? Shared(JsonElement json, string name)
        {
            if (!json.TryGetProperty(name, out var value) || value.GetString() is not { } text)
            {
                return null;
            }

            if (!shared.TryGetValue(text, out var first))
            {
                shared.Add(text, first = text);
            }

            return first;
        }
    }
}

/// <summary>One record as a row of typed columns.</summary>
internal sealed record TypedRecord(
    string Source, string EventId, long Line, string Type, string Sku, string Location, decimal Quantity, DateTime EventTime,
    string? VoidsEventId, long? VoidsLine, string? Reference, string? Reason, decimal? UnitCost, string? Channel);

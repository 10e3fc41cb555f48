namespace RetailFlow.Node.Simulation;

/// <summary>
/// An endless run of stock records as JSON lines, plainly spelled, with resends, late records, counts and voids but
/// nothing broken. Each call goes on where the last one ended, so that later records can repeat or retract earlier ones.
/// </summary>
public sealed class RecordStream
{
    private const int BufferSize = 1 << 18;

    private readonly RetailCatalog _catalog;
    private readonly RetailBusiness _business;
    private readonly FaultyDelivery _delivery;
    private readonly long _gap;
    private readonly byte[] _buffer = new byte[BufferSize];

    internal RecordStream(RetailerOptions options, RetailCatalog catalog, TimeSpan gap)
    {
        _catalog = catalog;
        _gap = gap.Ticks / TimeSpan.TicksPerMicrosecond;
        _business = new RetailBusiness(options, catalog, 2, 0)
        {
            Now = (options.Start - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
        };
        _delivery = new FaultyDelivery(options, _business, 2);
    }

    /// <summary>Records that were not copies of earlier ones.</summary>
    public long Distinct { get; private set; }

    /// <summary>All records written.</summary>
    public long Written { get; private set; }

    /// <summary>Writes the next <paramref name="records"/> records to a stream.</summary>
    public void WriteTo(Stream stream, long records)
    {
        var used = 0;
        for (var i = 0L; i < records; i++)
        {
            if (BufferSize - used < RecordWriter.MaxLength)
            {
                stream.Write(_buffer, 0, used);
                used = 0;
            }

            used += Next(_buffer.AsSpan(used));
            _buffer[used++] = (byte)'\n';
        }

        stream.Write(_buffer, 0, used);
    }

    /// <summary>Writes the next <paramref name="records"/> records to a new file.</summary>
    public void WriteFile(string path, long records)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        WriteTo(file, records);
    }

    private int Next(Span<byte> destination)
    {
        _business.Now += _gap;
        Written++;
        if (_delivery.Next(out var draft) == DeliveryKind.New)
        {
            Distinct++;
        }

        return RecordWriter.WriteJson(in draft, _catalog, destination);
    }
}

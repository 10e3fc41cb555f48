namespace RetailFlow.Stock.Records;

/// <summary>The text of a moment (<see cref="RecordTime.Format(long, Span{byte})"/>), kept until another one is asked for: entries that are written together share theirs.</summary>
internal sealed class TimeText
{
    private readonly byte[] text = new byte[RecordTime.TextBytes];
    private long known = long.MinValue;

    /// <summary>The text; valid until the next call.</summary>
    /// <param name="micros">Microseconds since 1970 UTC.</param>
    public ReadOnlySpan<byte> Of(long micros)
    {
        if (micros != known)
        {
            RecordTime.Format(micros, text);
            known = micros;
        }

        return text;
    }
}

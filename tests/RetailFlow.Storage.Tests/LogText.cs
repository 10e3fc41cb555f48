using System.Text;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Storage.Tests;

/// <summary>Logs as lists of payload texts.</summary>
internal static class LogText
{
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static void Append(this AppendLogWriter log, string payload) => log.Append(Bytes(payload));

    /// <summary>All payloads between two offsets, checked to lie end to end.</summary>
    public static List<string> Read(ILogFile file, long from, long to)
    {
        List<string> payloads = [];
        using AppendLogReader reader = new(file, from, to);
        long next = from;
        while (reader.TryRead(out LogRecord record))
        {
            if (record.Offset != next)
            {
                throw new InvalidOperationException("Records do not lie end to end.");
            }

            next = record.NextOffset;
            payloads.Add(Encoding.UTF8.GetString(record.Payload.Span));
        }

        return payloads;
    }

    /// <summary>Opens the log again, as after a restart, and gives what it holds.</summary>
    public static List<string> Recover(CrashableLogFile file, out LogRecovery recovery)
    {
        using AppendLogWriter log = AppendLogWriter.Open(file, out recovery);
        return Read(file, 0, log.Position);
    }

    /// <summary>A payload of random size that names its number.</summary>
    public static string Payload(int number, Random random) =>
        FormattableString.Invariant($$"""{"n":{{number}},"text":"{{new string((char)('a' + (number % 26)), random.Next(0, random.Next(4) == 0 ? 900 : 90))}} é \n"}""");
}

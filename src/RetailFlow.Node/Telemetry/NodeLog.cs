using Microsoft.Extensions.Logging;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Telemetry;

/// <summary>What a node logs. Ids are stable; nothing is logged per record or per request that succeeds.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, string method, string path, Exception failure);

    [LoggerMessage(2, LogLevel.Information, "Recovered the journal up to sequence {Sequence}, {Tail} records of it not yet in Silver, in {Elapsed}")]
    public static partial void Recovered(ILogger logger, long sequence, long tail, TimeSpan elapsed);

    [LoggerMessage(3, LogLevel.Critical, "The node cannot acknowledge records")]
    public static partial void CannotAcknowledge(ILogger logger, Exception failure);

    [LoggerMessage(4, LogLevel.Error, "A run of the pipeline failed ({Failures} in a row); the next try is in {Pause}. Records are acknowledged meanwhile")]
    public static partial void RunFailed(ILogger logger, int failures, TimeSpan pause, Exception failure);

    [LoggerMessage(5, LogLevel.Information, "The pipeline works again after {Failures} failed runs")]
    public static partial void RunsAgain(ILogger logger, int failures);

    [LoggerMessage(6, LogLevel.Debug, "Gold carries sequence {Sequence} at version {Version}, {Rows} rows, after {Elapsed}")]
    public static partial void Carried(ILogger logger, long sequence, long version, long rows, TimeSpan elapsed);

    [LoggerMessage(7, LogLevel.Information, "Stopping: no more records are taken; what was acknowledged is being refined")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(8, LogLevel.Warning, "The simulated retailer was refused: {Status}")]
    public static partial void DemoRefused(ILogger logger, int status);

    [LoggerMessage(11, LogLevel.Warning, "{Sku} at {Location} is oversold by {Shortage}; {Reservations} reservations are affected")]
    public static partial void Oversold(ILogger logger, string sku, string location, Quantity shortage, int reservations);

    [LoggerMessage(10, LogLevel.Error, "Gold and the ledger differ in {Count} keys, the first {Sku} at {Location}: the ledger had {Ledger}, Gold has {Gold} at sequence {Sequence}")]
    public static partial void Differs(ILogger logger, int count, string sku, string location, Quantity ledger, Quantity gold, long sequence);

    [LoggerMessage(12, LogLevel.Warning, "Kafka source {Source}: {Line}")]
    public static partial void KafkaSays(ILogger logger, string source, string line);

    [LoggerMessage(13, LogLevel.Critical, "Kafka source {Source} takes nothing more until the node is started again")]
    public static partial void KafkaStopped(ILogger logger, string source, Exception failure);

    [LoggerMessage(14, LogLevel.Error, "Kafka source {Source} failed; the next try is in {Pause}")]
    public static partial void KafkaFailed(ILogger logger, string source, TimeSpan pause, Exception failure);

    [LoggerMessage(15, LogLevel.Error, "Kafka source {Source}: {What}")]
    public static partial void KafkaGap(ILogger logger, string source, string what);

    [LoggerMessage(16, LogLevel.Error, "The tables do not reconcile at sequence {Sequence}: {Checks} checks do not hold: {Differences}")]
    public static partial void DoesNotReconcile(ILogger logger, long sequence, int checks, string differences);

    [LoggerMessage(17, LogLevel.Information, "The tables reconcile again, at sequence {Sequence}")]
    public static partial void ReconcilesAgain(ILogger logger, long sequence);

    [LoggerMessage(18, LogLevel.Warning, "The tables could not be reconciled; the next try is in {Pause}")]
    public static partial void CannotReconcile(ILogger logger, TimeSpan pause, Exception failure);

    [LoggerMessage(19, LogLevel.Warning, "Small files could not be gathered; it is tried again after the next run")]
    public static partial void CannotCompact(ILogger logger, Exception failure);

    [LoggerMessage(9, LogLevel.Warning, "The simulated retailer stopped sending")]
    public static partial void DemoFailed(ILogger logger, Exception failure);
}

using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace RetailFlow.Node.Http;

// The shapes of answers as OpenAPI describes them. The answers themselves are written straight to the wire.

internal sealed record EventsAnswer(
    [property: JsonPropertyName("accepted")] int Accepted,
    [property: JsonPropertyName("duplicates")] int Duplicates,
    [property: JsonPropertyName("quarantined")] QuarantinedAnswer[] Quarantined,
    [property: JsonPropertyName("sequence")] long Sequence);

internal sealed record QuarantinedAnswer(
    [property: JsonPropertyName("index")] int Index,
    [property: JsonPropertyName("reason")] string Reason);

internal sealed record StockAnswer(
    [property: JsonPropertyName("sku")] string Sku,
    [property: JsonPropertyName("as_of")] DateTimeOffset AsOf,
    [property: JsonPropertyName("sequence")] long Sequence,
    [property: JsonPropertyName("total")] StockTotalAnswer Total,
    [property: JsonPropertyName("locations")] StockLocationAnswer[] Locations);

internal sealed record StockTotalAnswer(
    [property: JsonPropertyName("on_hand")] decimal OnHand,
    [property: JsonPropertyName("held")] decimal Held,
    [property: JsonPropertyName("committed")] decimal Committed,
    [property: JsonPropertyName("available")] decimal Available,
    [property: JsonPropertyName("status")] string? Status);

internal sealed record StockLocationAnswer(
    [property: JsonPropertyName("location")] string Location,
    [property: JsonPropertyName("on_hand")] decimal OnHand,
    [property: JsonPropertyName("held")] decimal Held,
    [property: JsonPropertyName("committed")] decimal Committed,
    [property: JsonPropertyName("safety_stock")] decimal SafetyStock,
    [property: JsonPropertyName("available")] decimal Available,
    [property: JsonPropertyName("status")] string? Status,
    [property: JsonPropertyName("last_event_time")] DateTimeOffset? LastEventTime,
    [property: JsonPropertyName("last_count_time")] DateTimeOffset? LastCountTime,
    [property: JsonPropertyName("quiet_sources")] string[]? QuietSources);

internal sealed record ReservationAnswer(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("expires_at")] DateTimeOffset ExpiresAt,
    [property: JsonPropertyName("reference")] string? Reference,
    [property: JsonPropertyName("channel")] string? Channel,
    [property: JsonPropertyName("lines")] ReservationLineAnswer[] Lines,
    [property: JsonPropertyName("shortfalls")] ShortfallAnswer[]? Shortfalls);

internal sealed record ReservationLineAnswer(
    [property: JsonPropertyName("line")] int Line,
    [property: JsonPropertyName("sku")] string Sku,
    [property: JsonPropertyName("location")] string Location,
    [property: JsonPropertyName("quantity")] decimal Quantity,
    [property: JsonPropertyName("fulfilled")] decimal Fulfilled);

internal sealed record ShortfallAnswer(
    [property: JsonPropertyName("sku")] string Sku,
    [property: JsonPropertyName("location")] string? Location,
    [property: JsonPropertyName("requested")] decimal Requested,
    [property: JsonPropertyName("available")] decimal Available);

internal sealed record IncidentAnswer(
    [property: JsonPropertyName("sequence")] long Sequence,
    [property: JsonPropertyName("at")] DateTimeOffset At,
    [property: JsonPropertyName("sku")] string Sku,
    [property: JsonPropertyName("location")] string Location,
    [property: JsonPropertyName("cause")] long Cause,
    [property: JsonPropertyName("on_hand")] decimal OnHand,
    [property: JsonPropertyName("held")] decimal Held,
    [property: JsonPropertyName("committed")] decimal Committed,
    [property: JsonPropertyName("shortage")] decimal Shortage,
    [property: JsonPropertyName("reservations")] string[] Reservations);

internal sealed record ClaimAnswer(
    [property: JsonPropertyName("reservation")] string Reservation,
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("quantity")] decimal Quantity,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
    [property: JsonPropertyName("reference")] string? Reference,
    [property: JsonPropertyName("channel")] string? Channel);

internal sealed record ExplanationAnswer(
    [property: JsonPropertyName("sku")] string Sku,
    [property: JsonPropertyName("location")] string Location,
    [property: JsonPropertyName("on_hand")] decimal OnHand,
    [property: JsonPropertyName("governing_count")] ExplainedRecordAnswer? GoverningCount,
    [property: JsonPropertyName("records_after")] ExplainedRecordAnswer[] RecordsAfter,
    [property: JsonPropertyName("holds")] ClaimAnswer[]? Holds);

internal sealed record ExplainedRecordAnswer(
    [property: JsonPropertyName("source")] string Source,
    [property: JsonPropertyName("event_id")] string EventId,
    [property: JsonPropertyName("line")] long Line,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("quantity")] decimal Quantity,
    [property: JsonPropertyName("effect")] decimal Effect,
    [property: JsonPropertyName("event_time")] DateTimeOffset EventTime,
    [property: JsonPropertyName("voided")] bool Voided,
    [property: JsonPropertyName("reference")] string? Reference);

internal sealed record LandedAnswer(
    [property: JsonPropertyName("batches")] LandedBatchAnswer[] Batches);

internal sealed record LandedBatchAnswer(
    [property: JsonPropertyName("feed")] string Feed,
    [property: JsonPropertyName("source")] string Source,
    [property: JsonPropertyName("batch_id")] string BatchId,
    [property: JsonPropertyName("path")] string Path,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("already_there")] bool AlreadyThere);

internal sealed record SqlAnswer(
    [property: JsonPropertyName("columns")] SqlColumnAnswer[] Columns,
    [property: JsonPropertyName("rows")] object[] Rows);

internal sealed record SqlColumnAnswer(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("type")] string Type);

internal sealed record TableAnswer(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("kind")] string Kind,
    [property: JsonPropertyName("version")] long Version,
    [property: JsonPropertyName("files")] long Files,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("rows")] long? Rows,
    [property: JsonPropertyName("last_commit")] DateTimeOffset? LastCommit,
    [property: JsonPropertyName("description")] string? Description);

internal sealed record ProblemAnswer(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("title")] string Title,
    [property: JsonPropertyName("status")] int Status,
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("instance")] string? Instance);

internal static class AnswerMetadata
{
    /// <summary>Describes an endpoint's answers: <typeparamref name="T"/>, and problem details for each status.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, params int[] problems) =>
        route.Describes(StatusCodes.Status200OK, typeof(T), problems);

    /// <summary>As <see cref="Answers{T}"/>, with another status of success.</summary>
    public static RouteHandlerBuilder Describes(this RouteHandlerBuilder route, int status, Type type, params int[] problems)
    {
        IProducesResponseTypeMetadata[] metadata =
        [
            new ProducesResponseTypeMetadata(status, type, ["application/json"]),
            .. problems.Select(p => new ProducesResponseTypeMetadata(p, typeof(ProblemAnswer), [Problem.ContentType])),
        ];
        return route.WithMetadata([.. metadata]);
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Node.Http.Transport;
using RetailFlow.Node.Live;
using RetailFlow.Stock.Ledger;
using RetailFlow.Storage;

namespace RetailFlow.Node.Http;

/// <summary><c>/v1/reservations</c>: stock that is kept for a basket or an order, answered when it is durable.</summary>
internal sealed class ReservationsEndpoint(NodeState node, EndedReservations ended)
{
    private const int MaxBodyBytes = 1 << 20;

    // A larger one takes long enough to be read elsewhere.
    private const int LargestOnLoop = 16 << 10;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/reservations", (Delegate)HoldAsync).WithName("Reserve")
            .WithSummary("Holds stock: all lines or none, unless allow_partial. Needs an Idempotency-Key.")
            .TakesReservation().Describes(201, typeof(ReservationAnswer), 400, 409, 422, 503).OnLoop();
        routes.MapGet("/v1/reservations/{id}", GetAsync).WithName("GetReservation")
            .WithSummary("A reservation as it is at this moment.").Answers<ReservationAnswer>(404, 503).OnLoop();
        Map(routes, "extend", "Holds it until ttl_seconds from now, never shorter than before.", (request, id) => request.ToExtend(id));
        Map(routes, "confirm", "It is ordered: it does not expire any more.", (request, id) => request.ToConfirm(id));
        Map(routes, "release", "Gives back what has not left.", (request, id) => request.ToRelease(id));
        Map(routes, "fulfil", "It left, whole or by line: on hand drops by as much.", (request, id) => request.ToFulfil(id));
    }

    private void Map(IEndpointRouteBuilder routes, string verb, string summary, Func<ReservationRequest, string, ReservationCommand> command) =>
        routes.MapPost(
                "/v1/reservations/{id}/" + verb,
                (HttpContext context, string id) => CommandAsync(context, verb, id, command))
            .WithName(char.ToUpperInvariant(verb[0]) + verb[1..] + "Reservation")
            .WithSummary(summary + " Needs an Idempotency-Key.")
            .Answers<ReservationAnswer>(400, 404, 409, 422, 503).OnLoop();

    private Task HoldAsync(HttpContext context) =>
        CommandAsync(context, "hold", string.Empty, (request, _) => request.ToHold(ReservationIds.At(node.Clock.GetUtcNow(), node.Options.NewReservation())));

    private async Task CommandAsync(HttpContext context, string verb, string id, Func<ReservationRequest, string, ReservationCommand> command)
    {
        if (node.Intake is not { Failure: null } intake || node.IsStopping)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        if (context.Request.ContentLength is not <= LargestOnLoop || context.Request.Headers.ContentEncoding.Count > 0)
        {
            await LoopPlace.LeaveAsync(context);
        }

        ReservationCommand wanted;
        using (var body = await RequestBody.ReadAsync(context, MaxBodyBytes))
        {
            if (body.Problem is { } unreadable)
            {
                await unreadable.WriteAsync(context);
                return;
            }

            try
            {
                wanted = command(ReservationRequest.Read(context.Request, verb, id, body.Memory.Span), id);
            }
            catch (InvalidRequestException wrong)
            {
                await Problem.BadRequest(wrong.Message).WriteAsync(context);
                return;
            }
        }

        if (await intake.Live.DecideAsync(wanted, context.RequestAborted) is not { } transition)
        {
            await Problem.Unavailable("The lake did not say in time what a late record changes; send the same request again.").WriteAsync(context);
        }
        else if (transition.Refusal == ReservationRefusal.NotFound)
        {
            await OfEndedAsync(context, wanted, transition);
        }
        else
        {
            await AnswerAsync(context, transition);
        }
    }

    /// <summary>What a command comes to whose reservation the ledger does not remember: of one that ended long ago the lake tells.</summary>
    private async Task OfEndedAsync(HttpContext context, ReservationCommand wanted, ReservationTransition notFound)
    {
        var (gone, problem) = await FindEndedAsync(wanted.Id, context.RequestAborted);
        await (problem?.WriteAsync(context) ?? AnswerAsync(context, gone is null ? notFound : StockLedger.OfEnded(wanted, gone, notFound.AtMicros)));
    }

    private async Task GetAsync(HttpContext context, string id)
    {
        if (node.Intake is not { Failure: null } intake || node.IsStopping)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        var reservation = await intake.Live.FindAsync(id, context.RequestAborted);
        if (reservation is null)
        {
            (reservation, var problem) = await FindEndedAsync(id, context.RequestAborted);
            if (reservation is null)
            {
                await (problem ?? NotFound(id)).WriteAsync(context);
                return;
            }
        }

        await WriteAsync(context, StatusCodes.Status200OK, new ReservationJson(reservation, reservation.StateAt(intake.Live.NowMicros), []));
    }

    /// <summary>A reservation that ended long ago; null if there is none, or, with a problem, if the lake did not say.</summary>
    private async ValueTask<(Reservation? Found, Problem? Problem)> FindEndedAsync(string id, CancellationToken cancellationToken)
    {
        await EventLoop.LeaveAsync();
        try
        {
            return (await ended.FindAsync(id, cancellationToken), null);
        }
        catch (TimeoutException late)
        {
            return (null, Problem.Unavailable(late.Message));
        }
    }

    private static Problem NotFound(string id) => Problem.NotFound($"There is no reservation '{id}', or it ended long ago.");

    private static Task AnswerAsync(HttpContext context, ReservationTransition transition)
    {
        switch (transition.Refusal)
        {
            case ReservationRefusal.None:
                var isNew = transition.Command == "hold";
                if (isNew)
                {
                    context.Response.Headers.Location = $"/v1/reservations/{transition.Id}";
                }

                return WriteAsync(
                    context,
                    isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK,
                    new ReservationJson(transition.After!, transition.After!.State, transition.Shortfalls));
            case ReservationRefusal.Shortfall:
                return Conflict(transition).WriteAsync(context, json => ReservationJson.WriteShortfalls(json, transition.Shortfalls));
            case ReservationRefusal.State or ReservationRefusal.Line:
                return Conflict(transition).WriteAsync(
                    context, json => json.WriteString("state"u8, Reservation.NameOf(transition.After!.StateAt(transition.AtMicros))));
            case ReservationRefusal.NotFound:
                return NotFound(transition.Id).WriteAsync(context);
            case ReservationRefusal.KeyReused:
                return new Problem(StatusCodes.Status422UnprocessableEntity, transition.Reason!).WriteAsync(context);
            default:
                throw new InvalidOperationException("There is no other refusal.");
        }
    }

    private static Problem Conflict(ReservationTransition transition) => new(StatusCodes.Status409Conflict, transition.Reason!);

    private static Task WriteAsync(HttpContext context, int status, ReservationJson reservation)
    {
        context.Response.StatusCode = status;
        return JsonAnswer.WriteAsync(context.Response, reservation, static (json, reservation) => reservation.Write(json));
    }
}

using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Live;

/// <summary>Reservations that ended too long ago for the ledger to remember them: the lake has them for good.</summary>
internal sealed class EndedReservations(NodeState node) : IDisposable
{
    // Whoever asks for ids that there never were takes no more of the engine than this.
    private const int AtOnce = 2;

    private const int IdLength = 32;
    private readonly SemaphoreSlim _looking = new(AtOnce);

    /// <summary>A reservation as it ended; null if there is none.</summary>
    /// <exception cref="TimeoutException">The lake did not say in time, or has not been brought so far.</exception>
    public async ValueTask<Reservation?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length != IdLength || !id.All(char.IsAsciiHexDigitLower))
        {
            // No name that a node has given.
            return null;
        }

        using var limit = new CancellationTokenSource(node.Options.SequenceTimeout, node.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await _looking.WaitAsync(either.Token);
            try
            {
                return await FindInLakeAsync(id, either.Token);
            }
            finally
            {
                _looking.Release();
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The lake did not say in time what became of the reservation; try again.");
        }
    }

    public void Dispose() => _looking.Dispose();

    private async ValueTask<Reservation?> FindInLakeAsync(string id, CancellationToken cancellationToken)
    {
        if (await node.Lake!.History.LastTransitionAsync(id, cancellationToken) is not { } stored)
        {
            return null;
        }

        var after = TransitionJson.Read(System.Text.Encoding.UTF8.GetBytes(stored.Json), RecordTime.ToMicros(stored.At)).After;

        // What the ledger has forgotten has ended: a lake in which it has not is behind.
        return after is { State: ReservationState.Held or ReservationState.Confirmed }
            ? throw new TimeoutException("The lake does not have the end of the reservation yet; try again.")
            : after;
    }
}

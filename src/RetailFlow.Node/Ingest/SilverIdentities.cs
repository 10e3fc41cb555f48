using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Stock.Identities;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Ingest;

/// <summary>
/// Brings an index up to what the lake has: the identities that Silver has accepted, and those of the voids of voids that it refused, with the
/// content hashes that the parser would give them. Reads what came since the index's position, or everything if that does not tell.
/// </summary>
internal sealed class SilverIdentities(Lake lake, IdentityIndex index)
{
    // In the order of AcceptedRecords.Columns.
    private static readonly StockField[] s_fields =
    [
        StockField.Source, StockField.EventId, StockField.Line, StockField.Type, StockField.Sku, StockField.Location, StockField.Quantity,
        StockField.EventTime, StockField.VoidsEventId, StockField.VoidsLine, StockField.Reference, StockField.Reason,
        StockField.UnitCost, StockField.Channel, StockField.Attributes,
    ];

    private readonly StockRecordParser _parser = new(new StockRecordRules());
    private readonly StockRecordDraft _draft = new();

    /// <summary>
    /// For the start: afterwards the index has no journal record after <paramref name="sequence"/>. Such a record comes once more, out of the
    /// journal, and must not be taken for its own duplicate.
    /// </summary>
    /// <param name="version">Version of Silver; -1 if there is none.</param>
    /// <param name="sequence">Exactly the journal records up to this one are in that version.</param>
    /// <param name="cancellationToken">Stops reading; the index is as it was.</param>
    public Task StartAsync(long version, long sequence, CancellationToken cancellationToken) =>
        BringUpAsync(version, sequence, index.Position.Sequence <= sequence, cancellationToken);

    /// <summary>For a running node: takes in what came with a version of Silver.</summary>
    /// <inheritdoc cref="StartAsync"/>
    public Task FollowAsync(long version, long sequence, CancellationToken cancellationToken) => BringUpAsync(version, sequence, canFollow: true, cancellationToken);

    private async Task BringUpAsync(long version, long sequence, bool canFollow, CancellationToken cancellationToken)
    {
        var tables = version < 0 ? new RecordTables(string.Empty, -1, -1) : await lake.Accepted.TablesAsync(cancellationToken);
        var at = index.Position;
        if (version < 0 && at.AcceptedVersion < 0)
        {
            return;
        }

        var follows = canFollow && at.Source == tables.Source && at.AcceptedVersion >= 0
            && await TryLoadAsync(anew: false, at, Next(at, version), cancellationToken);
        if (!follows && !await TryLoadAsync(anew: true, IdentityPosition.None, Next(IdentityPosition.None, version), cancellationToken))
        {
            throw new LakeException(LakeErrorKind.Corrupt, "The records of silver.inventory_events cannot be read as a whole.");
        }

        IdentityPosition Next(IdentityPosition from, long accepted) => new(
            tables.Source, Math.Max(from.AcceptedVersion, accepted), Math.Max(from.RefusedVersion, tables.RefusedVersion), Math.Max(from.Sequence, sequence));
    }

    /// <summary>Takes in what lies between two positions; false if that cannot be told.</summary>
    private async Task<bool> TryLoadAsync(bool anew, IdentityPosition from, IdentityPosition to, CancellationToken cancellationToken)
    {
        if (from == to)
        {
            return true;
        }

        using var load = index.Load(anew);
        if (!await lake.Accepted.ReadAcceptedAsync(from.AcceptedVersion, to.AcceptedVersion, row => Add(load, row, isRefused: false), cancellationToken)
            || !await lake.Accepted.ReadRefusedAsync(from.RefusedVersion, to.RefusedVersion, row => Add(load, row, isRefused: true), cancellationToken))
        {
            return false;
        }

        index.Complete(load, to);
        return true;
    }

    private void Add(IdentityLoad load, RecordTextRow row, bool isRefused)
    {
        _draft.Begin();
        for (var i = 0; i < s_fields.Length; i++)
        {
            if (row.TryGet(i, out var text))
            {
                _draft.SetText(s_fields[i], text);
            }
        }

        // Judged when it was received: what is in Silver is not judged by today's clock again.
        var context = new StockRecordContext(default, long.MaxValue / 2);
        if (!_parser.Validate(_draft, in context, out var violation))
        {
            throw new LakeException(LakeErrorKind.Corrupt, $"silver.inventory_events holds a record that breaks a rule: {violation.Detail}.");
        }

        load.Add(_draft.IdentityFingerprint(), new KnownIdentity(_draft.ContentHash, _draft.Type == StockRecordType.Void, isRefused));
    }
}

using RetailFlow.Testing.Azure;
using RetailFlow.Testing.Storage;

[assembly: Xunit.AssemblyFixture(typeof(AzuriteServer))]

namespace RetailFlow.Storage.Azure.Tests;

public sealed class AzureBlobStoreConformance(AzuriteServer server) : ObjectStoreConformance
{
    /// <summary>Each round is some forty requests to one server process.</summary>
    protected override int RaceRounds => 60;

    protected override IObjectStore CreateEmpty() => Stores.Empty(server);
}

/// <summary>The same in pieces: several blocks per object, several ranges per read, several pages per listing.</summary>
public sealed class AzureBlobStoreInPiecesConformance(AzuriteServer server) : ObjectStoreConformance
{
    protected override int RaceRounds => 20;

    protected override IObjectStore CreateEmpty() => Stores.Empty(
        server,
        "lake/with space/é",
        Stores.Options with { SinglePutBytes = 8, BlockBytes = 16_384, ReadBytes = 20_000, ListPageSize = 7 });
}

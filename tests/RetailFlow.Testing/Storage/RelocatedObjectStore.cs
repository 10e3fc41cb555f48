using RetailFlow.Storage;

namespace RetailFlow.Testing.Storage;

/// <summary>A store that is known by another address, as an emulator stands for the service.</summary>
public sealed class RelocatedObjectStore(IObjectStore inner, StoreLocation location) : PassingObjectStore(inner)
{
    public override StoreLocation? Location => location;
}

using RetailFlow.Storage;

namespace RetailFlow.Testing.Storage;

/// <summary>Stores as folders, for readers that know nothing of stores.</summary>
public static class StoreCopy
{
    /// <summary>Copies every object below <paramref name="prefix"/> to a file of its path below <paramref name="folder"/>.</summary>
    public static async Task CopyToAsync(this IObjectStore store, string folder, string prefix = "")
    {
        await foreach (ObjectInfo found in store.ListAsync(prefix))
        {
            string file = Path.Combine(folder, found.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, (await store.ReadAsync(found.Path))!);
        }
    }
}

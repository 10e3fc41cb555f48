using RetailFlow.Stock.Identities;

namespace RetailFlow.Stock.Tests.Identities;

/// <summary>
/// Files of a folder that fail when they are told to: a write before it begins, in the middle, or when it has taken effect; a removal before or after.
/// After a failure every call fails, as of a process that has ended, until the device is mended.
/// </summary>
internal sealed class BreakingIdentityFiles(string folder, Random random) : IIdentityFiles
{
    private readonly LocalIdentityFiles files = new(folder, isDurable: false);

    /// <summary>Calls until one fails; below 0 none does.</summary>
    public int Left { get; set; } = -1;

    /// <summary>Calls that changed something.</summary>
    public int Calls { get; private set; }

    public bool IsBroken { get; private set; }

    public void Mend()
    {
        IsBroken = false;
        Left = -1;
    }

    public IReadOnlyList<string> List() => files.List();

    public void Write(string name, Action<Stream> content)
    {
        bool breaks = Breaks();
        if (!breaks)
        {
            files.Write(name, content);
            return;
        }

        switch (random.Next(3))
        {
            case 0:
                break;
            case 1:
                using (MemoryStream whole = new())
                {
                    content(whole);
                    File.WriteAllBytes(Path.Join(folder, name + ".tmp"), whole.ToArray()[..random.Next((int)whole.Length)]);
                }

                break;
            default:
                files.Write(name, content);
                break;
        }

        throw new IOException("The device fails.");
    }

    public byte[]? Read(string name) => files.Read(name);

    public MappedFile? Map(string name) => files.Map(name);

    public void Delete(string name)
    {
        if (!Breaks())
        {
            files.Delete(name);
            return;
        }

        if (random.Next(2) == 0)
        {
            files.Delete(name);
        }

        throw new IOException("The device fails.");
    }

    private bool Breaks()
    {
        Calls++;
        if (!IsBroken && Left >= 0 && Left-- == 0)
        {
            IsBroken = true;
        }

        return IsBroken;
    }
}

namespace RetailFlow.Stock.Ledger;

/// <summary>A name with its text (<see cref="JsonName"/>) and the text's hash, computed once for everything that is done by that name. For one thread.</summary>
internal sealed class NameText
{
    private byte[] room = new byte[64 * JsonName.MostBytesPerChar];
    private int length;

    /// <summary>The name; null before the first.</summary>
    public string? Name { get; private set; }

    /// <summary>Its text; valid until the next one is taken.</summary>
    public ReadOnlySpan<byte> Text => room.AsSpan(0, length);

    /// <summary>Hash of the text.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Takes a name in place of the one before.</summary>
    public void Take(string name)
    {
        if (ReferenceEquals(name, Name))
        {
            return;
        }

        int most = name.Length * JsonName.MostBytesPerChar;
        if (most > room.Length)
        {
            room = new byte[most];
        }

        length = JsonName.Write(name, room);
        Hash = JsonName.Hash(Text);
        Name = name;
    }
}

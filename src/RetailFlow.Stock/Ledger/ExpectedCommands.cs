using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Commands that are about to be decided, one after the other: their names are made into texts ahead, and the memory that deciding them reads is
/// asked for, so that it comes while those before are decided. Changes nothing that a decision depends on. For one thread.
/// </summary>
internal sealed class ExpectedCommands(ReservationBook book, StockKeyTable keys)
{
    // How many commands ahead of the one that is decided a thing is done: far enough for memory to come, near enough for it to be still there.
    private const int Keys = 1;
    private const int Numbers = 3;
    private const int Names = 5;
    private const int Skus = 8;
    private const int Texts = 11;
    private const int Objects = 14;
    private const int Kept = 8;

    private readonly Entry[] entries = [.. Enumerable.Range(0, Kept).Select(_ => new Entry())];

    /// <summary>The names of the command that is decided now.</summary>
    public Entry Current { get; private set; } = new();

    /// <summary>To be called before a command of an array is decided, for each in its order.</summary>
    public void Next(ReservationCommand[] commands, int index)
    {
        for (int ahead = index == 0 ? 0 : Objects; ahead <= Objects; ahead++)
        {
            // Before the first one all that it has in front of it.
            Look(commands, index + ahead);
        }

        Current = entries[index & (Kept - 1)];
    }

    /// <summary>Makes the names of something that is decided or applied the current ones; those of a command that was expected are that already.</summary>
    public Entry Named(string? key, string id)
    {
        Current.Id.Take(id);
        if (key is not null)
        {
            Current.Key.Take(key);
        }

        return Current;
    }

    /// <summary>The hash by which a key of stock is found.</summary>
    public ulong HashOf(string sku, string location) =>
        ReferenceEquals(sku, Current.Sku) && ReferenceEquals(location, Current.Location) ? Current.StockHash : StockKeyTable.HashOf(sku, location);

    private void Look(ReservationCommand[] commands, int newest)
    {
        if (newest < commands.Length)
        {
            Fetch(commands[newest]);
        }

        if (At(commands, newest - (Objects - Texts)) is { } early)
        {
            Fetch(early.Key);
            Fetch(early.Id);
            if (early is HoldCommand hold)
            {
                Fetch(hold.LineObject);
            }
        }

        if (At(commands, newest - (Objects - Skus)) is HoldCommand { LineSpan: { Length: > 0 } lines })
        {
            Fetch(lines[0].Sku);
        }

        int near = newest - (Objects - Names);
        if (At(commands, near) is { } named)
        {
            Take(entries[near & (Kept - 1)], named);
        }

        int counted = newest - (Objects - Numbers);
        if (At(commands, counted) is HoldCommand)
        {
            Entry entry = entries[counted & (Kept - 1)];
            entry.StockNumber = keys.ExpectNumber(entry.StockHash);
        }

        int next = newest - (Objects - Keys);
        if (At(commands, next) is HoldCommand)
        {
            keys.ExpectKey(entries[next & (Kept - 1)].StockNumber);
        }
    }

    private static ReservationCommand? At(ReservationCommand[] commands, int index) => index >= 0 && index < commands.Length ? commands[index] : null;

    private void Take(Entry entry, ReservationCommand command)
    {
        entry.Key.Take(command.Key);
        entry.Id.Take(command.Id);
        book.Expect(entry.Key.Hash, entry.Id.Hash);
        if (command is HoldCommand { LineSpan: { Length: > 0 } lines } && lines[0].Location is { } location)
        {
            entry.Sku = lines[0].Sku;
            entry.Location = location;
            entry.StockHash = StockKeyTable.HashOf(entry.Sku, location);
            keys.Expect(entry.StockHash);
        }
    }

    /// <summary>Asks for the beginning of an object, wherever it is by then.</summary>
    private static unsafe void Fetch(object of)
    {
        if (Sse.IsSupported)
        {
            byte* at = *(byte**)Unsafe.AsPointer(ref of);
            Sse.Prefetch0(at);
            Sse.Prefetch0(at + 64);
        }
    }

    /// <summary>What is known of a command.</summary>
    internal sealed class Entry
    {
        public NameText Key { get; } = new();

        public NameText Id { get; } = new();

        public string? Sku { get; set; }

        public string? Location { get; set; }

        public ulong StockHash { get; set; }

        public int StockNumber { get; set; } = -1;
    }
}

using System.Buffers;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// A transition as slices of its JSON: one that stands as <see cref="TransitionJson.Write"/> writes it, member after member and without a space,
/// and has no text with an escape. What <see cref="TryRead"/> takes, <see cref="TransitionReader"/> reads and finds the same in; of anything else
/// that reader decides what it is.
/// </summary>
public ref struct PlainTransition
{
    private const int HashDigits = 32;

    // No number within these can be refused as a quantity.
    private const int MostWholeDigits = Quantity.WholeDigits;
    private const int MostPlaces = Quantity.Places;
    private const int MostCountDigits = 9;

    private static readonly SearchValues<byte> EndOfPlainText = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> LowerHexDigits = SearchValues.Create("0123456789abcdef"u8);

    private ReadOnlySpan<byte> rest;

    private PlainTransition(ReadOnlySpan<byte> utf8) => rest = utf8;

    /// <summary>The command.</summary>
    public ReadOnlySpan<byte> Command { get; private set; }

    /// <summary>Identity of the reservation.</summary>
    public ReadOnlySpan<byte> Id { get; private set; }

    /// <summary>Whether it has a key, and with it <see cref="Request"/>.</summary>
    public bool HasKey { get; private set; }

    /// <summary>The idempotency key, if it has one.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The hash of the request in 32 small hexadecimal digits, if it has a key.</summary>
    public ReadOnlySpan<byte> Request { get; private set; }

    /// <summary>The outcome.</summary>
    public ReadOnlySpan<byte> Outcome { get; private set; }

    /// <summary>Whether it tells the reservation afterwards: only then have the members below a meaning.</summary>
    public bool HasAfter { get; private set; }

    /// <summary>The state.</summary>
    public ReadOnlySpan<byte> State { get; private set; }

    /// <summary>When the reservation began, microseconds since 1970 UTC; null for the moment of the entry.</summary>
    public long? CreatedMicros { get; private set; }

    /// <summary>When it expires, microseconds since 1970 UTC.</summary>
    public long ExpiresMicros { get; private set; }

    /// <summary>Whether it has a reference.</summary>
    public bool HasReference { get; private set; }

    /// <summary>The caller's reference, if it has one.</summary>
    public ReadOnlySpan<byte> Reference { get; private set; }

    /// <summary>Whether it has a channel.</summary>
    public bool HasChannel { get; private set; }

    /// <summary>The channel, if it has one.</summary>
    public ReadOnlySpan<byte> Channel { get; private set; }

    /// <summary>The lines, as the JSON array that they are.</summary>
    public ReadOnlySpan<byte> Lines { get; private set; }

    /// <summary>Takes a transition apart.</summary>
    /// <param name="utf8">The JSON object, known to be UTF-8.</param>
    /// <param name="transition">Its parts.</param>
    /// <returns>False if it stands in another way or is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out PlainTransition transition)
    {
        transition = new PlainTransition(utf8);
        return transition.Read();
    }

    private bool Read() =>
        ReadCommand()
        && (!Skip(",\"reason\":"u8) || Text(out _))
        && (!Skip(",\"shortfalls\":"u8) || Each(lines: false))
        && (!Skip(",\"state\":"u8) || ReadAfter())
        && rest.SequenceEqual("}"u8);

    private bool ReadCommand()
    {
        if (!Skip("{\"command\":"u8) || !Text(out ReadOnlySpan<byte> command)
            || !Skip(",\"id\":"u8) || !Text(out ReadOnlySpan<byte> id))
        {
            return false;
        }

        Command = command;
        Id = id;
        if (Skip(",\"key\":"u8))
        {
            if (!Text(out ReadOnlySpan<byte> key) || !Skip(",\"request\":"u8) || !Text(out ReadOnlySpan<byte> request)
                || request.Length != HashDigits || request.ContainsAnyExcept(LowerHexDigits))
            {
                return false;
            }

            HasKey = true;
            Key = key;
            Request = request;
        }

        if (!Skip(",\"outcome\":"u8) || !Text(out ReadOnlySpan<byte> outcome))
        {
            return false;
        }

        Outcome = outcome;
        return TransitionJson.KnownOutcome(outcome) is not null;
    }

    private bool ReadAfter()
    {
        HasAfter = true;
        if (!Text(out ReadOnlySpan<byte> state) || Reservation.StateNamed(state) is null)
        {
            return false;
        }

        State = state;
        if (Skip(",\"created_at\":"u8))
        {
            if (!Moment(out long created))
            {
                return false;
            }

            CreatedMicros = created;
        }

        if (!Skip(",\"expires_at\":"u8) || !Moment(out long expires))
        {
            return false;
        }

        ExpiresMicros = expires;
        if (Skip(",\"reference\":"u8))
        {
            HasReference = true;
            if (!Text(out ReadOnlySpan<byte> reference))
            {
                return false;
            }

            Reference = reference;
        }

        if (Skip(",\"channel\":"u8))
        {
            HasChannel = true;
            if (!Text(out ReadOnlySpan<byte> channel))
            {
                return false;
            }

            Channel = channel;
        }

        if ((Skip(",\"sales\":"u8) && !Digits(MostCountDigits)) || !Skip(",\"lines\":"u8))
        {
            return false;
        }

        ReadOnlySpan<byte> lines = rest;
        bool read = Each(lines: true);
        Lines = lines[..^rest.Length];
        return read;
    }

    /// <summary>Lines of a reservation, or what was short, at least one.</summary>
    private bool Each(bool lines)
    {
        if (!Skip("["u8))
        {
            return false;
        }

        do
        {
            if (!Skip("{\"sku\":"u8) || !Text(out _)
                || (Skip(",\"location\":"u8) ? !Text(out _) : lines)
                || !Skip(lines ? ",\"quantity\":"u8 : ",\"requested\":"u8) || !Number()
                || !Skip(lines ? ",\"fulfilled\":"u8 : ",\"available\":"u8) || !Number()
                || !Skip("}"u8))
            {
                return false;
            }
        }
        while (Skip(","u8));

        return Skip("]"u8);
    }

    private bool Skip(ReadOnlySpan<byte> expected)
    {
        if (!rest.StartsWith(expected))
        {
            return false;
        }

        rest = rest[expected.Length..];
        return true;
    }

    private bool Text(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (rest.IsEmpty || rest[0] != (byte)'"')
        {
            return false;
        }

        int end = rest[1..].IndexOfAny(EndOfPlainText) + 1;
        if (end == 0 || rest[end] != (byte)'"')
        {
            return false;
        }

        text = rest[1..end];
        rest = rest[(end + 1)..];
        return true;
    }

    private bool Moment(out long micros)
    {
        micros = 0;
        return Text(out ReadOnlySpan<byte> text) && RecordTime.Parse(text, out micros) == TimeFault.None;
    }

    private bool Number()
    {
        Skip("-"u8);
        if (!Digits(MostWholeDigits))
        {
            return false;
        }

        if (!Skip("."u8))
        {
            return true;
        }

        int places = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        rest = rest[Math.Max(places, 0)..];
        return places is > 0 and <= MostPlaces;
    }

    private bool Digits(int most)
    {
        int digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits <= 0 || digits > most || (digits > 1 && rest[0] == (byte)'0'))
        {
            return false;
        }

        rest = rest[digits..];
        return true;
    }
}

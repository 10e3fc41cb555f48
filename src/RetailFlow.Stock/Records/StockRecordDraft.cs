using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace RetailFlow.Stock.Records;

/// <summary>
/// One record while and after it is judged: reusable, so that a valid record costs no allocation. All spans are valid until the
/// next <see cref="Begin"/> or <see cref="StockRecordParser.Parse"/>; values are meaningful only after a judgement without violation.
/// </summary>
public sealed class StockRecordDraft
{
    private static readonly SearchValues<byte> Printable =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x7F - 0x20).Select(character => (byte)character)]);

    private readonly ByteBuffer bytes = new(1024);
    private readonly ByteBuffer derived = new(256);
    private readonly FieldText[] fields = new FieldText[StockFieldName.Count];
    private uint present;
    private long contentHash;
    private bool hashed;

    /// <summary><c>source</c> as UTF-8, the record's own or the default.</summary>
    public ReadOnlySpan<byte> Source => Text(StockField.Source);

    /// <summary><c>event_id</c> as UTF-8.</summary>
    public ReadOnlySpan<byte> EventId => Text(StockField.EventId);

    /// <summary><c>line</c>, 0 if the record has none.</summary>
    public long Line { get; internal set; }

    /// <summary><c>type</c>.</summary>
    public StockRecordType Type { get; internal set; }

    /// <summary><c>sku</c> as UTF-8.</summary>
    public ReadOnlySpan<byte> Sku => Text(StockField.Sku);

    /// <summary><c>location</c> as UTF-8.</summary>
    public ReadOnlySpan<byte> Location => Text(StockField.Location);

    /// <summary><c>quantity</c> as written: positive for all types but an adjustment and a count.</summary>
    public Quantity Quantity { get; internal set; }

    /// <summary><c>event_time</c>, microseconds since 1970 UTC.</summary>
    public long EventTimeMicros { get; internal set; }

    /// <summary><c>voids.event_id</c> as UTF-8, empty unless the record is a void.</summary>
    public ReadOnlySpan<byte> VoidsEventId => Text(StockField.VoidsEventId);

    /// <summary><c>voids.line</c>, 0 if it has none.</summary>
    public long VoidsLine { get; internal set; }

    /// <summary><c>reference</c> as UTF-8, empty if absent.</summary>
    public ReadOnlySpan<byte> Reference => Text(StockField.Reference);

    /// <summary><c>reason</c> as UTF-8, empty if absent.</summary>
    public ReadOnlySpan<byte> Reason => Text(StockField.Reason);

    /// <summary><c>channel</c> as UTF-8, empty if absent.</summary>
    public ReadOnlySpan<byte> Channel => Text(StockField.Channel);

    /// <summary>Whether the record has a <c>unit_cost</c>.</summary>
    public bool HasUnitCost => Has(StockField.UnitCost);

    /// <summary><c>unit_cost</c> in units of 0.0001, 0 if absent.</summary>
    public long UnitCostRaw { get; internal set; }

    /// <summary><c>attributes</c> as canonical JSON (sorted names, numbers by value, no white space), empty if absent.</summary>
    public ReadOnlySpan<byte> Attributes => derived.Slice(AttributesStart, AttributesLength);

    /// <summary>The fields that stock.md does not name, as one JSON object in their order, empty if there are none.</summary>
    public ReadOnlySpan<byte> Rescued => derived.Slice(RescuedStart, RescuedLength);

    /// <summary>Whether the bytes given to the parser were one well-formed JSON object, whatever rule it breaks.</summary>
    public bool IsJsonObject { get; internal set; }

    /// <summary>
    /// 64 bits over the normalised content: every field of stock.md section 1 but the identity. Equal content, equal hash; the
    /// reverse holds but for accidents of 1 in 2^64, so it is a filter before <see cref="ContentEquals"/> where that matters.
    /// </summary>
    public long ContentHash
    {
        get
        {
            if (!hashed)
            {
                contentHash = HashContent();
                hashed = true;
            }

            return contentHash;
        }
    }

    internal int AttributesStart { get; set; }

    internal int AttributesLength { get; set; }

    internal int RescuedStart { get; set; }

    internal int RescuedLength { get; set; }

    internal ByteBuffer Bytes => bytes;

    internal ByteBuffer Derived => derived;

    /// <summary>Empties the draft before fields are set as text.</summary>
    public void Begin()
    {
        bytes.Clear();
        derived.Clear();
        present = 0;
        hashed = false;
        Line = 0;
        VoidsLine = 0;
        UnitCostRaw = 0;
        AttributesLength = 0;
        RescuedLength = 0;
        IsJsonObject = false;
    }

    /// <summary>
    /// Sets a field from text, as tables have it: numbers as decimal text, attributes as JSON. Empty text is an absent field.
    /// Setting a field again replaces it.
    /// </summary>
    public void SetText(StockField field, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            present &= ~(1u << (int)field);
            return;
        }

        int start = bytes.Append(utf8);
        Set(field, new FieldText(start, utf8.Length, IsPlain(utf8)));
    }

    /// <summary>Keeps a column that stock.md does not name in <see cref="Rescued"/>, as a JSON string.</summary>
    /// <exception cref="ArgumentException">Name or text is not UTF-8.</exception>
    public void RescueText(ReadOnlySpan<byte> name, ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(name) || !Utf8.IsValid(utf8))
        {
            throw new ArgumentException("A rescued column must be UTF-8.", nameof(utf8));
        }

        BeginRescued();
        CanonicalJson.AppendQuoted(name, derived);
        derived.Append((byte)':');
        CanonicalJson.AppendQuoted(utf8, derived);
        EndRescued();
    }

    /// <summary>The identity's 128 bits, see <see cref="RecordIdentity.Fingerprint"/>.</summary>
    public UInt128 IdentityFingerprint() => RecordIdentity.Fingerprint(Source, EventId, Line);

    /// <summary>Whether both have the same normalised content; identities and unknown fields do not count.</summary>
    public bool ContentEquals(StockRecordDraft other) =>
        Type == other.Type && Quantity == other.Quantity && EventTimeMicros == other.EventTimeMicros
        && VoidsLine == other.VoidsLine && HasUnitCost == other.HasUnitCost && UnitCostRaw == other.UnitCostRaw
        && Sku.SequenceEqual(other.Sku) && Location.SequenceEqual(other.Location)
        && VoidsEventId.SequenceEqual(other.VoidsEventId) && Reference.SequenceEqual(other.Reference)
        && Reason.SequenceEqual(other.Reason) && Channel.SequenceEqual(other.Channel)
        && Attributes.SequenceEqual(other.Attributes);

    /// <summary>
    /// Writes the normalised content as bytes: equal content, equal bytes, and the reverse. Type, flags and numbers as fixed
    /// little-endian integers, texts with their length in front. For exact comparison where the records themselves are gone.
    /// </summary>
    public void WriteContent(IBufferWriter<byte> writer)
    {
        Span<byte> numbers = stackalloc byte[34];
        numbers[0] = (byte)Type;
        numbers[1] = HasUnitCost ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(numbers[2..], Quantity.Raw);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[10..], EventTimeMicros);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[18..], UnitCostRaw);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[26..], VoidsLine);
        writer.Write(numbers);
        WriteText(writer, Sku);
        WriteText(writer, Location);
        WriteText(writer, VoidsEventId);
        WriteText(writer, Reference);
        WriteText(writer, Reason);
        WriteText(writer, Channel);
        WriteText(writer, Attributes);
    }

    internal bool Has(StockField field) => (present & (1u << (int)field)) != 0;

    internal void Set(StockField field, FieldText text)
    {
        fields[(int)field] = text;
        present |= 1u << (int)field;
    }

    internal void Drop(StockField field) => present &= ~(1u << (int)field);

    internal FieldText Field(StockField field) => fields[(int)field];

    internal ReadOnlySpan<byte> Text(StockField field)
    {
        if (!Has(field))
        {
            return default;
        }

        FieldText text = fields[(int)field];
        return bytes.Slice(text.Start, text.Length);
    }

    /// <summary>Opens <see cref="Rescued"/> for one more member; nothing else may be appended to the derived bytes until it ends.</summary>
    internal void BeginRescued()
    {
        if (RescuedLength == 0)
        {
            RescuedStart = derived.Count;
            derived.Append((byte)'{');
            return;
        }

        derived.Truncate(derived.Count - 1);
        derived.Append((byte)',');
    }

    internal void EndRescued()
    {
        derived.Append((byte)'}');
        RescuedLength = derived.Count - RescuedStart;
    }

    /// <summary>Printable ASCII only: characters are bytes and none is a control character.</summary>
    internal static bool IsPlain(ReadOnlySpan<byte> utf8) => utf8.IndexOfAnyExcept(Printable) < 0;

    private static void WriteText(IBufferWriter<byte> writer, ReadOnlySpan<byte> text)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        writer.Write(length);
        writer.Write(text);
    }

    private long HashContent()
    {
        ContentHasher hasher = ContentHasher.Start();
        hasher.Add(((long)Type << 1) | (HasUnitCost ? 1L : 0L), Quantity.Raw);
        hasher.Add(EventTimeMicros, UnitCostRaw);
        hasher.Add(Sku);
        hasher.Add(Location);
        hasher.Add(Reference);
        hasher.Add(Reason);
        hasher.Add(Channel);
        hasher.Add(Attributes);
        hasher.Add(VoidsEventId);
        hasher.Add(VoidsLine);
        return unchecked((long)hasher.Low);
    }

    /// <summary>Where a field's text lies in the draft's bytes.</summary>
    internal readonly record struct FieldText(int Start, int Length, bool Plain);
}

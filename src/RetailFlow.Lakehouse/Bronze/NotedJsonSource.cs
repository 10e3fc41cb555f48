using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// What the node decided or noted in the journal, as rows of the engine: all entries of one kind, and no others. One that cannot be read goes to
/// the sink, so every entry is either a row or set aside.
/// </summary>
internal sealed class NotedJsonSource(BlockQueue blocks, RecordKind kind, QuarantineSink sink, int threads) : IChunkSource
{
    /// <summary>Rule of an entry that is not what this version can read.</summary>
    public const string UnreadableRule = "unreadable_entry";

    /// <inheritdoc/>
    public int MaxThreads => threads;

    /// <inheritdoc/>
    public IChunkReader OpenReader() => new Reader(new RecordCursor(blocks), kind, sink);

    private sealed class Reader(RecordCursor records, RecordKind kind, QuarantineSink sink) : IChunkReader
    {
        private readonly JournalEntryKind _wanted = kind == RecordKind.Reservation ? JournalEntryKind.Reservation : JournalEntryKind.Incident;

        public int Read(DuckDbChunkWriter chunk)
        {
            var rows = 0;
            while (rows < chunk.Capacity && records.Next(out var line))
            {
                JournalLine.Verify(line, records.File, records.Row);
                var envelope = new JournalEnvelopeReader(line);
                if (envelope.Kind != _wanted)
                {
                    continue;
                }

                try
                {
                    // What cannot be read is found before anything of the row is written.
                    if (!Utf8.IsValid(envelope.Noted))
                    {
                        throw new InvalidDataException("The entry has bytes that are not UTF-8.");
                    }

                    var last = kind == RecordKind.Reservation ? WriteReservation(chunk, rows, envelope) : WriteIncident(chunk, rows, envelope);
                    chunk.Column<long>(0)[rows] = envelope.Sequence;
                    chunk.Column<long>(1)[rows] = envelope.ReceivedAtMicros;
                    chunk.Column<long>(last)[rows] = records.File.Ordinal;
                    chunk.Column<long>(last + 1)[rows] = records.Row;
                    rows++;
                }
                catch (InvalidDataException e)
                {
                    sink.Add(records.File, records.Row, UnreadableRule, "", e.Message, envelope.Noted);
                }
            }

            return rows;
        }

        public void Dispose() => records.Dispose();

        /// <summary>Writes all columns but the first two and the last two; gives the first of the latter.</summary>
        private static int WriteReservation(DuckDbChunkWriter chunk, int row, in JournalEnvelopeReader envelope)
        {
            if (PlainTransition.TryRead(envelope.Noted, out var plain))
            {
                WritePlain(chunk, row, plain, envelope);
            }
            else
            {
                WriteAny(chunk, row, envelope);
            }

            Raw(chunk, 13, row, envelope.Noted);
            return 14;
        }

        private static void WritePlain(DuckDbChunkWriter chunk, int row, in PlainTransition transition, in JournalEnvelopeReader envelope)
        {
            chunk.SetKnownUtf8(2, row, transition.Command);
            chunk.SetKnownUtf8(3, row, transition.Id);
            Slice(chunk, 4, row, transition.HasKey, transition.Key);
            Slice(chunk, 5, row, transition.HasKey, transition.Request);
            chunk.SetKnownUtf8(6, row, transition.Outcome);
            Slice(chunk, 7, row, transition.HasAfter, transition.State);
            Moment(chunk, 8, row, transition.HasAfter ? transition.CreatedMicros ?? envelope.ReceivedAtMicros : null);
            Moment(chunk, 9, row, transition.HasAfter ? transition.ExpiresMicros : null);
            Slice(chunk, 10, row, transition.HasReference, transition.Reference);
            Slice(chunk, 11, row, transition.HasChannel, transition.Channel);
            Slice(chunk, 12, row, transition.HasAfter, transition.Lines);
        }

        private static void WriteAny(DuckDbChunkWriter chunk, int row, in JournalEnvelopeReader envelope)
        {
            var transition = TransitionJson.Read(envelope.Noted, envelope.ReceivedAtMicros);
            var after = transition.After;
            Text(chunk, 2, row, transition.Command);
            Text(chunk, 3, row, transition.Id);
            Text(chunk, 4, row, transition.Key);
            Text(chunk, 5, row, transition.Key is null ? null : transition.RequestHash.ToString("x32", CultureInfo.InvariantCulture));
            Raw(chunk, 6, row, Unquoted(Member(envelope.Noted, "outcome"u8)));
            Text(chunk, 7, row, after is null ? null : Reservation.NameOf(after.State));
            Moment(chunk, 8, row, after?.CreatedMicros);
            Moment(chunk, 9, row, after?.ExpiresMicros);
            Text(chunk, 10, row, after?.Reference);
            Text(chunk, 11, row, after?.Channel);
            Raw(chunk, 12, row, after is null ? default : Member(envelope.Noted, "lines"u8));
        }

        private static int WriteIncident(DuckDbChunkWriter chunk, int row, in JournalEnvelopeReader envelope)
        {
            var incident = IncidentJson.Read(envelope.Noted, envelope.ReceivedAtMicros);
            Text(chunk, 2, row, incident.Sku);
            Text(chunk, 3, row, incident.Location);
            chunk.Column<long>(4)[row] = incident.Sequence;
            chunk.Column<Int128>(5)[row] = incident.OnHand.Raw;
            chunk.Column<Int128>(6)[row] = incident.Held.Raw;
            chunk.Column<Int128>(7)[row] = incident.Committed.Raw;
            chunk.Column<Int128>(8)[row] = (Int128)incident.Held.Raw + incident.Committed.Raw - incident.OnHand.Raw;
            Raw(chunk, 9, row, Member(envelope.Noted, "reservations"u8));
            return 10;
        }

        /// <summary>A member of an object that has been read before, as it is written; empty if it has none of the name.</summary>
        private static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var wanted = reader.ValueTextEquals(name);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (wanted)
                {
                    return json[start..(int)reader.BytesConsumed];
                }
            }

            return default;
        }

        private static ReadOnlySpan<byte> Unquoted(ReadOnlySpan<byte> text) => text[1..^1];

        private static void Text(DuckDbChunkWriter chunk, int column, int row, string? value)
        {
            if (value is null)
            {
                chunk.SetNull(column, row);
            }
            else
            {
                chunk.SetUtf8(column, row, Encoding.UTF8.GetBytes(value));
            }
        }

        private static void Slice(DuckDbChunkWriter chunk, int column, int row, bool present, ReadOnlySpan<byte> value)
        {
            if (present)
            {
                chunk.SetKnownUtf8(column, row, value);
            }
            else
            {
                chunk.SetNull(column, row);
            }
        }

        private static void Raw(DuckDbChunkWriter chunk, int column, int row, ReadOnlySpan<byte> value)
        {
            if (value.IsEmpty)
            {
                chunk.SetNull(column, row);
            }
            else
            {
                chunk.SetKnownUtf8(column, row, value);
            }
        }

        private static void Moment(DuckDbChunkWriter chunk, int column, int row, long? micros)
        {
            if (micros is { } moment)
            {
                chunk.Column<long>(column)[row] = moment;
            }
            else
            {
                chunk.SetNull(column, row);
            }
        }
    }
}

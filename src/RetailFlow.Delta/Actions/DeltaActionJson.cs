using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>Actions as the lines of a commit file: one JSON object with one member, named after the action.</summary>
public static class DeltaActionJson
{
    internal static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 };

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 512 };

    /// <summary>
    /// Parses a line. Unknown members are skipped and members that are null count as absent, so that rows of a checkpoint parse too.
    /// </summary>
    /// <returns>The action, or null if the line holds none that is known.</returns>
    /// <exception cref="DeltaException">The line is not JSON or the action lacks what it must have (<see cref="DeltaErrorKind.Corrupt"/>).</exception>
    public static DeltaAction? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line, ReaderOptions);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw DeltaException.Corrupt("A line of the log is not a JSON object.");
            }

            DeltaAction? action = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (ParseMember(ref reader) is not { } parsed)
                {
                    continue;
                }

                if (action is not null)
                {
                    throw DeltaException.Corrupt("A line of the log holds more than one action.");
                }

                action = parsed;
            }

            return reader.Read() ? throw DeltaException.Corrupt("A line of the log goes on after its object.") : action;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw DeltaException.Corrupt($"A line of the log cannot be parsed: {e.Message}", e);
        }
    }

    /// <summary>Writes the action as one JSON object.</summary>
    public static void Write(Utf8JsonWriter writer, DeltaAction action)
    {
        writer.WriteStartObject();
        switch (action)
        {
            case AddFile add:
                FileActionJson.Write(writer, add);
                break;
            case RemoveFile remove:
                FileActionJson.Write(writer, remove);
                break;
            case AddCdcFile cdc:
                FileActionJson.Write(writer, cdc);
                break;
            case Metadata metadata:
                TableActionJson.Write(writer, metadata);
                break;
            case Protocol protocol:
                TableActionJson.Write(writer, protocol);
                break;
            case SetTransaction transaction:
                TableActionJson.Write(writer, transaction);
                break;
            case DomainMetadata domain:
                TableActionJson.Write(writer, domain);
                break;
            case Sidecar sidecar:
                TableActionJson.Write(writer, sidecar);
                break;
            case CheckpointMetadata checkpoint:
                TableActionJson.Write(writer, checkpoint);
                break;
            case CommitInfo commitInfo:
                CommitInfoJson.Write(writer, commitInfo);
                break;
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes the action as one JSON object, without a line feed.</summary>
    public static void Write(IBufferWriter<byte> output, DeltaAction action)
    {
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        Write(writer, action);
    }

    /// <summary>The action as one JSON object.</summary>
    public static string ToJson(DeltaAction action)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Write(buffer, action);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes one line per action.</summary>
    internal static void WriteLines(ArrayBufferWriter<byte> output, IEnumerable<DeltaAction> actions)
    {
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        foreach (var action in actions)
        {
            Write(writer, action);
            writer.Flush();
            writer.Reset();
            output.Write("\n"u8);
        }
    }

    private static DeltaAction? ParseMember(ref Utf8JsonReader reader)
    {
        // Called on the member's name; returns on the last token of its value.
        DeltaAction? action;
        if (reader.ValueTextEquals("add"u8))
        {
            action = reader.BeginObject() ? FileActionJson.ReadAdd(ref reader) : null;
        }
        else if (reader.ValueTextEquals("remove"u8))
        {
            action = reader.BeginObject() ? FileActionJson.ReadRemove(ref reader) : null;
        }
        else if (reader.ValueTextEquals("commitInfo"u8))
        {
            action = reader.BeginObject() ? CommitInfoJson.Read(ref reader) : null;
        }
        else if (reader.ValueTextEquals("txn"u8))
        {
            action = reader.BeginObject() ? TableActionJson.ReadTransaction(ref reader) : null;
        }
        else if (reader.ValueTextEquals("metaData"u8))
        {
            action = reader.BeginObject() ? TableActionJson.ReadMetadata(ref reader) : null;
        }
        else if (reader.ValueTextEquals("protocol"u8))
        {
            action = reader.BeginObject() ? TableActionJson.ReadProtocol(ref reader) : null;
        }
        else if (reader.ValueTextEquals("domainMetadata"u8))
        {
            action = reader.BeginObject() ? TableActionJson.ReadDomain(ref reader) : null;
        }
        else if (reader.ValueTextEquals("cdc"u8))
        {
            action = reader.BeginObject() ? FileActionJson.ReadCdc(ref reader) : null;
        }
        else if (reader.ValueTextEquals("sidecar"u8))
        {
            action = reader.BeginObject() ? TableActionJson.ReadSidecar(ref reader) : null;
        }
        else if (reader.ValueTextEquals("checkpointMetadata"u8))
        {
            action = reader.BeginObject() ? TableActionJson.ReadCheckpoint(ref reader) : null;
        }
        else
        {
            reader.Read();
            reader.Skip();
            action = null;
        }

        return action;
    }
}

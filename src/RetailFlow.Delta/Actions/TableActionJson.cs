using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>JSON of the actions that are about the table. Readers are called inside the object and return on its end.</summary>
internal static class TableActionJson
{
    public static Protocol ReadProtocol(ref Utf8JsonReader reader)
    {
        int? minReader = null, minWriter = null;
        List<string>? readerFeatures = null, writerFeatures = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("minReaderVersion"u8))
            {
                minReader = reader.IntValue();
            }
            else if (reader.ValueTextEquals("minWriterVersion"u8))
            {
                minWriter = reader.IntValue();
            }
            else if (reader.ValueTextEquals("readerFeatures"u8))
            {
                readerFeatures = reader.TextArray();
            }
            else if (reader.ValueTextEquals("writerFeatures"u8))
            {
                writerFeatures = reader.TextArray();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new Protocol(
            JsonFields.Required(minReader, "protocol.minReaderVersion"),
            JsonFields.Required(minWriter, "protocol.minWriterVersion"),
            readerFeatures is null ? null : new HashSet<string>(readerFeatures, StringComparer.Ordinal),
            writerFeatures is null ? null : new HashSet<string>(writerFeatures, StringComparer.Ordinal));
    }

    public static Metadata ReadMetadata(ref Utf8JsonReader reader)
    {
        string? id = null, name = null, description = null, schema = null;
        string? provider = null;
        IReadOnlyDictionary<string, string>? options = null, configuration = null;
        List<string>? partitionColumns = null;
        long? createdTime = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("id"u8))
            {
                id = reader.TextValue();
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                name = reader.TextValue();
            }
            else if (reader.ValueTextEquals("description"u8))
            {
                description = reader.TextValue();
            }
            else if (reader.ValueTextEquals("format"u8))
            {
                (provider, options) = ReadFormat(ref reader);
            }
            else if (reader.ValueTextEquals("schemaString"u8))
            {
                schema = reader.TextValue();
            }
            else if (reader.ValueTextEquals("partitionColumns"u8))
            {
                partitionColumns = reader.TextArray();
            }
            else if (reader.ValueTextEquals("configuration"u8))
            {
                configuration = reader.TextMap();
            }
            else if (reader.ValueTextEquals("createdTime"u8))
            {
                createdTime = reader.LongValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new Metadata
        {
            Id = JsonFields.Required(id, "metaData.id"),
            Name = name,
            Description = description,
            FormatProvider = provider ?? "parquet",
            FormatOptions = options ?? EmptyMaps.Text,
            SchemaString = schema,
            PartitionColumns = partitionColumns ?? [],
            Configuration = configuration ?? EmptyMaps.Text,
            CreatedTime = createdTime,
        };
    }

    public static SetTransaction ReadTransaction(ref Utf8JsonReader reader)
    {
        string? appId = null;
        long? version = null, lastUpdated = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("appId"u8))
            {
                appId = reader.TextValue();
            }
            else if (reader.ValueTextEquals("version"u8))
            {
                version = reader.LongValue();
            }
            else if (reader.ValueTextEquals("lastUpdated"u8))
            {
                lastUpdated = reader.LongValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new SetTransaction(JsonFields.Required(appId, "txn.appId"), JsonFields.Required(version, "txn.version"), lastUpdated);
    }

    public static DomainMetadata ReadDomain(ref Utf8JsonReader reader)
    {
        string? domain = null, configuration = null;
        bool? removed = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("domain"u8))
            {
                domain = reader.TextValue();
            }
            else if (reader.ValueTextEquals("configuration"u8))
            {
                configuration = reader.TextValue();
            }
            else if (reader.ValueTextEquals("removed"u8))
            {
                removed = reader.BoolValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new DomainMetadata(JsonFields.Required(domain, "domainMetadata.domain"), configuration ?? "", removed ?? false);
    }

    public static Sidecar ReadSidecar(ref Utf8JsonReader reader)
    {
        string? path = null;
        long? size = null, modificationTime = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("path"u8))
            {
                path = reader.TextValue();
            }
            else if (reader.ValueTextEquals("sizeInBytes"u8))
            {
                size = reader.LongValue();
            }
            else if (reader.ValueTextEquals("modificationTime"u8))
            {
                modificationTime = reader.LongValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new Sidecar(
            JsonFields.Required(path, "sidecar.path"),
            JsonFields.Required(size, "sidecar.sizeInBytes"),
            JsonFields.Required(modificationTime, "sidecar.modificationTime"));
    }

    public static CheckpointMetadata ReadCheckpoint(ref Utf8JsonReader reader)
    {
        long? version = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("version"u8))
            {
                version = reader.LongValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new CheckpointMetadata(JsonFields.Required(version, "checkpointMetadata.version"));
    }

    public static void Write(Utf8JsonWriter writer, Protocol protocol)
    {
        writer.WriteStartObject("protocol"u8);
        writer.WriteNumber("minReaderVersion"u8, protocol.MinReaderVersion);
        writer.WriteNumber("minWriterVersion"u8, protocol.MinWriterVersion);
        WriteNames(writer, "readerFeatures"u8, protocol.ReaderFeatures?.Order(StringComparer.Ordinal));
        WriteNames(writer, "writerFeatures"u8, protocol.WriterFeatures?.Order(StringComparer.Ordinal));
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, Metadata metadata)
    {
        writer.WriteStartObject("metaData"u8);
        writer.WriteString("id"u8, metadata.Id);
        writer.WriteOptional("name"u8, metadata.Name);
        writer.WriteOptional("description"u8, metadata.Description);
        writer.WriteStartObject("format"u8);
        writer.WriteString("provider"u8, metadata.FormatProvider);
        writer.WriteMap("options"u8, metadata.FormatOptions);
        writer.WriteEndObject();
        writer.WriteOptional("schemaString"u8, metadata.SchemaString);
        WriteNames(writer, "partitionColumns"u8, metadata.PartitionColumns);
        writer.WriteMap("configuration"u8, metadata.Configuration);
        writer.WriteOptional("createdTime"u8, metadata.CreatedTime);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, SetTransaction transaction)
    {
        writer.WriteStartObject("txn"u8);
        writer.WriteString("appId"u8, transaction.AppId);
        writer.WriteNumber("version"u8, transaction.Version);
        writer.WriteOptional("lastUpdated"u8, transaction.LastUpdated);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, DomainMetadata domain)
    {
        writer.WriteStartObject("domainMetadata"u8);
        writer.WriteString("domain"u8, domain.Domain);
        writer.WriteString("configuration"u8, domain.Configuration);
        writer.WriteBoolean("removed"u8, domain.Removed);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, Sidecar sidecar)
    {
        writer.WriteStartObject("sidecar"u8);
        writer.WriteString("path"u8, sidecar.Path);
        writer.WriteNumber("sizeInBytes"u8, sidecar.SizeInBytes);
        writer.WriteNumber("modificationTime"u8, sidecar.ModificationTime);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, CheckpointMetadata checkpoint)
    {
        writer.WriteStartObject("checkpointMetadata"u8);
        writer.WriteNumber("version"u8, checkpoint.Version);
        writer.WriteEndObject();
    }

    private static (string? Provider, IReadOnlyDictionary<string, string>? Options) ReadFormat(ref Utf8JsonReader reader)
    {
        string? provider = null;
        IReadOnlyDictionary<string, string>? options = null;
        if (!reader.BeginObject())
        {
            return default;
        }

        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("provider"u8))
            {
                provider = reader.TextValue();
            }
            else if (reader.ValueTextEquals("options"u8))
            {
                options = reader.TextMap();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return (provider, options);
    }

    private static void WriteNames(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<string>? values)
    {
        if (values is null)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}

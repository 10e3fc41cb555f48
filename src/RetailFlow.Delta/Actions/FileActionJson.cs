using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>JSON of <c>add</c>, <c>remove</c> and <c>cdc</c>. Readers are called inside the object and return on its end.</summary>
internal static class FileActionJson
{
    public static AddFile ReadAdd(ref Utf8JsonReader reader)
    {
        string? path = null, clusteringProvider = null;
        IReadOnlyDictionary<string, string?>? partitionValues = null;
        IReadOnlyDictionary<string, string>? tags = null;
        long? size = null, modificationTime = null, baseRowId = null, defaultRowCommitVersion = null;
        bool? dataChange = null;
        byte[]? stats = null;
        DeletionVectorDescriptor? deletionVector = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("path"u8))
            {
                path = reader.TextValue();
            }
            else if (reader.ValueTextEquals("partitionValues"u8))
            {
                partitionValues = reader.NullableTextMap();
            }
            else if (reader.ValueTextEquals("size"u8))
            {
                size = reader.LongValue();
            }
            else if (reader.ValueTextEquals("modificationTime"u8))
            {
                modificationTime = reader.LongValue();
            }
            else if (reader.ValueTextEquals("dataChange"u8))
            {
                dataChange = reader.BoolValue();
            }
            else if (reader.ValueTextEquals("stats"u8))
            {
                stats = reader.Utf8Value();
            }
            else if (reader.ValueTextEquals("tags"u8))
            {
                tags = reader.TextMap();
            }
            else if (reader.ValueTextEquals("deletionVector"u8))
            {
                deletionVector = ReadDeletionVector(ref reader);
            }
            else if (reader.ValueTextEquals("baseRowId"u8))
            {
                baseRowId = reader.LongValue();
            }
            else if (reader.ValueTextEquals("defaultRowCommitVersion"u8))
            {
                defaultRowCommitVersion = reader.LongValue();
            }
            else if (reader.ValueTextEquals("clusteringProvider"u8))
            {
                clusteringProvider = reader.TextValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new AddFile
        {
            Path = JsonFields.Required(path, "add.path"),
            PartitionValues = partitionValues ?? EmptyMaps.PartitionValues,
            Size = NotNegative(JsonFields.Required(size, "add.size"), "add.size"),
            ModificationTime = JsonFields.Required(modificationTime, "add.modificationTime"),
            DataChange = dataChange ?? true,
            StatsUtf8 = stats,
            Tags = tags,
            DeletionVector = deletionVector,
            BaseRowId = baseRowId,
            DefaultRowCommitVersion = defaultRowCommitVersion,
            ClusteringProvider = clusteringProvider,
        };
    }

    public static RemoveFile ReadRemove(ref Utf8JsonReader reader)
    {
        string? path = null, stats = null;
        IReadOnlyDictionary<string, string?>? partitionValues = null;
        IReadOnlyDictionary<string, string>? tags = null;
        long? size = null, deletionTimestamp = null, baseRowId = null, defaultRowCommitVersion = null;
        bool? dataChange = null, extended = null;
        DeletionVectorDescriptor? deletionVector = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("path"u8))
            {
                path = reader.TextValue();
            }
            else if (reader.ValueTextEquals("deletionTimestamp"u8))
            {
                deletionTimestamp = reader.LongValue();
            }
            else if (reader.ValueTextEquals("dataChange"u8))
            {
                dataChange = reader.BoolValue();
            }
            else if (reader.ValueTextEquals("extendedFileMetadata"u8))
            {
                extended = reader.BoolValue();
            }
            else if (reader.ValueTextEquals("partitionValues"u8))
            {
                partitionValues = reader.NullableTextMap();
            }
            else if (reader.ValueTextEquals("size"u8))
            {
                size = reader.LongValue();
            }
            else if (reader.ValueTextEquals("stats"u8))
            {
                stats = reader.TextValue();
            }
            else if (reader.ValueTextEquals("tags"u8))
            {
                tags = reader.TextMap();
            }
            else if (reader.ValueTextEquals("deletionVector"u8))
            {
                deletionVector = ReadDeletionVector(ref reader);
            }
            else if (reader.ValueTextEquals("baseRowId"u8))
            {
                baseRowId = reader.LongValue();
            }
            else if (reader.ValueTextEquals("defaultRowCommitVersion"u8))
            {
                defaultRowCommitVersion = reader.LongValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new RemoveFile
        {
            Path = JsonFields.Required(path, "remove.path"),
            DeletionTimestamp = deletionTimestamp,
            DataChange = dataChange ?? true,
            ExtendedFileMetadata = extended,
            PartitionValues = partitionValues,
            Size = size,
            Stats = stats,
            Tags = tags,
            DeletionVector = deletionVector,
            BaseRowId = baseRowId,
            DefaultRowCommitVersion = defaultRowCommitVersion,
        };
    }

    public static AddCdcFile ReadCdc(ref Utf8JsonReader reader)
    {
        string? path = null;
        IReadOnlyDictionary<string, string?>? partitionValues = null;
        IReadOnlyDictionary<string, string>? tags = null;
        long? size = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("path"u8))
            {
                path = reader.TextValue();
            }
            else if (reader.ValueTextEquals("partitionValues"u8))
            {
                partitionValues = reader.NullableTextMap();
            }
            else if (reader.ValueTextEquals("size"u8))
            {
                size = reader.LongValue();
            }
            else if (reader.ValueTextEquals("tags"u8))
            {
                tags = reader.TextMap();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return new AddCdcFile
        {
            Path = JsonFields.Required(path, "cdc.path"),
            PartitionValues = partitionValues ?? EmptyMaps.PartitionValues,
            Size = NotNegative(JsonFields.Required(size, "cdc.size"), "cdc.size"),
            Tags = tags,
        };
    }

    public static void Write(Utf8JsonWriter writer, AddFile add)
    {
        writer.WriteStartObject("add"u8);
        writer.WriteString("path"u8, add.Path);
        writer.WriteNullableMap("partitionValues"u8, add.PartitionValues);
        writer.WriteNumber("size"u8, add.Size);
        writer.WriteNumber("modificationTime"u8, add.ModificationTime);
        writer.WriteBoolean("dataChange"u8, add.DataChange);
        if (!add.StatsUtf8.IsEmpty)
        {
            writer.WriteString("stats"u8, add.StatsUtf8.Span);
        }

        writer.WriteMap("tags"u8, add.Tags);
        WriteDeletionVector(writer, add.DeletionVector);
        writer.WriteOptional("baseRowId"u8, add.BaseRowId);
        writer.WriteOptional("defaultRowCommitVersion"u8, add.DefaultRowCommitVersion);
        writer.WriteOptional("clusteringProvider"u8, add.ClusteringProvider);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, RemoveFile remove)
    {
        writer.WriteStartObject("remove"u8);
        writer.WriteString("path"u8, remove.Path);
        writer.WriteOptional("deletionTimestamp"u8, remove.DeletionTimestamp);
        writer.WriteBoolean("dataChange"u8, remove.DataChange);
        writer.WriteOptional("extendedFileMetadata"u8, remove.ExtendedFileMetadata);
        writer.WriteNullableMap("partitionValues"u8, remove.PartitionValues);
        writer.WriteOptional("size"u8, remove.Size);
        writer.WriteOptional("stats"u8, remove.Stats);
        writer.WriteMap("tags"u8, remove.Tags);
        WriteDeletionVector(writer, remove.DeletionVector);
        writer.WriteOptional("baseRowId"u8, remove.BaseRowId);
        writer.WriteOptional("defaultRowCommitVersion"u8, remove.DefaultRowCommitVersion);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, AddCdcFile cdc)
    {
        writer.WriteStartObject("cdc"u8);
        writer.WriteString("path"u8, cdc.Path);
        writer.WriteNullableMap("partitionValues"u8, cdc.PartitionValues);
        writer.WriteNumber("size"u8, cdc.Size);
        writer.WriteBoolean("dataChange"u8, false);
        writer.WriteMap("tags"u8, cdc.Tags);
        writer.WriteEndObject();
    }

    private static DeletionVectorDescriptor? ReadDeletionVector(ref Utf8JsonReader reader)
    {
        if (!reader.BeginObject())
        {
            return null;
        }

        string? storageType = null, pathOrInline = null;
        int? offset = null, sizeInBytes = null;
        long? cardinality = null, maxRowIndex = null;
        while (reader.NextMember())
        {
            if (reader.ValueTextEquals("storageType"u8))
            {
                storageType = reader.TextValue();
            }
            else if (reader.ValueTextEquals("pathOrInlineDv"u8))
            {
                pathOrInline = reader.TextValue();
            }
            else if (reader.ValueTextEquals("offset"u8))
            {
                offset = reader.IntValue();
            }
            else if (reader.ValueTextEquals("sizeInBytes"u8))
            {
                sizeInBytes = reader.IntValue();
            }
            else if (reader.ValueTextEquals("cardinality"u8))
            {
                cardinality = reader.LongValue();
            }
            else if (reader.ValueTextEquals("maxRowIndex"u8))
            {
                maxRowIndex = reader.LongValue();
            }
            else
            {
                reader.SkipValue();
            }
        }

        // A checkpoint row may carry the struct with every child null where there is no vector.
        return storageType is null && pathOrInline is null && cardinality is null
            ? null
            : new DeletionVectorDescriptor(
                JsonFields.Required(storageType, "deletionVector.storageType"),
                JsonFields.Required(pathOrInline, "deletionVector.pathOrInlineDv"),
                offset,
                JsonFields.Required(sizeInBytes, "deletionVector.sizeInBytes"),
                JsonFields.Required(cardinality, "deletionVector.cardinality"),
                maxRowIndex);
    }

    private static void WriteDeletionVector(Utf8JsonWriter writer, DeletionVectorDescriptor? vector)
    {
        if (vector is null)
        {
            return;
        }

        writer.WriteStartObject("deletionVector"u8);
        writer.WriteString("storageType"u8, vector.StorageType);
        writer.WriteString("pathOrInlineDv"u8, vector.PathOrInlineDv);
        writer.WriteOptional("offset"u8, vector.Offset);
        writer.WriteNumber("sizeInBytes"u8, vector.SizeInBytes);
        writer.WriteNumber("cardinality"u8, vector.Cardinality);
        writer.WriteOptional("maxRowIndex"u8, vector.MaxRowIndex);
        writer.WriteEndObject();
    }

    private static long NotNegative(long value, string name) => value >= 0 ? value : throw new FormatException($"'{name}' is negative");
}

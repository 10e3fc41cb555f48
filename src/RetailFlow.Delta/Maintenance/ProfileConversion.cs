namespace RetailFlow.Delta;

/// <summary>How a table gets another profile. The set is closed.</summary>
public abstract record ProfileConversion
{
    private ProfileConversion()
    {
    }

    /// <summary>One commit of metadata and protocol; the files stay.</summary>
    public sealed record InPlace(EvolvedTable Table) : ProfileConversion;

    /// <summary>
    /// A copy of the live rows in a new table with this metadata and protocol. The old table cannot be lowered in place: its
    /// history would still need what the protocol no longer says, so that readers would take versions within their time
    /// travel wrongly (protocol section "Supported Features": a feature must not be removed).
    /// </summary>
    /// <param name="Table">Metadata and protocol of the copy; the identity is still that of the old table.</param>
    /// <param name="Reasons">What stands in the way of converting in place, each with the readers that it shuts out.</param>
    public sealed record Publish(EvolvedTable Table, IReadOnlyList<ProfileViolation> Reasons) : ProfileConversion;

    /// <summary>Plans the conversion.</summary>
    /// <param name="snapshot">The table.</param>
    /// <param name="profile">The profile that it shall have.</param>
    /// <param name="newGuid">Makes names of hidden columns.</param>
    /// <exception cref="DeltaException">A column cannot be in a table of that profile; the message names it.</exception>
    public static ProfileConversion For(Snapshot snapshot, TableProfile profile, Func<Guid> newGuid)
    {
        if (profile == TableProfile.Modern)
        {
            var properties = new SchemaChange.SetProperties(profile.Properties());
            var unmarked = snapshot.Metadata with { Configuration = Without(snapshot.Metadata.Configuration, TableProfile.Property) };
            var protocol = ProtocolUpgrade.For(snapshot.Protocol, snapshot.Metadata, "deletionVectors", "inCommitTimestamp", "domainMetadata");
            return new InPlace(SchemaEvolution.Apply(unmarked, protocol, properties, newGuid));
        }

        var reasons = profile.Check(snapshot.Protocol, snapshot.Metadata);
        if (reasons.Count == 0)
        {
            return new InPlace(new EvolvedTable(ColumnMapping.With(snapshot.Metadata, TableProfile.Property, profile.Name), snapshot.Protocol));
        }

        var copy = PlainCopy(snapshot.Metadata, profile);
        return new Publish(new EvolvedTable(copy, profile.CreateProtocol(copy)), reasons);
    }

    // Properties of features that the copy does not have go, and so do the annotations that only they understand.
    private static Metadata PlainCopy(Metadata metadata, TableProfile profile)
    {
        string[] dropped =
        [
            ColumnMapping.ModeProperty, ColumnMapping.MaxIdProperty, "delta.enableDeletionVectors", "delta.enableTypeWidening", "delta.checkpointPolicy",
            "delta.enableInCommitTimestamps", "delta.inCommitTimestampEnablementVersion", "delta.inCommitTimestampEnablementTimestamp",
            "delta.enableRowTracking", "delta.rowTrackingSuspended", RowTracking.RowIdColumn, RowTracking.RowVersionColumn,
        ];
        var plain = metadata.WithSchema((StructType)Plain(metadata.Schema)) with { Configuration = Without(metadata.Configuration, dropped) };
        return ColumnMapping.With(plain, TableProfile.Property, profile.Name);
    }

    private static DataType Plain(DataType type) => type switch
    {
        StructType nested => new StructType([.. nested.Fields.Select(f => f with
        {
            Type = Plain(f.Type),
            Metadata = f.Metadata.Without("delta.columnMapping.id").Without("delta.columnMapping.physicalName").Without(TypeWidening.Key),
        })]),
        ArrayType array => array with { ElementType = Plain(array.ElementType) },
        MapType map => map with { KeyType = Plain(map.KeyType), ValueType = Plain(map.ValueType) },
        PrimitiveType or DecimalType => type,
        _ => throw new InvalidOperationException("Unknown type."),
    };

    private static Dictionary<string, string> Without(IReadOnlyDictionary<string, string> configuration, params string[] keys) =>
        configuration.Where(p => !keys.Contains(p.Key, StringComparer.Ordinal)).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
}

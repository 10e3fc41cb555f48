namespace RetailFlow.Delta;

/// <summary>What a table becomes by a change: give both to a transaction when they differ from what it has.</summary>
/// <param name="Metadata">Schema and properties.</param>
/// <param name="Protocol">Upgraded where the change needs a feature.</param>
public sealed record EvolvedTable(Metadata Metadata, Protocol Protocol);

/// <summary>Changes columns and properties of a table without touching its files. Pure.</summary>
public static class SchemaEvolution
{
    /// <summary>The table after the change; refuses also what its clustering forbids.</summary>
    /// <param name="snapshot">The table.</param>
    /// <param name="change">What shall change.</param>
    /// <param name="newGuid">Makes physical names of new columns.</param>
    /// <exception cref="DeltaException">The change is not allowed (<see cref="DeltaErrorKind.InvalidCommit"/>).</exception>
    public static EvolvedTable Apply(Snapshot snapshot, SchemaChange change, Func<Guid> newGuid) => Apply(snapshot, [change], newGuid);

    /// <summary>The table after the changes, each of which follows those before it; refuses also what its clustering forbids.</summary>
    /// <param name="snapshot">The table.</param>
    /// <param name="changes">What shall change, in order.</param>
    /// <param name="newGuid">Makes physical names of new columns.</param>
    /// <exception cref="DeltaException">A change is not allowed (<see cref="DeltaErrorKind.InvalidCommit"/>).</exception>
    public static EvolvedTable Apply(Snapshot snapshot, IReadOnlyList<SchemaChange> changes, Func<Guid> newGuid)
    {
        var evolved = new EvolvedTable(snapshot.Metadata, snapshot.Protocol);
        foreach (var change in changes)
        {
            if (change is SchemaChange.DropColumn drop)
            {
                var physical = PhysicalPath(evolved.Metadata.Schema, drop.Column);
                if (Clustering.Columns(snapshot).Any(c => c.Parts.Take(physical.Count).SequenceEqual(physical, StringComparer.Ordinal)))
                {
                    throw DeltaException.InvalidCommit($"The column '{drop.Column}' cannot be dropped: the table is clustered by it.");
                }
            }

            evolved = Apply(evolved.Metadata, evolved.Protocol, change, newGuid);
        }

        return evolved;
    }

    /// <summary>The table after the change.</summary>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="protocol">Its protocol.</param>
    /// <param name="change">What shall change.</param>
    /// <param name="newGuid">Makes physical names of new columns.</param>
    /// <exception cref="DeltaException">The change is not allowed (<see cref="DeltaErrorKind.InvalidCommit"/>).</exception>
    public static EvolvedTable Apply(Metadata metadata, Protocol protocol, SchemaChange change, Func<Guid> newGuid)
    {
        var next = change switch
        {
            SchemaChange.AddColumn add => Add(metadata, add, newGuid),
            SchemaChange.WidenType widen => Widen(metadata, widen),
            SchemaChange.RenameColumn rename => Rename(metadata, rename),
            SchemaChange.DropColumn drop => Drop(metadata, drop.Column),
            SchemaChange.DropNotNull relax => Edit(metadata, relax.Column, f => f with { Nullable = true }),
            SchemaChange.SetComment comment => Edit(metadata, comment.Column, f => Annotated(f, "comment", comment.Comment)),
            SchemaChange.SetDefault value => Edit(metadata, value.Column, f => Annotated(f, "CURRENT_DEFAULT", value.Expression)),
            SchemaChange.SetProperties set => PropertyEvolution.Set(metadata, set.Properties, newGuid),
            SchemaChange.UnsetProperties unset => PropertyEvolution.Unset(metadata, unset.Keys),
            SchemaChange.AddConstraint add => PropertyEvolution.AddConstraint(metadata, add.Name, add.Expression),
            SchemaChange.DropConstraint drop => PropertyEvolution.DropConstraint(metadata, drop.Name),
            _ => throw new InvalidOperationException("Unknown change."),
        };
        var asked = change is SchemaChange.SetProperties { Properties: var properties } ? FeatureUse.Requested(properties) : [];
        var upgraded = ProtocolUpgrade.For(protocol, next, asked);
        var broken = new TableProperties(next.Configuration).Profile?.Check(upgraded, next);
        return broken is [var first, ..] ? throw DeltaException.InvalidCommit(first.Message) : new EvolvedTable(next, upgraded);
    }

    private static Metadata Add(Metadata metadata, SchemaChange.AddColumn change, Func<Guid> newGuid)
    {
        var field = new StructField(change.Column.Parts[^1], change.Type);
        field = Annotated(field, "comment", change.Comment);
        if (ColumnMapping.ModeOf(metadata) != ColumnMappingMode.None)
        {
            (field, metadata) = ColumnMapping.AssignNew(field, metadata, newGuid);
        }

        return metadata.WithSchema(SchemaEdit.Siblings(metadata.Schema, change.Column, siblings =>
        {
            if (new StructType(siblings).Find(field.Name) is { } existing)
            {
                throw DeltaException.InvalidCommit($"There is a column '{existing.Name}' already, so '{change.Column}' cannot be added.");
            }

            var at = change.After is null ? siblings.Count : change.After.Length == 0 ? 0 : siblings.FindIndex(s => s.Name == change.After) + 1;
            if (at == 0 && change.After is { Length: > 0 })
            {
                throw DeltaException.InvalidCommit($"'{change.Column}' cannot be added after '{change.After}': there is no such column.");
            }

            siblings.Insert(at, field);
        }));
    }

    private static Metadata Widen(Metadata metadata, SchemaChange.WidenType change)
    {
        if (!new TableProperties(metadata.Configuration).TypeWidening)
        {
            throw DeltaException.InvalidCommit($"The type of '{change.Column}' cannot be changed: delta.enableTypeWidening is not set.");
        }

        RequireUnused(metadata, change.Column, "widened");
        var depth = SchemaEdit.DepthOfField(metadata.Schema, change.Column);
        var field = ColumnPath.Of([.. change.Column.Parts.Take(depth)]);
        var fieldPath = string.Join('.', change.Column.Parts.Skip(depth));
        DataType? before = null;
        var schema = SchemaEdit.Type(metadata.Schema, change.Column, change.Column.Parts.Count, type =>
        {
            before = type;
            return TypeWidening.IsAllowed(type, change.Type)
                ? change.Type
                : throw DeltaException.InvalidCommit($"The type of '{change.Column}' cannot go from {type} to {change.Type}.");
        });
        return metadata.WithSchema(SchemaEdit.Field(
            (StructType)schema,
            field,
            f => f with { Metadata = TypeWidening.Record(f.Metadata, before!, change.Type, fieldPath) }));
    }

    private static Metadata Rename(Metadata metadata, SchemaChange.RenameColumn change)
    {
        RequireMapping(metadata, change.Column, "renamed");
        RequireUnused(metadata, change.Column, "renamed");
        string? old = null;
        var schema = SchemaEdit.Siblings(metadata.Schema, change.Column, siblings =>
        {
            var found = new StructType(siblings).Find(change.Column.Parts[^1]) ?? throw SchemaEdit.Missing(change.Column);
            if (siblings.Exists(s => !ReferenceEquals(s, found) && string.Equals(s.Name, change.Name, StringComparison.OrdinalIgnoreCase)))
            {
                throw DeltaException.InvalidCommit($"'{change.Column}' cannot be renamed to '{change.Name}': there is such a column.");
            }

            old = found.Name;
            siblings[siblings.IndexOf(found)] = found with { Name = change.Name };
        });
        var partitions = change.Column.Parts.Count > 1 ? metadata.PartitionColumns : [.. metadata.PartitionColumns.Select(p => p == old ? change.Name : p)];
        return metadata.WithSchema(schema) with { PartitionColumns = partitions };
    }

    private static Metadata Drop(Metadata metadata, ColumnPath column)
    {
        RequireMapping(metadata, column, "dropped");
        RequireUnused(metadata, column, "dropped");
        if (column.Parts.Count == 1 && metadata.PartitionColumns.Contains(column.Parts[0], StringComparer.OrdinalIgnoreCase))
        {
            throw DeltaException.InvalidCommit($"The column '{column}' cannot be dropped: the table is partitioned by it.");
        }

        var schema = SchemaEdit.Field(metadata.Schema, column, _ => null);
        return metadata.PartitionColumns.Count < schema.Fields.Count && FeatureUse.Types(schema).OfType<StructType>().All(s => s.Fields.Count > 0)
            ? metadata.WithSchema(schema)
            : throw DeltaException.InvalidCommit($"The column '{column}' cannot be dropped: nothing would be left beside it.");
    }

    private static Metadata Edit(Metadata metadata, ColumnPath column, Func<StructField, StructField> edit) =>
        metadata.WithSchema(SchemaEdit.Field(metadata.Schema, column, edit));

    private static StructField Annotated(StructField field, string key, string? text) => field with
    {
        Metadata = text is null ? field.Metadata.Without(key) : field.Metadata.WithText(key, text),
    };

    private static void RequireMapping(Metadata metadata, ColumnPath column, string verb)
    {
        if (ColumnMapping.ModeOf(metadata) == ColumnMappingMode.None)
        {
            throw DeltaException.InvalidCommit($"The column '{column}' cannot be {verb}: that needs column mapping (delta.columnMapping.mode = name).");
        }
    }

    // Names are compared, expressions not understood: a column that an expression may use stays as it is.
    private static void RequireUnused(Metadata metadata, ColumnPath column, string verb)
    {
        var (name, root) = (column.Parts[^1], column.Parts[0]);
        bool Uses(string expression) => SqlNames.Mentions(expression, name) && SqlNames.Mentions(expression, root);
        foreach (var (key, expression) in metadata.Configuration)
        {
            if (key.StartsWith(PropertyEvolution.ConstraintPrefix, StringComparison.Ordinal) && Uses(expression))
            {
                throw DeltaException.InvalidCommit($"The column '{column}' cannot be {verb}: the constraint '{key[PropertyEvolution.ConstraintPrefix.Length..]}' uses it ({expression}).");
            }
        }

        foreach (var field in FeatureUse.Fields(metadata.Schema))
        {
            if (field.Metadata.Text("delta.generationExpression") is { } expression && (Uses(expression) || field.Name == name))
            {
                throw DeltaException.InvalidCommit($"The column '{column}' cannot be {verb}: the generated column '{field.Name}' uses it ({expression}).");
            }

            if (field.Metadata.Text("delta.invariants") is { } invariant && Uses(invariant))
            {
                throw DeltaException.InvalidCommit($"The column '{column}' cannot be {verb}: an invariant of '{field.Name}' uses it.");
            }
        }
    }

    private static List<string> PhysicalPath(StructType schema, ColumnPath column)
    {
        var names = new List<string>();
        DataType type = schema;
        foreach (var part in column.Parts)
        {
            var field = (type as StructType)?.Find(part) ?? throw SchemaEdit.Missing(column);
            names.Add(field.PhysicalName);
            type = field.Type;
        }

        return names;
    }
}

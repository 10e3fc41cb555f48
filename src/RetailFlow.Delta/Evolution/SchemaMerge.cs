namespace RetailFlow.Delta;

/// <summary>What must change in a table so that rows of another schema can be written to it. Pure.</summary>
public static class SchemaMerge
{
    /// <summary>The changes: missing columns are added, types widened where the table allows it. Columns that the rows lack stay.</summary>
    /// <param name="table">Schema of the table.</param>
    /// <param name="incoming">Schema of the rows.</param>
    /// <param name="widen">Whether types of the table may be widened (<see cref="TableProperties.TypeWidening"/>).</param>
    /// <returns>Empty when the rows fit as they are, perhaps after a cast to a wider type.</returns>
    /// <exception cref="DeltaException">A column does not fit; the message names it (<see cref="DeltaErrorKind.InvalidCommit"/>).</exception>
    public static IReadOnlyList<SchemaChange> Changes(StructType table, StructType incoming, bool widen)
    {
        var changes = new List<SchemaChange>();
        Merge(table, incoming, [], widen, changes);
        return changes;
    }

    /// <summary>The table after all changes of <see cref="Changes"/>.</summary>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="protocol">Its protocol.</param>
    /// <param name="incoming">Schema of the rows.</param>
    /// <param name="newGuid">Makes physical names of new columns.</param>
    /// <exception cref="DeltaException">A column does not fit; the message names it.</exception>
    public static EvolvedTable For(Metadata metadata, Protocol protocol, StructType incoming, Func<Guid> newGuid)
    {
        var evolved = new EvolvedTable(metadata, protocol);
        foreach (var change in Changes(metadata.Schema, incoming, new TableProperties(metadata.Configuration).TypeWidening))
        {
            evolved = SchemaEvolution.Apply(evolved.Metadata, evolved.Protocol, change, newGuid);
        }

        return evolved;
    }

    private static void Merge(StructType table, StructType incoming, string[] parents, bool widen, List<SchemaChange> changes)
    {
        foreach (var field in incoming.Fields)
        {
            string[] path = [.. parents, field.Name];
            if (table.Find(field.Name) is { } existing)
            {
                Merge(existing.Type, field.Type, [.. parents, existing.Name], widen, changes);
            }
            else
            {
                changes.Add(new SchemaChange.AddColumn(ColumnPath.Of(path), Nullable(field.Type)));
            }
        }

        foreach (var required in table.Fields.Where(f => !f.Nullable && incoming.Find(f.Name) is null))
        {
            if (required.Metadata.Json("CURRENT_DEFAULT") is null && required.Metadata.Json("delta.generationExpression") is null)
            {
                throw DeltaException.InvalidCommit($"The column '{string.Join('.', [.. parents, required.Name])}' is required, and the rows do not have it.");
            }
        }
    }

    private static void Merge(DataType table, DataType incoming, string[] path, bool widen, List<SchemaChange> changes)
    {
        switch (table, incoming)
        {
            case (StructType a, StructType b):
                Merge(a, b, path, widen, changes);
                break;
            case (ArrayType a, ArrayType b):
                Merge(a.ElementType, b.ElementType, [.. path, "element"], widen, changes);
                break;
            case (MapType a, MapType b):
                Merge(a.KeyType, b.KeyType, [.. path, "key"], widen, changes);
                Merge(a.ValueType, b.ValueType, [.. path, "value"], widen, changes);
                break;
            default:
                if (table == incoming || incoming == PrimitiveType.Void || Fits(incoming, table))
                {
                    break;
                }

                if (!widen || !TypeWidening.IsAllowed(table, incoming))
                {
                    var hint = TypeWidening.IsAllowed(table, incoming) ? " (delta.enableTypeWidening would allow it)" : "";
                    throw DeltaException.InvalidCommit($"The column '{string.Join('.', path)}' is {table}, and the rows have {incoming}{hint}.");
                }

                changes.Add(new SchemaChange.WidenType(ColumnPath.Of(path), incoming));
                break;
        }
    }

    // Every value of the narrower type is one of the wider type, so that the writer casts without loss.
    private static bool Fits(DataType narrow, DataType wide) =>
        TypeWidening.IsAllowed(narrow, wide) && !(narrow == PrimitiveType.Date && wide == PrimitiveType.TimestampNtz);

    // What is new is null in the rows that there are, at every level.
    private static DataType Nullable(DataType type) => type switch
    {
        StructType nested => new StructType([.. nested.Fields.Select(f => new StructField(f.Name, Nullable(f.Type)))]),
        ArrayType array => new ArrayType(Nullable(array.ElementType), true),
        MapType map => new MapType(Nullable(map.KeyType), Nullable(map.ValueType), true),
        PrimitiveType or DecimalType => type,
        _ => throw new InvalidOperationException("Unknown type."),
    };
}

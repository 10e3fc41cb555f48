namespace RetailFlow.Delta.Tests;

public sealed class SchemaEvolutionTests
{
    private static readonly StructType Nested = new(
    [
        new StructField("id", PrimitiveType.Long, false),
        new StructField("who", new StructType([new StructField("name", PrimitiveType.String), new StructField("mail", PrimitiveType.String)])),
        new StructField("day", PrimitiveType.Date),
        new StructField("tags", new ArrayType(new StructType([new StructField("k", PrimitiveType.String)]), true)),
    ]);

    private int names;

    [Fact]
    public void Columns_are_added_anywhere()
    {
        var table = TestTable.MetadataOf(Nested);
        table = Apply(table, new SchemaChange.AddColumn("last", PrimitiveType.Long, "at the end"));
        table = Apply(table, new SchemaChange.AddColumn("first", PrimitiveType.Long, After: ""));
        table = Apply(table, new SchemaChange.AddColumn("second", PrimitiveType.Long, After: "id"));
        table = Apply(table, new SchemaChange.AddColumn(ColumnPath.Of("who", "phone"), PrimitiveType.String, After: "name"));
        table = Apply(table, new SchemaChange.AddColumn(ColumnPath.Of("tags", "element", "v"), PrimitiveType.String));

        Assert.Equal("first id second who day tags last", string.Join(' ', table.Schema.Fields.Select(f => f.Name)));
        Assert.Equal("struct<name:string,phone:string,mail:string>", table.Schema.Find("who")!.Type.ToString());
        Assert.Equal("array<struct<k:string,v:string>>", table.Schema.Find("tags")!.Type.ToString());
        Assert.Equal("at the end", table.Schema.Find("last")!.Metadata.Text("comment"));
        Assert.True(table.Schema.Find("last")!.Nullable);
        Assert.Null(SchemaCompatibility.Break(TestTable.MetadataOf(Nested), table));
        Refused(table, new SchemaChange.AddColumn("ID", PrimitiveType.Long), "There is a column 'id' already, so 'ID' cannot be added.");
        Refused(table, new SchemaChange.AddColumn("x", PrimitiveType.Long, After: "y"), "'x' cannot be added after 'y': there is no such column.");
        Refused(table, new SchemaChange.AddColumn(ColumnPath.Of("id", "x"), PrimitiveType.Long), "There is no column 'id.x'.");
    }

    [Fact]
    public void Mapping_of_a_table_with_files_keeps_the_names_that_they_have()
    {
        var table = Mapped();

        Assert.Equal(
            """{"type":"struct","fields":[{"name":"id","type":"long","nullable":false,"metadata":{"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"id"}},{"name":"who","type":{"type":"struct","fields":[{"name":"name","type":"string","nullable":true,"metadata":{"delta.columnMapping.id":3,"delta.columnMapping.physicalName":"name"}},{"name":"mail","type":"string","nullable":true,"metadata":{"delta.columnMapping.id":4,"delta.columnMapping.physicalName":"mail"}}]},"nullable":true,"metadata":{"delta.columnMapping.id":2,"delta.columnMapping.physicalName":"who"}},{"name":"day","type":"date","nullable":true,"metadata":{"delta.columnMapping.id":5,"delta.columnMapping.physicalName":"day"}},{"name":"tags","type":{"type":"array","elementType":{"type":"struct","fields":[{"name":"k","type":"string","nullable":true,"metadata":{"delta.columnMapping.id":7,"delta.columnMapping.physicalName":"k"}}]},"containsNull":true},"nullable":true,"metadata":{"delta.columnMapping.id":6,"delta.columnMapping.physicalName":"tags"}}]}""",
            table.SchemaString);
        Assert.Equal(("name", "7"), (table.Configuration["delta.columnMapping.mode"], table.Configuration["delta.columnMapping.maxColumnId"]));
        Assert.Equal(Nested.ToString(), ColumnMapping.PhysicalSchema(table).ToString());
        Assert.Null(ColumnMapping.Malformed(table));
        Assert.Null(SchemaCompatibility.Break(TestTable.MetadataOf(Nested, ["day"]), table));
        Assert.Equal("2 5", ProtocolUpgradeTests.Text(ProtocolUpgrade.For(null, table)));
    }

    [Fact]
    public void Renamed_columns_keep_their_physical_names_and_new_ones_get_their_own()
    {
        var before = Mapped();
        var table = Apply(before, new SchemaChange.RenameColumn("day", "date"));
        table = Apply(table, new SchemaChange.RenameColumn(ColumnPath.Of("who", "mail"), "e-mail address"));
        table = Apply(table, new SchemaChange.AddColumn("mail", new StructType([new StructField("x", PrimitiveType.Long)])));

        Assert.Equal(["date"], table.PartitionColumns);
        Assert.Equal(["day"], ColumnMapping.PhysicalPartitionColumns(table));
        Assert.Equal(
            "struct<id:long,who:struct<name:string,mail:string>,day:date,tags:array<struct<k:string>>,col-00000001-0000-0000-0000-000000000000:struct<col-00000002-0000-0000-0000-000000000000:long>>",
            ColumnMapping.PhysicalSchema(table).ToString());
        Assert.Equal("9", table.Configuration["delta.columnMapping.maxColumnId"]);
        Assert.Equal(8, ColumnMapping.Id(table.Schema.Find("mail")!));
        Assert.Null(ColumnMapping.Malformed(table));
        Assert.Null(SchemaCompatibility.Break(before, table));
        Refused(table, new SchemaChange.RenameColumn("id", "WHO"), "'id' cannot be renamed to 'WHO': there is such a column.");
    }

    [Fact]
    public void Dropped_column_gives_its_id_to_no_other()
    {
        var before = Mapped();
        var table = Apply(before, new SchemaChange.DropColumn("tags"));
        table = Apply(table, new SchemaChange.AddColumn("tags", PrimitiveType.String));
        table = Apply(table, new SchemaChange.DropColumn(ColumnPath.Of("who", "mail")));

        Assert.Equal("struct<id:long,who:struct<name:string>,day:date,tags:string>", table.Schema.ToString());
        Assert.Equal(8, ColumnMapping.Id(table.Schema.Find("tags")!));
        Assert.Null(SchemaCompatibility.Break(before, table));
        Refused(table, new SchemaChange.DropColumn("day"), "The column 'day' cannot be dropped: the table is partitioned by it.");
        Refused(table, new SchemaChange.DropColumn(ColumnPath.Of("who", "name")), "The column 'who.name' cannot be dropped: nothing would be left beside it.");
    }

    [Fact]
    public void Rename_and_drop_need_mapping_and_a_column_that_nothing_uses()
    {
        Refused(TestTable.MetadataOf(), new SchemaChange.RenameColumn("id", "key"), "The column 'id' cannot be renamed: that needs column mapping (delta.columnMapping.mode = name).");
        Refused(TestTable.MetadataOf(), new SchemaChange.DropColumn("id"), "The column 'id' cannot be dropped: that needs column mapping (delta.columnMapping.mode = name).");

        var constrained = Apply(Mapped(), new SchemaChange.AddConstraint("Good", "`ID` > 0 and day <> 'tags'"));
        Assert.Equal("`ID` > 0 and day <> 'tags'", constrained.Configuration["delta.constraints.good"]);
        Refused(constrained, new SchemaChange.DropColumn("id"), "The column 'id' cannot be dropped: the constraint 'good' uses it (`ID` > 0 and day <> 'tags').");
        Refused(constrained, new SchemaChange.RenameColumn("day", "d"), "The column 'day' cannot be renamed: the constraint 'good' uses it (`ID` > 0 and day <> 'tags').");
        Assert.Null(Apply(constrained, new SchemaChange.DropColumn("tags")).Schema.Find("tags"));
        Refused(constrained, new SchemaChange.AddConstraint("GOOD", "1 = 1"), "There is a constraint 'GOOD' already.");
        Assert.Null(Apply(Apply(constrained, new SchemaChange.DropConstraint("GooD")), new SchemaChange.DropColumn("id")).Schema.Find("id"));
        Refused(constrained, new SchemaChange.DropConstraint("bad"), "There is no constraint 'bad'.");

        var who = Mapped();
        var generated = who.WithSchema(new StructType([.. who.Schema.Fields.Select(f => f.Name == "day" ? f with { Metadata = f.Metadata.WithText("delta.generationExpression", "cast(id as date)") } : f)]));
        Refused(generated, new SchemaChange.DropColumn("id"), "The column 'id' cannot be dropped: the generated column 'day' uses it (cast(id as date)).");
    }

    [Fact]
    public void Clustering_column_is_not_dropped()
    {
        var metadata = Mapped() with { PartitionColumns = [] };
        var state = LogState.Empty.Apply(
        [
            ProtocolUpgrade.For(null, metadata, "clustering"),
            metadata,
            new DomainMetadata("delta.clustering", """{"clusteringColumns":[["who","name"],["day"]]}""", false),
        ]);
        var snapshot = new Snapshot("t", 0, state, TestTable.Start, null, TestTable.Start);

        foreach (var column in (ColumnPath[])["day", "who", ColumnPath.Of("who", "name")])
        {
            Assert.Equal(
                $"The column '{column}' cannot be dropped: the table is clustered by it.",
                Assert.Throws<DeltaException>(() => SchemaEvolution.Apply(snapshot, new SchemaChange.DropColumn(column), Name)).Message);
        }

        Assert.Equal("struct<name:string>", SchemaEvolution.Apply(snapshot, new SchemaChange.DropColumn(ColumnPath.Of("who", "mail")), Name).Metadata.Schema.Find("who")!.Type.ToString());
    }

    [Fact]
    public void Annotations_and_nullability_change_in_place()
    {
        var table = TestTable.MetadataOf(Nested);
        table = Apply(table, new SchemaChange.DropNotNull("id"));
        table = Apply(table, new SchemaChange.SetComment(ColumnPath.Of("who", "mail"), "of the \"customer\""));
        table = Apply(table, new SchemaChange.SetDefault("day", "current_date()"));

        Assert.True(table.Schema.Find("id")!.Nullable);
        Assert.Equal("of the \"customer\"", ((StructType)table.Schema.Find("who")!.Type).Find("mail")!.Metadata.Text("comment"));
        Assert.Equal("1 7||allowColumnDefaults appendOnly invariants", ProtocolUpgradeTests.Text(ProtocolUpgrade.For(null, table)));
        Assert.Null(Apply(table, new SchemaChange.SetDefault("day", null)).Schema.Find("day")!.Metadata.Json("CURRENT_DEFAULT"));
    }

    [Fact]
    public void Properties_bring_their_features_and_internal_ones_are_not_set_by_hand()
    {
        var evolved = SchemaEvolution.Apply(
            TestTable.MetadataOf(configuration: ("a", "1")),
            new Protocol(1, 2),
            new SchemaChange.SetProperties(new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "true", ["delta.feature.domainMetadata"] = "supported" }),
            Name);
        Assert.Equal("3 7|deletionVectors|appendOnly deletionVectors domainMetadata invariants", ProtocolUpgradeTests.Text(evolved.Protocol));
        Assert.Equal(["a", "delta.enableDeletionVectors"], evolved.Metadata.Configuration.Keys.Order(StringComparer.Ordinal));

        var unset = SchemaEvolution.Apply(evolved.Metadata, evolved.Protocol, new SchemaChange.UnsetProperties(["delta.enableDeletionVectors", "b"]), Name);
        Assert.Equal(["a"], unset.Metadata.Configuration.Keys);
        Assert.Same(evolved.Protocol, unset.Protocol);

        Refused(evolved.Metadata, Set("delta.columnMapping.maxColumnId", "9"), "'delta.columnMapping.maxColumnId' is kept by writers and cannot be changed by hand.");
        Refused(evolved.Metadata, Set("delta.constraints.x", "1 = 1"), "'delta.constraints.x' is a constraint: add or drop it as one, so that the rows are checked.");
        Refused(evolved.Metadata, Set("delta.columnMapping.mode", "id"), "'delta.columnMapping.mode' of a table that exists can only go from none to name.");
        Refused(Mapped(), Set("delta.columnMapping.mode", "none"), "'delta.columnMapping.mode' of a table that exists can only go from none to name.");
        Refused(Mapped(), new SchemaChange.UnsetProperties(["delta.columnMapping.mode"]), "'delta.columnMapping.mode' cannot be taken away: the files have physical names.");
        Refused(
            TestTable.MetadataOf(configuration: (TableProfile.Property, "interop")),
            Set("delta.enableTypeWidening", "true"),
            "The profile 'interop' excludes the feature typeWidening: Synapse serverless, Power BI (DeltaLake.Table), Delta Sharing with parquet responses could not read the table.");
    }

    [Theory]
    [InlineData("id long, name string, day date, more long", null)]
    [InlineData("id long, name string", "the column 'day' is gone, which needs column mapping")]
    [InlineData("id long, Name string, day date", "the column 'name' is gone, which needs column mapping")]
    [InlineData("id string, name string, day date", "the column 'id' cannot go from long to string")]
    [InlineData("id decimal(20,0), name string, day date", "the column 'id' goes from long to decimal(20,0), which must be recorded in delta.typeChanges")]
    [InlineData("id long!, name string, day date", "the column 'id' becomes required, and its files may have nulls")]
    [InlineData("id long, name string, day date, more long!", "the new column 'more' is required, and its files do not have it")]
    public async Task Commit_refuses_metadata_that_its_files_do_not_fit(string columns, string? reason)
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(files: TestTable.File("a"));
        var schema = new StructType([.. columns.Split(", ").Select(c => c.Split(' ')).Select(c => new StructField(
            c[0],
            c[1].StartsWith("decimal", StringComparison.Ordinal) ? new DecimalType(20, 0) : PrimitiveType.Find(c[1].TrimEnd('!'))!,
            !c[1].EndsWith('!')))]);
        var alone = DeltaTransaction.Create(snapshot, "ALTER");
        alone.SetMetadata(snapshot.Metadata.WithSchema(schema));
        var overwrite = DeltaTransaction.Create(snapshot, "OVERWRITE");
        overwrite.SetMetadata(snapshot.Metadata.WithSchema(schema));
        overwrite.Remove(snapshot.Files.Single());

        if (reason is null)
        {
            await table.CommitAsync(alone);
            return;
        }

        Assert.Equal(
            $"The metadata of 'silver/items' does not fit the files that it has: {reason}.",
            (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(alone))).Message);
        await table.CommitAsync(overwrite);
    }

    private static SchemaChange.SetProperties Set(string key, string value) => new(new Dictionary<string, string> { [key] = value });

    private Metadata Mapped() => Apply(TestTable.MetadataOf(Nested, ["day"]), Set("delta.columnMapping.mode", "name"));

    private Metadata Apply(Metadata metadata, SchemaChange change) =>
        SchemaEvolution.Apply(metadata, ProtocolUpgrade.For(null, metadata), change, Name).Metadata;

    private void Refused(Metadata metadata, SchemaChange change, string message)
    {
        var error = Assert.Throws<DeltaException>(() => Apply(metadata, change));
        Assert.Equal((DeltaErrorKind.InvalidCommit, message), (error.Kind, error.Message));
    }

    private Guid Name() => new(++names, 0, 0, new byte[8]);
}

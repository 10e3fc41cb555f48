using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.NaiveDelta;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;
using Xunit.Sdk;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>
/// Random statements against a model of plain lists. After each the rows, a second reader's rows, an older version and the change feed
/// must be the model's. <c>RETAILFLOW_PROOF_SEEDS</c> says how many sequences of each kind; <c>RETAILFLOW_PROOF_FIRST</c> the first seed.
/// </summary>
public sealed class RandomStatementsTests
{
    private const int Steps = 25;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Table_is_what_its_model_is_after_every_statement(bool modern, bool partitioned)
    {
        var first = Setting("RETAILFLOW_PROOF_FIRST", 1);
        for (var seed = first; seed < first + Setting("RETAILFLOW_PROOF_SEEDS", 1); seed++)
        {
            using var folder = new TemporaryDirectory();
            await new Sequence(folder, seed, modern, partitioned).RunAsync();
        }
    }

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : fallback;

    private sealed class Sequence(TemporaryDirectory folder, int seed, bool modern, bool partitioned)
    {
        private readonly Random _random = new(seed);
        private readonly SortedDictionary<long, ModelTable> _history = [];
        private readonly List<string> _done = [];
        private ModelTable _model = new([("id", "BIGINT"), ("p", "VARCHAR"), ("n", "INTEGER"), ("s", "VARCHAR")], []);

        public async Task RunAsync()
        {
            var store = folder.File("store");
            using (var session = DeltaTables.Open(new LocalObjectStore(store), new DeltaTablesOptions { WorkFolder = folder.File("work"), Threads = 1 }))
            {
                var table = DeltaTable.Open(session, "t");
                await CreateAsync(table);
                var statements = new RandomStatements(table, _random, modern, partitioned);
                for (var step = 0; step < Steps; step++)
                {
                    try
                    {
                        (var text, _model) = await statements.NextAsync(_model, _history);
                        _done.Add(text);
                        await CheckAsync(table, statements.Floor);
                    }
                    catch (Exception e)
                    {
                        throw new XunitException($"seed {seed}, modern {modern}, partitioned {partitioned}, after {string.Join("; ", _done)}: {e.Message}", e);
                    }
                }
            }

            await TableProof.OfFolderAsync(store);
        }

        private async Task CreateAsync(DeltaTable table)
        {
            var properties = new Dictionary<string, string> { ["delta.checkpointInterval"] = "7" };
            if (modern)
            {
                properties["delta.columnMapping.mode"] = "name";
                properties["delta.enableTypeWidening"] = "true";
                properties["delta.checkpointPolicy"] = seed % 2 == 0 ? "v2" : "classic";
                if (seed % 3 == 0)
                {
                    properties["delta.feature.rowTracking"] = "supported";
                }
            }

            await table.CreateAsync(new TableDefinition
            {
                Schema = new([new("id", PrimitiveType.Long), new("p", PrimitiveType.String), new("n", PrimitiveType.Integer), new("s", PrimitiveType.String)]),
                PartitionColumns = partitioned ? ["p"] : [],
                Profile = modern ? TableProfile.Modern : TableProfile.Interop,
                Properties = properties,
            });
            _history[0] = _model;
        }

        private async Task CheckAsync(DeltaTable table, long floor)
        {
            var before = _history.Keys.Last();
            var newest = (await table.LoadAsync()).Version;
            for (var version = before + 1; version <= newest; version++)
            {
                _history[version] = _model;
            }

            Equal("read", _model, await TableProof.ReadAsync(table));
            using (var naive = NaiveTable.Open(folder.File("store/t")))
            {
                Equal("second reader", _model, naive.Read(newest));
            }

            var older = _history.Keys.Where(v => v >= floor).OrderBy(_ => _random.Next()).First();
            Equal($"version {older}", _history[older], await TableProof.ReadAsync(table, older));
            if (newest == before + 1 && newest > floor)
            {
                await CheckFeedAsync(table, newest);
            }
        }

        private async Task CheckFeedAsync(DeltaTable table, long version)
        {
            var (old, now) = (_history[version - 1], _history[version]);
            var (oldState, state) = (await table.LoadAsync(TimeTravel.Version(version - 1)), await table.LoadAsync(TimeTravel.Version(version)));
            if (!old.Columns.SequenceEqual(now.Columns) || new[] { oldState, state }.Any(s => s.Metadata.Configuration.GetValueOrDefault("delta.enableChangeDataFeed") != "true"))
            {
                return;
            }

            var file = folder.File("changes.parquet");
            await table.ExportChangesAsync(file, version, version);
            using var naive = NaiveTable.Open(folder.File("store/t"));
            var rows = ModelTable.Texts(old.Rows);
            foreach (var (kind, text) in naive.ReadChanges(file, now.Columns.Select(c => c.Name)).OrderBy(c => c.Kind is "delete" or "update_preimage" ? 0 : 1))
            {
                if (kind is "delete" or "update_preimage")
                {
                    Assert.True(rows.Remove(text), $"The feed of version {version} has {kind} of {text}, which was not there.");
                }
                else
                {
                    rows.Add(text);
                }
            }

            rows.Sort(StringComparer.Ordinal);
            Assert.Equal([], TableProof.Differences(ModelTable.Texts(now.Rows), rows));
        }

        private static void Equal(string what, ModelTable expected, NaiveRows actual) =>
            Assert.Equal([], TableProof.Differences(expected.ToRows(), actual).Select(d => $"{what}: {d}"));
    }
}

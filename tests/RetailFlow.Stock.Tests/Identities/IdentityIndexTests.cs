using RetailFlow.Stock.Identities;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Stock.Tests.Identities;

/// <summary>Whatever is loaded, merged, broken and opened again: the index has what a plain dictionary has at its position.</summary>
public sealed class IdentityIndexTests : IDisposable
{
    private const int MostInMemory = 24;
    private const string Source = "lake";

    private readonly TemporaryDirectory folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_loads_merges_and_crashes_at_any_write_leave_what_a_dictionary_has(int seed)
    {
        Random random = new(seed);
        BreakingIdentityFiles files = new(folder.Path, random);
        List<(UInt128 Fingerprint, KnownIdentity Known)> lake = [];
        IdentityIndex index = IdentityIndex.Open(files, MostInMemory);
        int crashes = 0;
        int merges = 0;
        int kept = 0;
        for (int step = 0; step < 120; step++)
        {
            if (random.Next(6) == 0)
            {
                files.Left = random.Next(4);
            }

            try
            {
                switch (random.Next(10))
                {
                    case < 6:
                        Grow(lake, random, random.Next(40));
                        CatchUp(index, lake, anew: false);
                        break;
                    case 6:
                        CatchUp(index, lake, anew: true);
                        break;
                    case 7:
                        index.Flush();
                        break;
                    default:
                        merges += index.Merge(TestContext.Current.CancellationToken) ? 1 : 0;
                        break;
                }
            }
            catch (IOException) when (files.IsBroken)
            {
                AssertHas(index, lake, random);
                if (random.Next(3) > 0)
                {
                    index.Dispose();
                    files.Mend();
                    index = IdentityIndex.Open(files, MostInMemory);
                    crashes++;
                    kept += index.Position == IdentityPosition.None ? 0 : 1;
                }

                files.Mend();
            }

            AssertHas(index, lake, random);
        }

        index.Dispose();
        Assert.True(crashes > 4 && merges > 2 && kept > 4, $"{crashes} crashes, {merges} merges, {kept} with something kept");
    }

    [Fact]
    public void Every_byte_of_a_run_and_of_the_manifest_is_guarded_and_damage_makes_the_index_empty()
    {
        LocalIdentityFiles files = new(folder.Path, isDurable: false);
        List<(UInt128 Fingerprint, KnownIdentity Known)> lake = [];
        Grow(lake, new Random(5), 40);
        using (IdentityIndex index = IdentityIndex.Open(files, MostInMemory))
        {
            CatchUp(index, lake, anew: false);
            index.Flush();
        }

        foreach (string name in files.List())
        {
            string path = Path.Join(folder.Path, name);
            byte[] whole = File.ReadAllBytes(path);
            for (int at = 0; at < whole.Length; at += 1 + (at % 17))
            {
                byte[] damaged = [.. whole];
                damaged[at] ^= 1;
                File.WriteAllBytes(path, damaged);
                using (IdentityIndex index = IdentityIndex.Open(new Undeleting(files), MostInMemory))
                {
                    Assert.Equal((name, at, IdentityPosition.None, 0), (name, at, index.Position, index.RunCount));
                }

                File.WriteAllBytes(path, whole);
            }

            File.WriteAllBytes(path, whole[..^1]);
            using (IdentityIndex cut = IdentityIndex.Open(new Undeleting(files), MostInMemory))
            {
                Assert.Equal(IdentityPosition.None, cut.Position);
            }

            File.WriteAllBytes(path, whole);
        }

        using IdentityIndex mended = IdentityIndex.Open(files, MostInMemory);
        Assert.Equal(lake.Count, mended.Position.AcceptedVersion);
        File.Delete(Path.Join(folder.Path, files.List().First(name => name.EndsWith(".run", StringComparison.Ordinal))));
        using IdentityIndex missing = IdentityIndex.Open(files, MostInMemory);
        Assert.Equal((IdentityPosition.None, 0L), (missing.Position, missing.Count));
    }

    [Fact]
    public void Many_runs_become_few_and_memory_holds_no_more_than_it_may()
    {
        LocalIdentityFiles files = new(folder.Path, isDurable: false);
        using IdentityIndex index = IdentityIndex.Open(files, MostInMemory);
        List<(UInt128 Fingerprint, KnownIdentity Known)> lake = [];
        Random random = new(8);
        for (int round = 0; round < 100; round++)
        {
            Grow(lake, random, 20);
            CatchUp(index, lake, anew: false);
            while (index.Merge(TestContext.Current.CancellationToken))
            {
            }

            Assert.InRange(index.RunCount, 0, 12);
        }

        Assert.Equal(index.RunCount + 1, files.List().Count);
        Assert.InRange(index.Count - Directory.GetFiles(folder.Path, "*.run").Length, 0, lake.Count);
        AssertHas(index, lake, random);
    }

    [Fact]
    public void What_is_loaded_is_seen_when_it_is_complete_and_not_before()
    {
        using IdentityIndex index = IdentityIndex.Open(new LocalIdentityFiles(folder.Path), MostInMemory);
        using (IdentityLoad load = index.Load(anew: false))
        {
            for (int i = 0; i < 200; i++)
            {
                load.Add((UInt128)i << 60, new KnownIdentity(i, false, false));
            }

            Assert.False(index.TryFind((UInt128)7 << 60, out _));
        }

        Assert.Equal((0L, 0), (index.Count, Directory.GetFiles(folder.Path).Length));
    }

    private static void Grow(List<(UInt128 Fingerprint, KnownIdentity Known)> lake, Random random, int by)
    {
        for (int i = 0; i < by; i++)
        {
            // Few high halves, so that neighbours share buckets and differ in the low half alone; some come again with other content.
            UInt128 fingerprint = lake.Count > 0 && random.Next(8) == 0
                ? lake[random.Next(lake.Count)].Fingerprint
                : new UInt128(unchecked((ulong)random.Next(40) * 0x9E37_79B9_7F4A_7C15), unchecked((ulong)random.NextInt64()));
            lake.Add((fingerprint, new KnownIdentity(random.NextInt64(), random.Next(5) == 0, random.Next(9) == 0)));
        }
    }

    private static void CatchUp(IdentityIndex index, List<(UInt128 Fingerprint, KnownIdentity Known)> lake, bool anew)
    {
        using IdentityLoad load = index.Load(anew);
        int from = anew ? 0 : (int)Math.Max(0, index.Position.AcceptedVersion);
        foreach ((UInt128 fingerprint, KnownIdentity known) in lake.Skip(from))
        {
            load.Add(fingerprint, known);
        }

        index.Complete(load, new IdentityPosition(Source, lake.Count, 0, 0));
    }

    private static void AssertHas(IdentityIndex index, List<(UInt128 Fingerprint, KnownIdentity Known)> lake, Random random)
    {
        Dictionary<UInt128, KnownIdentity> expected = [];
        foreach ((UInt128 fingerprint, KnownIdentity known) in lake.Take((int)Math.Max(0, index.Position.AcceptedVersion)))
        {
            expected.TryAdd(fingerprint, known);
        }

        foreach ((UInt128 fingerprint, KnownIdentity known) in expected)
        {
            Assert.True(index.TryFind(fingerprint, out KnownIdentity found));
            Assert.Equal(known, found);
        }

        for (int i = 0; i < 20; i++)
        {
            UInt128 unknown = new(unchecked((ulong)random.NextInt64()), unchecked((ulong)random.NextInt64()));
            Assert.Equal(expected.ContainsKey(unknown), index.TryFind(unknown, out _));
        }
    }

    /// <summary>The same files, that nothing removes.</summary>
    private sealed class Undeleting(IIdentityFiles files) : IIdentityFiles
    {
        public IReadOnlyList<string> List() => files.List();

        public void Write(string name, Action<Stream> content) => files.Write(name, content);

        public byte[]? Read(string name) => files.Read(name);

        public MappedFile? Map(string name) => files.Map(name);

        public void Delete(string name)
        {
        }
    }
}

using System.Collections.Concurrent;
using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Testing.Storage;

public abstract partial class ObjectStoreConformance
{
    private const int Writers = 8;

    [Fact]
    public async Task Of_eight_writers_racing_for_one_name_one_wins_and_readers_see_only_whole_contents()
    {
        IObjectStore store = CreateEmpty();
        int rounds = RaceRounds;
        int[,] wins = new int[rounds, Writers];
        ConcurrentQueue<Exception> failures = new();
        using Barrier start = new(Writers + 1);

        void Write(int round, int writer)
        {
            PutOutcome outcome = store.PutIfAbsentAsync(RaceName(round), RaceContent(round, writer)).AsTask().GetAwaiter().GetResult();
            wins[round, writer] = outcome == PutOutcome.Created ? 1 : 0;

            // Winner or loser: from here on the object is there, whole.
            byte[]? content = store.ReadAsync(RaceName(round)).AsTask().GetAwaiter().GetResult();
            Assert.True(content is not null && IsWhole(content, round));
        }

        void Read(int round)
        {
            for (int n = 0; n < 10; n++)
            {
                byte[]? content = store.ReadAsync(RaceName(round)).AsTask().GetAwaiter().GetResult();
                Assert.True(content is null || IsWhole(content, round));
            }
        }

        Thread Racer(Action<int> run) => new(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                start.SignalAndWait();
                if (Record.Exception(() => run(round)) is { } failure)
                {
                    failures.Enqueue(failure);
                }
            }
        });
        Thread[] racers =
        [
            Racer(Read),
            .. Enumerable.Range(0, Writers).Select(writer => Racer(round => Write(round, writer))),
        ];
        Array.ForEach(racers, thread => thread.Start());
        Array.ForEach(racers, thread => thread.Join());

        Assert.Empty(failures);
        for (int round = 0; round < rounds; round++)
        {
            int winner = Enumerable.Range(0, Writers).Single(writer => wins[round, writer] == 1);
            Assert.Equal(RaceContent(round, winner), await store.ReadAsync(RaceName(round)));
        }

        Assert.Equal(rounds, (await Paths(store, "race/")).Count);
    }

    [Fact]
    public async Task A_reader_beside_replacements_sees_only_whole_contents()
    {
        IObjectStore store = CreateEmpty();
        await store.PutAsync("last", RaceContent(0, 0));
        using CancellationTokenSource done = new();
        Task<int> reader = Task.Run(async () =>
        {
            int torn = 0;
            while (!done.IsCancellationRequested)
            {
                byte[]? content = await store.ReadAsync("last");
                torn += content is not null && IsWhole(content, round: null) ? 0 : 1;
                await Task.Yield();
            }

            return torn;
        });

        Task[] writers = [.. Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (int round = 0; round < 100; round++)
            {
                await store.PutAsync("last", RaceContent(round, writer));
            }
        })),];
        await Task.WhenAll(writers);
        await done.CancelAsync();

        Assert.Equal(0, await reader);
    }

    private static string RaceName(int round) => FormattableString.Invariant($"race/{round:d20}.json");

    /// <summary>Contents of different lengths, each byte of which tells its writer and round.</summary>
    private static byte[] RaceContent(int round, int writer)
    {
        byte[] content = new byte[64 + (writer * 701) + (round % 13)];
        Array.Fill(content, (byte)((round * Writers) + writer & 0xFF));
        return content;
    }

    private static bool IsWhole(byte[] content, int? round)
    {
        int writer = (content.Length - 64) / 701;
        return content.Length >= 64
            && content.All(value => value == content[0])
            && content[0] % Writers == writer
            && (round is null || content.AsSpan().SequenceEqual(RaceContent(round.Value, writer)));
    }
}

using System.Runtime.InteropServices;

namespace RetailFlow.Stock.Journal;

/// <summary>
/// How far each partition is in the journal: the next offset of each, which is one more than that of the last entry that came from it. Known as of
/// every sequence that the lake has not registered yet, so that the lake's commit can say exactly what its records come to. Entries that follow each
/// other in journal and partition alike take one run, so that a long wait for the lake costs little. Safe for many threads.
/// </summary>
public sealed class MessagePositions
{
    private readonly Lock gate = new();
    private readonly Dictionary<MessagePartition, long> next = [];
    private readonly List<Run> runs = [];

    /// <summary>What the lake has registered of a partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">Its next offset.</param>
    public void Load(MessagePartition partition, long offset)
    {
        lock (gate)
        {
            next[partition] = offset;
        }
    }

    /// <summary>Notes what the journal has after what the lake has registered.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="registered">The last sequence that is registered.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public void Replay(StockJournal journal, long registered, CancellationToken cancellationToken) => journal.ForEach(
        registered,
        long.MaxValue,
        (in entry) =>
        {
            if (!entry.From.IsEmpty)
            {
                Note(entry.Sequence, MessageOrigin.Parse(entry.From));
            }
        },
        cancellationToken);

    /// <summary>An entry of the journal that came from a partition. Called in the order of the sequence.</summary>
    /// <param name="sequence">The entry's sequence.</param>
    /// <param name="origin">Its message.</param>
    public void Note(long sequence, in MessageOrigin origin)
    {
        lock (gate)
        {
            next[origin.Partition] = origin.Offset + 1;
            if (runs.Count > 0)
            {
                ref Run last = ref CollectionsMarshal.AsSpan(runs)[^1];
                if (last.Partition == origin.Partition && last.Sequence + last.Count == sequence && last.Offset + last.Count == origin.Offset)
                {
                    last = last with { Count = last.Count + 1 };
                    return;
                }
            }

            runs.Add(new Run(sequence, origin.Partition, origin.Offset, 1));
        }
    }

    /// <summary>The next offset of a partition after everything that was noted; null if the journal knows nothing of it.</summary>
    public long? Next(MessagePartition partition)
    {
        lock (gate)
        {
            return next.TryGetValue(partition, out long offset) ? offset : null;
        }
    }

    /// <summary>The next offsets after the entry of <paramref name="sequence"/>, of partitions that changed since what was forgotten.</summary>
    public IReadOnlyDictionary<MessagePartition, long> ChangedUpTo(long sequence)
    {
        Dictionary<MessagePartition, long> changed = [];
        lock (gate)
        {
            foreach (Run run in runs)
            {
                if (run.Sequence > sequence)
                {
                    break;
                }

                changed[run.Partition] = run.Offset + Math.Min(run.Count, sequence - run.Sequence + 1);
            }
        }

        return changed;
    }

    /// <summary>The lake has registered every entry up to <paramref name="sequence"/>.</summary>
    public void Forget(long sequence)
    {
        lock (gate)
        {
            int gone = 0;
            while (gone < runs.Count && runs[gone].Sequence + runs[gone].Count - 1 <= sequence)
            {
                gone++;
            }

            runs.RemoveRange(0, gone);
            if (runs.Count > 0 && runs[0].Sequence <= sequence)
            {
                Run run = runs[0];
                long done = sequence - run.Sequence + 1;
                runs[0] = run with { Sequence = run.Sequence + done, Offset = run.Offset + done, Count = run.Count - done };
            }
        }
    }

    /// <summary>Entries of consecutive sequences from consecutive offsets of one partition.</summary>
    private readonly record struct Run(long Sequence, MessagePartition Partition, long Offset, long Count);
}

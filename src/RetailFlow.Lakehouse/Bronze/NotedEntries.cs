using RetailFlow.Delta;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Stock.Journal;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// Entries of the journal that are no stock records, as the reading of stock records meets them. How many there are, and the sequence of the last
/// one of each kind, is committed with the stock records: so their own tables need not read what holds none of them.
/// </summary>
internal sealed class NotedEntries
{
    private readonly long[] _counts = new long[2];
    private readonly long[] _last = new long[2];

    /// <summary>Counts an entry. Called from several threads.</summary>
    public void Add(JournalEntryKind kind, long sequence)
    {
        var i = kind == JournalEntryKind.Reservation ? 0 : 1;
        Interlocked.Increment(ref _counts[i]);
        for (var known = Volatile.Read(ref _last[i]); known < sequence; known = Volatile.Read(ref _last[i]))
        {
            Interlocked.CompareExchange(ref _last[i], sequence, known);
        }
    }

    /// <summary>Adds to what the table's commits say, or begins anew.</summary>
    public void Commit(DeltaTransaction transaction, Snapshot snapshot, bool anew)
    {
        foreach (var kind in (RecordKind[])[RecordKind.Reservation, RecordKind.Incident])
        {
            var i = kind == RecordKind.Reservation ? 0 : 1;
            var before = anew ? 0 : Count(snapshot, kind);
            if (_counts[i] > 0 || (anew && Count(snapshot, kind) > 0))
            {
                transaction.SetTransaction(CountName(kind), before + _counts[i]);
                transaction.SetTransaction(LastName(kind), _counts[i] > 0 ? _last[i] : 0);
            }
        }
    }

    /// <summary>Entries of a kind in everything that a table of stock records has read.</summary>
    public static long Count(Snapshot? stock, RecordKind kind) => Math.Max(0, LakeTable.Position(stock, CountName(kind)));

    /// <summary>Sequence of the last entry of a kind in everything that a table of stock records has read; 0 if there is none.</summary>
    public static long Last(Snapshot? stock, RecordKind kind) => Math.Max(0, LakeTable.Position(stock, LastName(kind)));

    private static string CountName(RecordKind kind) => kind == RecordKind.Reservation ? "records.reservations" : "records.incidents";

    private static string LastName(RecordKind kind) => kind == RecordKind.Reservation ? "journal.reservations" : "journal.incidents";
}

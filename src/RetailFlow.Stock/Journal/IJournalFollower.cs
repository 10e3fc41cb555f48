namespace RetailFlow.Stock.Journal;

/// <summary>
/// A state machine that goes along with the journal: it sees every batch in the order of the sequence, on the journal's writer, and may
/// add entries of its own. An exception from <see cref="Before"/> or <see cref="Take"/> ends the journal: what the state machine has
/// decided and what is written would no longer agree.
/// </summary>
public interface IJournalFollower
{
    /// <summary>Called before a batch's records are written: for what has become due.</summary>
    void Before(JournalScribe scribe);

    /// <summary>Called when a batch's records stand in the buffer; what it returns is the receipt's <see cref="JournalReceipt.Admission"/>.</summary>
    /// <param name="batch">The batch; one without records carries a command in its <see cref="JournalBatch.Tag"/>.</param>
    /// <param name="stamp">Sequence and moment of its records.</param>
    /// <param name="scribe">For entries that follow them.</param>
    object? Take(JournalBatch batch, JournalStamp stamp, JournalScribe scribe);

    /// <summary>Called when every entry up to a sequence is durable, before anybody is answered. It must not throw.</summary>
    void Durable(long sequence);
}

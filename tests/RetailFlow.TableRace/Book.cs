namespace RetailFlow.TableRace;

/// <summary>What one writer tried and what was acknowledged to it, on disk before and after each statement.</summary>
public sealed class Book(string file) : IDisposable
{
    private readonly StreamWriter _lines = new(file) { AutoFlush = true };

    /// <summary>One entry: a statement, its number, what became of it, and more.</summary>
    public void Write(string statement, long number, string outcome, string more = "") =>
        _lines.WriteLine(FormattableString.Invariant($"{statement} {number} {outcome} {more}").TrimEnd());

    /// <summary>The entries of a book, each as its words.</summary>
    public static IEnumerable<string[]> Read(string file) => File.ReadLines(file).Select(line => line.Split(' '));

    /// <inheritdoc/>
    public void Dispose() => _lines.Dispose();
}

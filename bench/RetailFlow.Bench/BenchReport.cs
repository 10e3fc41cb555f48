using System.Globalization;
using System.Text.Json;

namespace RetailFlow.Bench;

/// <summary>Collects the figures of a suite, prints them as they come, and writes them as JSON.</summary>
internal sealed class BenchReport
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly string _suite;
    private readonly MachineFacts _machine;
    private readonly BenchOptions _options;
    private readonly TextWriter _output;
    private readonly List<BenchFigure> _figures = [];
    private readonly List<string> _notes = [];

    public BenchReport(string suite, MachineFacts machine, BenchOptions options, TextWriter output)
    {
        _suite = suite;
        _machine = machine;
        _options = options;
        _output = output;
        _output.WriteLine($"bench {suite} on {machine}");
    }

    /// <summary>Prints a line that explains the figures and keeps it with them.</summary>
    public void Note(string text)
    {
        _notes.Add(text);
        _output.WriteLine("  " + text);
        _output.Flush();
    }

    /// <summary>The same, unless it was said before.</summary>
    public void NoteOnce(string text)
    {
        if (!_notes.Contains(text))
        {
            Note(text);
        }
    }

    /// <summary>Adds a figure beside its baseline; either side may be missing.</summary>
    public void Add(BenchFigure figure)
    {
        _figures.Add(figure);
        var ratio = figure.Ratio is { } value ? string.Create(CultureInfo.InvariantCulture, $"  ratio {value:0.00}") : "";
        _output.WriteLine($"  {figure.Name,-44} {Side("retailflow", figure.Own, figure.Unit)}  {Side(figure.BaselineName, figure.Baseline, figure.Unit)}{ratio}");
        _output.Flush();
    }

    public void Write()
    {
        var folder = Directory.CreateDirectory(_options.ResultFolder).FullName;
        var path = Path.Combine(folder, _suite + ".json");
        var document = new { Suite = _suite, MeasuredAt = _options.Clock.GetUtcNow(), Machine = _machine, Notes = _notes, Figures = _figures };
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(document, s_json));
        _output.WriteLine($"  written to {path}");
    }

    private static string Side(string name, double? value, string unit) => value is { } number
        ? string.Create(CultureInfo.InvariantCulture, $"{name} {number,10:#,0.##} {unit}")
        : $"{name} {"-",10} {unit}";
}

/// <summary>One measured quantity on both sides.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">s, ms, MiB or records/s.</param>
/// <param name="Own">RetailFlow's value.</param>
/// <param name="BaselineName">What it is compared with.</param>
/// <param name="Baseline">The baseline's value.</param>
internal sealed record BenchFigure(string Name, string Unit, double? Own, string BaselineName, double? Baseline)
{
    /// <summary>Own value divided by the baseline's.</summary>
    public double? Ratio => Own is { } own && Baseline is { } baseline && baseline != 0 ? own / baseline : null;
}

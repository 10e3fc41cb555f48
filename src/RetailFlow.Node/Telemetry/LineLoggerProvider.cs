using Microsoft.Extensions.Logging;

namespace RetailFlow.Node.Telemetry;

/// <summary>Log entries as single lines: time, level, category, id, message, and the failure's message without its stack.</summary>
internal sealed class LineLoggerProvider(TextWriter writer, TimeProvider clock) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(categoryName, writer, clock);

    public void Dispose()
    {
    }

    private sealed class LineLogger(string category, TextWriter writer, TimeProvider clock) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var reason = exception is null ? string.Empty : $": {exception.GetType().Name}: {exception.Message}";
            var line = $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {Level(logLevel)} {category}[{eventId.Id}] {formatter(state, exception)}{reason}";
            writer.WriteLine(line.ReplaceLineEndings(" "));
        }

        private static string Level(LogLevel level) => level switch
        {
            LogLevel.Trace => "trace",
            LogLevel.Debug => "debug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "error",
            LogLevel.Critical => "critical",
            LogLevel.None => "none",
            _ => throw new ArgumentOutOfRangeException(nameof(level), level, "Not a log level."),
        };
    }
}

namespace RetailFlow.Bench;

/// <summary>A measurement that could not be made; the message says what is missing.</summary>
public sealed class BenchException(string message, Exception? inner = null) : Exception(message, inner);

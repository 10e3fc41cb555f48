namespace RetailFlow.NaiveDelta;

/// <summary>The table is not as the protocol says.</summary>
public sealed class NaiveException(string message) : Exception(message);

using System.Xml;

namespace RetailFlow.Connectors.PosLog;

/// <summary>One element of a transaction with what stands in it; elements of foreign namespaces are left out.</summary>
internal sealed class PosElement(string name, string place)
{
    private readonly Dictionary<string, string> _attributes = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    /// <summary>Path and line, for people.</summary>
    public string Place { get; } = place;

    public List<PosElement> Children { get; } = [];

    public string Text { get; private set; } = string.Empty;

    public string? Attribute(string attribute) => _attributes.GetValueOrDefault(attribute);

    /// <summary>An XML boolean; absent is false.</summary>
    public bool Flag(string attribute) => Attribute(attribute)?.Trim() is "true" or "1";

    public PosElement? Child(string child) => Children.Find(c => c.Name == child);

    /// <summary>The text of a child; null where it is absent or blank.</summary>
    public string? Value(string child) => Child(child)?.Text is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>Reads the element that <paramref name="reader"/> stands on, and leaves it on the element's end.</summary>
    /// <exception cref="XmlException">Not well formed, nested too deep, or too large.</exception>
    public static PosElement Read(XmlReader reader, string place, PosLimits limits)
    {
        var space = reader.NamespaceURI;
        var open = new Stack<PosElement>();
        var root = Begin(reader, place);
        open.Push(root);
        if (reader.IsEmptyElement)
        {
            return root;
        }

        var elements = 0;
        var counts = new Stack<Dictionary<string, int>>();
        counts.Push(new Dictionary<string, int>(StringComparer.Ordinal));
        while (open.Count > 0 && reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element when reader.Depth > limits.MaxDepth:
                    throw Fault(reader, $"Elements are nested deeper than {limits.MaxDepth}.");
                case XmlNodeType.Element when ++elements > limits.MaxElements:
                    throw Fault(reader, $"One transaction has more than {limits.MaxElements} elements.");
                case XmlNodeType.Element when reader.NamespaceURI != space:
                    SkipForeign(reader, limits);
                    break;
                case XmlNodeType.Element:
                    var number = counts.Peek()[reader.LocalName] = counts.Peek().GetValueOrDefault(reader.LocalName) + 1;
                    var child = Begin(reader, $"{Path(open.Peek())}/{reader.LocalName}[{number}]");
                    open.Peek().Children.Add(child);
                    if (!reader.IsEmptyElement)
                    {
                        open.Push(child);
                        counts.Push(new Dictionary<string, int>(StringComparer.Ordinal));
                    }

                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace:
                    open.Peek().Append(reader.Value, reader, limits);
                    break;
                case XmlNodeType.EndElement:
                    open.Pop();
                    counts.Pop();
                    break;
                default:
                    break;
            }
        }

        return root;
    }

    private static PosElement Begin(XmlReader reader, string path)
    {
        var element = new PosElement(reader.LocalName, $"{path} (line {LineOf(reader)})");
        while (reader.MoveToNextAttribute())
        {
            // Vendors write flags of the standard with a prefix of their own; a plain name goes before a prefixed one.
            if (reader.Prefix != "xmlns" && (reader.Prefix.Length == 0 || !element._attributes.ContainsKey(reader.LocalName)))
            {
                element._attributes[reader.LocalName] = reader.Value;
            }
        }

        reader.MoveToElement();
        return element;
    }

    private static void SkipForeign(XmlReader reader, PosLimits limits)
    {
        if (reader.IsEmptyElement)
        {
            return;
        }

        var depth = reader.Depth;
        while (reader.Read() && reader.Depth > depth)
        {
            if (reader.Depth > limits.MaxDepth)
            {
                throw Fault(reader, $"Elements are nested deeper than {limits.MaxDepth}.");
            }
        }
    }

    private static string Path(PosElement element) => element.Place[..element.Place.LastIndexOf(" (line", StringComparison.Ordinal)];

    private static int LineOf(XmlReader reader) => reader is IXmlLineInfo info ? info.LineNumber : 0;

    private static XmlException Fault(XmlReader reader, string message) => new(message, null, LineOf(reader), 0);

    private void Append(string text, XmlReader reader, PosLimits limits)
    {
        if (Text.Length + text.Length > limits.MaxText)
        {
            throw Fault(reader, $"The text of {Name} is longer than {limits.MaxText} characters.");
        }

        Text += text;
    }
}

/// <summary>How much of a document is held at once.</summary>
/// <param name="MaxDepth">Deepest nesting.</param>
/// <param name="MaxElements">Elements of one transaction.</param>
/// <param name="MaxText">Characters of one element.</param>
/// <param name="MaxCharacters">Characters of the whole document.</param>
internal readonly record struct PosLimits(int MaxDepth, int MaxElements, int MaxText, long MaxCharacters)
{
    public static PosLimits Default => new(64, 200_000, 16_384, 1L << 30);
}

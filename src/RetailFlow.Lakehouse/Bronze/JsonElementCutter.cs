using System.Text.Json;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Finds the top-level elements of a JSON array, or of documents that follow one another, by nesting alone.</summary>
internal sealed class JsonElementCutter
{
    private readonly bool _array;
    private bool _entered;

    private JsonElementCutter(bool array) => _array = array;

    public delegate void ElementSink(ReadOnlySpan<byte> element);

    /// <summary>True when the array is closed or nothing more can be cut.</summary>
    public bool Finished { get; private set; }

    /// <summary>A cutter if the file that begins with <paramref name="head"/> is not one record a line; otherwise null.</summary>
    public static JsonElementCutter? For(ReadOnlySpan<byte> head, bool whole)
    {
        var start = head.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0)
        {
            return null;
        }

        if (head[start] == (byte)'[')
        {
            return new JsonElementCutter(array: true);
        }

        if (head[start] != (byte)'{')
        {
            return null;
        }

        var line = head[start..];
        var lineEnd = line.IndexOf((byte)'\n');
        if (lineEnd < 0)
        {
            return null;
        }

        line = line[..lineEnd].TrimEnd((byte)'\r');
        return IsOpen(line) && (whole || head.Length > lineEnd) ? new JsonElementCutter(array: false) : null;
    }

    /// <summary>Gives up on the rest.</summary>
    public void Abandon() => Finished = true;

    /// <summary>
    /// Hands over the elements that are complete in <paramref name="bytes"/>; returns how many bytes are done with.
    /// </summary>
    /// <param name="bytes">What has not been cut yet.</param>
    /// <param name="last">True if nothing follows <paramref name="bytes"/>.</param>
    /// <param name="sink">Takes each element.</param>
    /// <param name="complaint">Why the rest cannot be cut, or null.</param>
    public int Cut(ReadOnlySpan<byte> bytes, bool last, ElementSink sink, out string? complaint)
    {
        complaint = null;
        var position = 0;
        if (_array && !_entered)
        {
            position = bytes.IndexOf((byte)'[') + 1;
            _entered = true;
        }

        while (true)
        {
            var skip = bytes[position..].IndexOfAnyExcept(_array ? " \t\r\n,"u8 : " \t\r\n"u8);
            if (skip < 0)
            {
                if (last)
                {
                    Finished = true;
                    complaint = _array ? "the array is not closed" : null;
                }

                return bytes.Length;
            }

            position += skip;
            if (_array && bytes[position] == (byte)']')
            {
                Finished = true;
                var after = bytes[(position + 1)..].IndexOfAnyExcept(" \t\r\n"u8);
                if (after >= 0)
                {
                    complaint = "something follows the end of the array";
                    return position + 1 + after;
                }

                return bytes.Length;
            }

            var length = ElementLength(bytes[position..]);
            if (length < 0)
            {
                if (last)
                {
                    Finished = true;
                    complaint = "the last element is not closed";
                }

                return position;
            }

            if (position + length == bytes.Length && !last)
            {
                return position;
            }

            sink(bytes.Slice(position, length));
            position += length;
        }
    }

    private static bool IsOpen(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, isFinalBlock: false, default);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.EndObject)
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private int ElementLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] is not ((byte)'{' or (byte)'[' or (byte)'"'))
        {
            return bytes.IndexOfAny(_array ? ",]\r\n"u8 : "\r\n"u8);
        }

        var depth = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            switch (bytes[i])
            {
                case (byte)'"':
                    i = StringEnd(bytes, i);
                    if (i < 0)
                    {
                        return -1;
                    }

                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    break;
                default:
                    continue;
            }

            if (depth == 0)
            {
                return i + 1;
            }
        }

        return -1;
    }

    private static int StringEnd(ReadOnlySpan<byte> bytes, int open)
    {
        for (var i = open + 1; i < bytes.Length; i++)
        {
            if (bytes[i] == (byte)'\\')
            {
                i++;
            }
            else if (bytes[i] == (byte)'"')
            {
                return i;
            }
        }

        return -1;
    }
}

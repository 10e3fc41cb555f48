namespace RetailFlow.Delta;

/// <summary>Finds the names in a SQL expression without understanding it: enough to tell that a column is not used.</summary>
internal static class SqlNames
{
    /// <summary>Whether the expression has the name outside of text literals, whatever its case.</summary>
    public static bool Mentions(string expression, string name)
    {
        for (var i = 0; i < expression.Length;)
        {
            var c = expression[i];
            if (c == '\'')
            {
                i = After(expression, i, '\'');
            }
            else if (c is '`' or '"')
            {
                // Double quotes may hold text or a name, depending on the dialect: a name is the careful guess.
                var end = After(expression, i, c);
                if (Same(expression.AsSpan(i + 1, Math.Max(0, end - i - 2)), name))
                {
                    return true;
                }

                i = end;
            }
            else if (char.IsLetter(c) || c == '_')
            {
                var start = i;
                while (i < expression.Length && (char.IsLetterOrDigit(expression[i]) || expression[i] == '_'))
                {
                    i++;
                }

                if (Same(expression.AsSpan(start, i - start), name))
                {
                    return true;
                }
            }
            else
            {
                i++;
            }
        }

        return false;
    }

    private static bool Same(ReadOnlySpan<char> found, string name) => found.Equals(name, StringComparison.OrdinalIgnoreCase);

    // The position after the closing quote; a doubled quote stands for itself.
    private static int After(string text, int start, char quote)
    {
        for (var i = start + 1; i < text.Length; i++)
        {
            if (text[i] == quote)
            {
                if (i + 1 < text.Length && text[i + 1] == quote)
                {
                    i++;
                    continue;
                }

                return i + 1;
            }
        }

        return text.Length;
    }
}

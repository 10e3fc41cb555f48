namespace RetailFlow.Delta;

/// <summary>The content of a commit file: one action per line.</summary>
internal static class CommitFile
{
    /// <summary>Parses a commit.</summary>
    /// <param name="version">Version of the commit.</param>
    /// <param name="content">Bytes of the file.</param>
    /// <param name="fileTime">Time of the file; null where it is not known and the writer's clock has to do.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/>, with version and line.</exception>
    public static CommitChanges Parse(long version, ReadOnlySpan<byte> content, DateTimeOffset? fileTime)
    {
        var actions = new List<DeltaAction>();
        var lineNumber = 0;
        foreach (var range in content.Split((byte)'\n'))
        {
            lineNumber++;
            var line = content[range].Trim(" \t\r"u8);
            if (line.IsEmpty)
            {
                continue;
            }

            try
            {
                if (DeltaActionJson.Parse(line) is { } action)
                {
                    actions.Add(action);
                }
            }
            catch (DeltaException e)
            {
                throw new DeltaException(e.Kind, $"Version {version}, line {lineNumber}: {e.Message}", e);
            }
        }

        return new CommitChanges(version, actions, TimeOf(actions, fileTime));
    }

    /// <summary>The first action if it is a <c>commitInfo</c>: there it must be where in-commit timestamps are on.</summary>
    public static CommitInfo? ParseHead(ReadOnlySpan<byte> firstLine) => DeltaActionJson.Parse(firstLine) as CommitInfo;

    /// <summary>The <c>commitInfo</c>, wherever it is; the other lines are not parsed.</summary>
    public static CommitInfo? FindInfo(ReadOnlySpan<byte> content)
    {
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].Trim(" \t\r"u8);
            if (line.IndexOf("\"commitInfo\""u8) is >= 0 and < 8 && DeltaActionJson.Parse(line) is CommitInfo info)
            {
                return info;
            }
        }

        return null;
    }

    public static DateTimeOffset TimeOf(IReadOnlyList<DeltaAction> actions, DateTimeOffset? fileTime)
    {
        CommitInfo? info = null;
        foreach (var action in actions)
        {
            if (action is CommitInfo found)
            {
                info = found;
                break;
            }
        }

        return (Millis(info?.InCommitTimestamp) ?? fileTime ?? Millis(info?.Timestamp)) ?? DateTimeOffset.UnixEpoch;
    }

    /// <summary>A time of the log; null if it lies outside the calendar.</summary>
    public static DateTimeOffset? Millis(long? milliseconds) =>
        milliseconds is >= -62_135_596_800_000 and <= 253_402_300_799_999 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds.Value) : null;
}

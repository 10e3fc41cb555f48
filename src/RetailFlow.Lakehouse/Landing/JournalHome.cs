using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse.Landing;

/// <summary>
/// Whose journal a lake has. The journal of a folder is in it. A remote lake has its journal in a folder of one machine, and names it by
/// a number in <c>system.landed_files</c>; the folder has the number too, and another folder is refused.
/// </summary>
/// <param name="Id">The journal's number, or null for a lake in a folder.</param>
/// <param name="FirstSequence">Sequence of the first record that the journal has, or will have.</param>
public sealed record JournalHome(long? Id, long FirstSequence)
{
    private const string FileName = "journal.json";

    internal static async ValueTask<JournalHome> OpenAsync(Lake lake, bool takeOver, CancellationToken cancellationToken)
    {
        if (!lake.IsRemote)
        {
            return new JournalHome(null, 1);
        }

        var folder = new LocalObjectStore(lake.LocalFolder);
        var registry = lake.Landing.Registry;
        var here = await ReadAsync(folder, cancellationToken);
        var named = await registry.HomeAsync(cancellationToken);
        if (here?.Id is { } id && (named is null || named == id))
        {
            return named is not null || await registry.TryMoveHomeAsync(null, id, cancellationToken) ? here : throw Elsewhere(lake);
        }

        if (here is not null)
        {
            throw takeOver
                ? new LakeException(LakeErrorKind.InvalidInput, $"The folder '{lake.LocalFolder}' holds another journal of {lake.Location}, from before somebody took it over; take over with an empty folder.")
                : Elsewhere(lake);
        }

        if (named is not null && !takeOver)
        {
            throw Elsewhere(lake);
        }

        // Sequences go on behind what the lake has. What the other folder acknowledged and did not carry over stays in that folder.
        var fresh = new JournalHome(Number(lake.Options.NewGuid()), Math.Max(0, await registry.JournalPositionAsync(cancellationToken)) + 1);
        if (named is null)
        {
            // The folder first: a lake that names no folder is taken by the one that tries again.
            await folder.PutIfAbsentAsync(FileName, fresh.Write(), cancellationToken);
            return await OpenAsync(lake, takeOver: false, cancellationToken);
        }

        // The lake first: a number that no folder has is taken over once more.
        if (!await registry.TryMoveHomeAsync(named, fresh.Id!.Value, cancellationToken))
        {
            throw Elsewhere(lake);
        }

        await folder.PutIfAbsentAsync(FileName, fresh.Write(), cancellationToken);
        return fresh;
    }

    private static LakeException Elsewhere(Lake lake) => new(
        LakeErrorKind.Conflict,
        $"The journal of {lake.Location} is in a folder of another machine, or in another one than '{lake.LocalFolder}'. Run the node there. Only if that folder is lost, and with it what it has not carried over, start with --take-over.");

    private static long Number(Guid guid)
    {
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]) & long.MaxValue;
    }

    private static async ValueTask<JournalHome?> ReadAsync(LocalObjectStore folder, CancellationToken cancellationToken)
    {
        if (await folder.ReadAsync(FileName, cancellationToken) is not { } content)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(content);
            var id = long.Parse(document.RootElement.GetProperty("id").GetString()!, NumberStyles.None, CultureInfo.InvariantCulture);
            return new JournalHome(id, document.RootElement.GetProperty("first_sequence").GetInt64());
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LakeException(LakeErrorKind.Corrupt, $"'{folder.LocalPath(FileName)}' does not name a journal: {e.Message}", e);
        }
    }

    private byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(
        new Dictionary<string, object> { ["id"] = Id!.Value.ToString(CultureInfo.InvariantCulture), ["first_sequence"] = FirstSequence });
}

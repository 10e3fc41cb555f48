using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Cli.Tests.Recovery;

/// <summary>
/// The journal read as any other program would: lines of JSON in the order of their files, checksums by the polynomial, and the sum of all
/// claims after each of them. Knows nothing of the ledger.
/// </summary>
internal sealed class RushBook
{
    private readonly Dictionary<string, RushGrant> _grants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, decimal> _claimed = new(StringComparer.Ordinal);

    private RushBook()
    {
    }

    /// <summary>The reservation that a key led to, with its outcome.</summary>
    public Dictionary<string, (string Outcome, RushGrant? Grant)> ByKey { get; } = new(StringComparer.Ordinal);

    /// <summary>Reservations as the last entry of each left them.</summary>
    public IReadOnlyDictionary<string, RushGrant> Grants => _grants;

    /// <summary>What is held or ordered of a SKU.</summary>
    public decimal ClaimedOf(string sku) => _claimed.GetValueOrDefault(sku);

    /// <summary>Reads the journal of a lake; no SKU may ever have been claimed beyond <paramref name="stock"/>.</summary>
    public static RushBook Read(string lakePath, decimal stock)
    {
        var book = new RushBook();
        var sequence = 0L;
        var files = Directory.GetFiles(Path.Combine(lakePath, "raw", "inventory"), "journal-*.ndjson", SearchOption.AllDirectories);
        foreach (var file in files.OrderBy(Path.GetFileName, StringComparer.Ordinal))
        {
            // What is behind the last line feed is being written at this moment.
            var text = ReadShared(file);
            foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var entry = JsonDocument.Parse(line);
                Assert.Equal(++sequence, entry.RootElement.GetProperty("seq").GetInt64());
                var content = "{" + line[(line.IndexOf(',', StringComparison.Ordinal) + 1)..];
                Assert.Equal(entry.RootElement.GetProperty("crc32c").GetString(), Crc32C(content).ToString("x8", CultureInfo.InvariantCulture));
                if (entry.RootElement.TryGetProperty("reservation", out var transition))
                {
                    book.Take(transition, sequence, stock);
                }
            }
        }

        return book;
    }

    /// <summary>A reservation out of an answer or an entry.</summary>
    public static RushGrant GrantOf(JsonElement reservation) => new(
        reservation.GetProperty("id").GetString()!,
        reservation.GetProperty("state").GetString()!,
        string.Join(' ', reservation.GetProperty("lines").EnumerateArray().Select(line => string.Create(
            CultureInfo.InvariantCulture,
            $"{line.GetProperty("sku").GetString()}/{line.GetProperty("location").GetString()}/{line.GetProperty("quantity").GetDecimal():0.#####}"))));

    /// <summary>What of a SKU a reservation claims.</summary>
    public static IEnumerable<(string Sku, decimal Quantity)> ClaimsOf(RushGrant grant) => grant.State is "held" or "confirmed"
        ? grant.Lines.Split(' ').Select(line => line.Split('/')).Select(parts => (parts[0], decimal.Parse(parts[2], CultureInfo.InvariantCulture)))
        : [];

    private void Take(JsonElement transition, long sequence, decimal stock)
    {
        var outcome = transition.GetProperty("outcome").GetString()!;
        var grant = outcome == "done" ? GrantOf(transition) : null;
        if (transition.TryGetProperty("key", out var key))
        {
            Assert.True(ByKey.TryAdd(key.GetString()!, (outcome, grant)), $"key {key} was decided twice");
        }

        if (grant is null)
        {
            return;
        }

        if (_grants.TryGetValue(grant.Id, out var before))
        {
            Assert.Equal(before.Lines, grant.Lines);
            Claim(before, -1);
        }

        _grants[grant.Id] = grant;
        Claim(grant, 1);
        Assert.All(ClaimsOf(grant), claim => Assert.True(_claimed[claim.Sku] <= stock, $"{claim.Sku} is oversold at {sequence}"));
    }

    private void Claim(RushGrant grant, int sign)
    {
        foreach (var (sku, quantity) in ClaimsOf(grant))
        {
            _claimed[sku] = _claimed.GetValueOrDefault(sku) + (sign * quantity);
        }
    }

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static uint Crc32C(string text)
    {
        var crc = uint.MaxValue;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return ~crc;
    }
}

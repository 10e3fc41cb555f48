using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace RetailFlow.Storage.Azure;

/// <summary>
/// The SharedKey scheme of the Blob service ("Authorize with Shared Key"): a string made from the request, signed with
/// HMAC-SHA256 by the account's key. Pure.
/// </summary>
internal static class SharedKeySignature
{
    // Between the method and the canonicalized headers, in this order. Date is empty because x-ms-date is always sent.
    private static readonly string[] s_standard =
    [
        "Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date",
        "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
    ];

    /// <summary>The string that is signed.</summary>
    /// <param name="method">The method in capitals.</param>
    /// <param name="uri">The absolute address with its encoded path and query.</param>
    /// <param name="headers">Every header of the request.</param>
    /// <param name="account">The account's name.</param>
    public static string StringToSign(
        string method, Uri uri, IEnumerable<KeyValuePair<string, string>> headers, string account)
    {
        Dictionary<string, string> byName = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in headers)
        {
            byName[name] = value;
        }

        StringBuilder text = new(512);
        text.Append(method).Append('\n');
        foreach (string name in s_standard)
        {
            string value = name == "Date" ? "" : byName.GetValueOrDefault(name, "");

            // Since version 2015-02-21 a length of zero is signed as the empty string.
            text.Append(name == "Content-Length" && value == "0" ? "" : value).Append('\n');
        }

        foreach ((string name, string value) in byName
            .Where(header => header.Key.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase))
            .Select(header => (Name: header.Key.ToLowerInvariant(), header.Value))
            .OrderBy(header => header.Name, StringComparer.Ordinal))
        {
            text.Append(name).Append(':').Append(value.Trim()).Append('\n');
        }

        text.Append('/').Append(account).Append(uri.AbsolutePath);
        AppendQuery(text, uri.Query);
        return text.ToString();
    }

    /// <summary>The value of the Authorization header.</summary>
    public static string Authorization(string stringToSign, string account, byte[] key) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"SharedKey {account}:{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(stringToSign)))}");

    private static void AppendQuery(StringBuilder text, string query)
    {
        if (query.Length <= 1)
        {
            return;
        }

        IEnumerable<IGrouping<string, string>> parameters = query[1..].Split('&')
            .Select(pair => pair.Split('=', 2))
            .GroupBy(
                pair => Uri.UnescapeDataString(pair[0]).ToLowerInvariant(),
                pair => pair.Length == 2 ? WebUtility.UrlDecode(pair[1]) : "",
                StringComparer.Ordinal)
            .OrderBy(parameter => parameter.Key, StringComparer.Ordinal);
        foreach (IGrouping<string, string> parameter in parameters)
        {
            text.Append('\n').Append(parameter.Key).Append(':')
                .AppendJoin(',', parameter.Order(StringComparer.Ordinal));
        }
    }
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace RetailFlow.Storage.Azure;

/// <summary>
/// A folder in a container of Azure Blob Storage or ADLS Gen2. Both services see the same objects; requests go to the Blob
/// endpoint, whichever of the two the URL names.
/// </summary>
/// <param name="ServiceEndpoint">The root of the account's Blob service, ending with <c>/</c>.</param>
/// <param name="Account">The storage account's name.</param>
/// <param name="Container">The container's (file system's) name.</param>
/// <param name="Root">The folder, without a slash at either end; empty for the whole container.</param>
public sealed partial record AzureLocation(Uri ServiceEndpoint, string Account, string Container, string Root)
{
    private const string Forms =
        "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH, https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH " +
        "or, for an emulator, http://127.0.0.1:PORT/ACCOUNT/CONTAINER/PATH";

    private static readonly string[] s_domains =
        ["core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net", "storage.azure.net"];

    /// <summary>Whether <paramref name="location"/> is written as a URL that <see cref="Parse"/> is for, right or wrong.</summary>
    public static bool IsUrl(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return SchemeOf(location) is "abfss" or "abfs" or "https" or "http";
    }

    /// <summary>
    /// Reads <c>abfss://</c>, <c>abfs://</c>, <c>https://</c> and, for an emulator on this machine, <c>http://</c> URLs.
    /// Percent-encoded characters of the path are decoded. A bearer token or a key is sent only to Azure's own domains
    /// or to this machine, so no other host is accepted.
    /// </summary>
    /// <exception cref="FormatException">The URL breaks a rule; the message names the part, its value and the rule.</exception>
    public static AzureLocation Parse(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        int end = url.IndexOfAny(['?', '#']);
        string shown = end < 0 ? url : url[..end];
        if (end >= 0)
        {
            throw new FormatException(
                $"The location '{shown}' is followed by a query or a fragment; a shared access signature is given in " +
                $"{AzureCredential.SasVariable}, never in the location.");
        }

        string scheme = SchemeOf(url) ?? "";
        string rest = scheme.Length == 0 ? "" : url[(scheme.Length + 3)..];
        int slash = rest.IndexOf('/');
        string authority = slash < 0 ? rest : rest[..slash];
        string path = slash < 0 ? "" : rest[(slash + 1)..];
        return scheme switch
        {
            "abfss" or "abfs" => ParseFileSystem(shown, authority, path),
            "https" or "http" when authority.Contains('@') => throw new FormatException(
                $"The location names a user before the host '{authority[(authority.LastIndexOf('@') + 1)..]}'; only abfss:// has a name there, the container's."),
            "https" when !IsLoopback(authority) => ParseAccountHost(shown, authority, path),
            "http" or "https" => ParseEmulator(shown, scheme, authority, path),
            _ => throw new FormatException($"The location '{shown}' is not a URL of Azure storage; write {Forms}."),
        };
    }

    /// <summary>The location as an <c>https</c> URL of the Blob service; it contains no secret.</summary>
    public override string ToString() =>
        Root.Length == 0 ? $"{ServiceEndpoint}{Container}" : $"{ServiceEndpoint}{Container}/{Root}";

    /// <summary>
    /// Every way in which readers and writers of a lake write this location: the schemes of both services and of the older driver
    /// (<c>wasbs</c>), each with either host; of an emulator its URL alone. The first is what other readers understand best.
    /// </summary>
    public StoreLocation Spellings()
    {
        string folder = Root.Length == 0 ? "" : "/" + Root;
        if (ServiceEndpoint.AbsolutePath.Length > 1)
        {
            return new StoreLocation(new StoreRoot(ServiceEndpoint.GetLeftPart(UriPartial.Authority), $"/{Account}/{Container}{folder}"));
        }

        string blob = ServiceEndpoint.Host;
        string dfs = blob.Replace(".blob.", ".dfs.", StringComparison.Ordinal);
        return new StoreLocation(
        [
            new StoreRoot($"abfss://{Container}@{dfs}", folder),
            .. from scheme in (string[])["abfss", "abfs", "wasbs", "wasb"]
               from host in (string[])[dfs, blob]
               select new StoreRoot($"{scheme}://{Container}@{host}", folder),
            .. from host in (string[])[blob, dfs]
               select new StoreRoot($"https://{host}", $"/{Container}{folder}"),
        ]);
    }

    private static AzureLocation ParseFileSystem(string shown, string authority, string path)
    {
        int at = authority.IndexOf('@');
        if (at < 0)
        {
            throw new FormatException(
                $"The location '{shown}' names no container; write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH.");
        }

        (string account, Uri endpoint) = AccountOf(shown, authority[(at + 1)..]);
        return Create(shown, endpoint, account, authority[..at], path);
    }

    private static AzureLocation ParseAccountHost(string shown, string authority, string path)
    {
        (string account, Uri endpoint) = AccountOf(shown, authority);
        (string container, string root) = Split(path);
        return Create(shown, endpoint, account, container, root);
    }

    private static AzureLocation ParseEmulator(string shown, string scheme, string authority, string path)
    {
        if (!IsLoopback(authority))
        {
            throw new FormatException(
                $"The location '{shown}' uses http; without TLS only an emulator on this machine is accepted (host 127.0.0.1, [::1] or localhost).");
        }

        (string account, string rest) = Split(path);
        (string container, string root) = Split(rest);
        if (!AccountName().IsMatch(account))
        {
            throw Rule(shown, "account", account, "3 to 24 lower-case letters and digits");
        }

        return Create(shown, new Uri($"{scheme}://{authority}/{account}/"), account, container, root);
    }

    private static (string Account, Uri Endpoint) AccountOf(string shown, string host)
    {
        host = host.ToLowerInvariant();
        string domain = s_domains.FirstOrDefault(d => host.EndsWith("." + d, StringComparison.Ordinal))
            ?? throw Rule(shown, "host", host, $"an account of one of the domains {string.Join(", ", s_domains)}");
        string[] labels = host[..^(domain.Length + 1)].Split('.');
        string service = labels[^1];

        // Accounts with a DNS zone have one label more: ACCOUNT.ZONE.blob.storage.azure.net.
        int expected = domain == "storage.azure.net" ? 3 : 2;
        if (labels.Length != expected || service is not ("dfs" or "blob"))
        {
            throw Rule(shown, "host", host, $"ACCOUNT.dfs.{domain} or ACCOUNT.blob.{domain}");
        }

        if (!AccountName().IsMatch(labels[0]))
        {
            throw Rule(shown, "account", labels[0], "3 to 24 lower-case letters and digits");
        }

        labels[^1] = "blob";
        return (labels[0], new Uri($"https://{string.Join('.', labels)}.{domain}/"));
    }

    private static AzureLocation Create(string shown, Uri endpoint, string account, string container, string path)
    {
        if (!ContainerName().IsMatch(container))
        {
            throw Rule(shown, "container", container, "3 to 63 lower-case letters, digits and single hyphens");
        }

        string root = Uri.UnescapeDataString(path.Trim('/'));
        if (root.Length > 0)
        {
            try
            {
                ObjectPath.Validate(root);
            }
            catch (ArgumentException exception)
            {
                throw new FormatException($"The path of the location '{shown}' cannot be used. {exception.Message}", exception);
            }
        }

        return new AzureLocation(endpoint, account, container, root);
    }

    private static (string First, string Remainder) Split(string path)
    {
        int slash = path.IndexOf('/');
        return slash < 0 ? (path, "") : (path[..slash], path[(slash + 1)..]);
    }

    private static bool IsLoopback(string authority)
    {
        Match match = HostAndPort().Match(authority);
        return match.Success
            && match.Groups[1].Value.ToLowerInvariant() is "127.0.0.1" or "localhost" or "[::1]"
            && (match.Groups[2].Value.Length == 0
                || int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) is > 0 and < 65536);
    }

    private static string? SchemeOf(string location)
    {
        int mark = location.IndexOf("://", StringComparison.Ordinal);
        return mark > 0 ? location[..mark].ToLowerInvariant() : null;
    }

    private static FormatException Rule(string shown, string field, string value, string rule) =>
        new($"The {field} '{value}' of the location '{shown}' is not valid: it must be {rule}.");

    [GeneratedRegex("^[a-z0-9]{3,24}$", RegexOptions.CultureInvariant)]
    private static partial Regex AccountName();

    [GeneratedRegex(@"^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$|^\$root$|^\$web$", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerName();

    [GeneratedRegex(@"^(\[[0-9a-fA-F:]+\]|[^:]+)(?::([0-9]{1,5}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex HostAndPort();
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace RetailFlow.Storage.Azure;

/// <summary>
/// The operations of the Blob service that a store needs, one method each. Paths are the store's; the location's folder is
/// put before them here. Answers that are part of the contract are values; everything else is a <see cref="StorageException"/>.
/// </summary>
internal sealed class BlobService(
    AzureLocation location, AzureCredential credential, AzureStoreOptions options)
{
    // The first version with startFrom in listings.
    private const string Version = "2026-02-06";
    private const string MarkHeader = "x-ms-meta-retailflowput";

    private readonly HttpPipeline _pipeline = BlobPipeline.Create(location, credential, options);
    private readonly string _container = $"{location.ServiceEndpoint}{location.Container}";
    private readonly string _folder = location.Root.Length == 0 ? "" : location.Root + "/";

    public BlobFailure Failure { get; } = new(location, credential);

    /// <summary>What goes before a store's path to make the object's name in the container.</summary>
    public string Folder => _folder;

    public async ValueTask<BlobRange> GetRangeAsync(
        string path, long offset, int length, string? ifMatch, CancellationToken cancellationToken)
    {
        using HttpMessage message = NewMessage(RequestMethod.Get, AddressOf(path));
        long last = offset > long.MaxValue - length ? long.MaxValue : offset + length - 1;
        message.Request.Headers.SetValue("x-ms-range", string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-{last}"));
        if (ifMatch is not null)
        {
            message.Request.Headers.SetValue("If-Match", ifMatch);
        }

        const string Action = "read";
        Response response = await SendAsync(message, Action, path, cancellationToken);
        switch (response.Status)
        {
            case 200 or 206:
                return RangeOf(path, offset, length, response);
            case 404 when !BlobFailure.IsMissingContainer(response):
                return BlobRange.Missing;
            case 412:
                return BlobRange.Changed;
            case 416:
                return BlobRange.Beyond;
            default:
                throw Failure.Of(Action, path, response);
        }
    }

    public async ValueTask<BlobProperties?> HeadAsync(string path, CancellationToken cancellationToken)
    {
        using HttpMessage message = NewMessage(RequestMethod.Head, AddressOf(path));
        const string Action = "look at";
        Response response = await SendAsync(message, Action, path, cancellationToken);
        return response.Status switch
        {
            200 => new BlobProperties(
                response.Headers.ContentLengthLong ?? 0,
                response.Headers.TryGetValue("Last-Modified", out string? modified) ? ParseTime(modified) : default,
                response.Headers.TryGetValue(MarkHeader, out string? mark) ? mark : null,
                IsDirectory(response)),
            404 when !BlobFailure.IsMissingContainer(response) => null,
            _ => throw Failure.Of(Action, path, response),
        };
    }

    public async ValueTask<PutAnswer> PutBlobAsync(string path, ReadOnlyMemory<byte> content, PutCondition condition)
    {
        using HttpMessage message = NewMessage(RequestMethod.Put, AddressOf(path));
        message.Request.Headers.SetValue("x-ms-blob-type", "BlockBlob");
        SetContent(message, content);
        return await PutAsync(message, "write", path, condition);
    }

    public async ValueTask PutBlockAsync(
        string path, string blockId, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using HttpMessage message = NewMessage(
            RequestMethod.Put, $"{AddressOf(path)}?comp=block&blockid={Uri.EscapeDataString(blockId)}");
        SetContent(message, content);
        const string Action = "write a block of";
        Response response = await SendAsync(message, Action, path, cancellationToken);
        if (response.Status != 201)
        {
            throw Failure.Of(Action, path, response);
        }
    }

    public async ValueTask<PutAnswer> PutBlockListAsync(string path, IEnumerable<string> blockIds, PutCondition condition)
    {
        // Latest, not Uncommitted: a further try after a lost answer finds the blocks committed by the earlier one.
        StringBuilder list = new("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
        foreach (string id in blockIds)
        {
            list.Append("<Latest>").Append(id).Append("</Latest>");
        }

        using HttpMessage message = NewMessage(RequestMethod.Put, AddressOf(path) + "?comp=blocklist");
        SetContent(message, Encoding.UTF8.GetBytes(list.Append("</BlockList>").ToString()));
        message.Request.Headers.SetValue("Content-Type", "application/xml");
        return await PutAsync(message, "write", path, condition);
    }

    /// <summary>False if there was nothing to delete.</summary>
    public async ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using HttpMessage message = NewMessage(RequestMethod.Delete, AddressOf(path));
        message.Request.Headers.SetValue("x-ms-delete-snapshots", "include");
        const string Action = "delete";
        Response response = await SendAsync(message, Action, path, cancellationToken);
        return response.Status switch
        {
            200 or 202 => true,

            // After a lost answer the object is gone most likely by the earlier try of this very request.
            404 when !BlobFailure.IsMissingContainer(response) => LostAnswerPolicy.Happened(message),
            409 when BlobFailure.CodeOf(response) == "DirectoryIsNotEmpty" => false,
            _ => throw Failure.Of(Action, path, response),
        };
    }

    public async ValueTask<BlobPage> ListPageAsync(
        string prefix, string? startFrom, string? marker, CancellationToken cancellationToken)
    {
        StringBuilder address = new($"{_container}?restype=container&comp=list&include=metadata");
        address.Append(CultureInfo.InvariantCulture, $"&maxresults={options.ListPageSize}");
        AppendParameter(address, "prefix", _folder + prefix);
        AppendParameter(address, "startFrom", startFrom is null ? null : _folder + startFrom);
        AppendParameter(address, "marker", marker);

        using HttpMessage message = NewMessage(RequestMethod.Get, address.ToString());
        const string Action = "list";
        Response response = await SendAsync(message, Action, prefix, cancellationToken);
        return response.Status == 200
            ? BlobPage.Parse(response.ContentStream!, _folder)
            : throw Failure.Of(Action, prefix, response);
    }

    /// <summary>False if the container exists.</summary>
    public async ValueTask<bool> CreateContainerAsync(CancellationToken cancellationToken)
    {
        using HttpMessage message = NewMessage(RequestMethod.Put, _container + "?restype=container");
        const string Action = "create the container of";
        Response response = await SendAsync(message, Action, _folder, cancellationToken);
        return response.Status switch
        {
            201 => true,
            409 when BlobFailure.CodeOf(response) == "ContainerAlreadyExists" => LostAnswerPolicy.Happened(message),
            _ => throw Failure.Of(Action, _folder, response),
        };
    }

    private static void AppendParameter(StringBuilder address, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            address.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
    }

    private static void SetContent(HttpMessage message, ReadOnlyMemory<byte> content)
    {
        message.Request.Content = RequestContent.Create(content);
        message.Request.Headers.SetValue("Content-MD5", Convert.ToBase64String(Md5(content.Span)));
    }

    // The service checks transfers with MD5; nothing here rests on it being hard to forge.
#pragma warning disable CA5351
    private static byte[] Md5(ReadOnlySpan<byte> content) => MD5.HashData(content);
#pragma warning restore CA5351

    private static bool IsDirectory(Response response) =>
        (response.Headers.TryGetValue("x-ms-meta-hdi_isfolder", out string? marker)
            && marker.Equals("true", StringComparison.OrdinalIgnoreCase))
        || (response.Headers.TryGetValue("x-ms-resource-type", out string? type)
            && type.Equals("directory", StringComparison.OrdinalIgnoreCase));

    private static DateTimeOffset ParseTime(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    private HttpMessage NewMessage(RequestMethod method, string address)
    {
        HttpMessage message = _pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri.Reset(new Uri(address));
        message.Request.Headers.SetValue("x-ms-version", Version);
        return message;
    }

    private string AddressOf(string path) =>
        $"{_container}/{string.Join('/', (_folder + path).Split('/').Select(Uri.EscapeDataString))}";

    private async ValueTask<PutAnswer> PutAsync(HttpMessage message, string action, string path, PutCondition condition)
    {
        message.Request.Headers.SetValue(MarkHeader, condition.Mark);
        if (condition.OnlyIfAbsent)
        {
            message.Request.Headers.SetValue("If-None-Match", "*");
        }

        // Once sent, it may take effect: giving up waiting would only hide the outcome.
        Response response = await SendAsync(message, action, path, CancellationToken.None);
        return response.Status switch
        {
            201 => PutAnswer.Done,
            409 or 412 when condition.OnlyIfAbsent =>
                LostAnswerPolicy.Happened(message) ? PutAnswer.RefusedAfterLostAnswer : PutAnswer.Refused,

            // Another writer's block list removed the blocks, with this or with the object that it wrote.
            400 when condition.OnlyIfAbsent && BlobFailure.CodeOf(response) == "InvalidBlockList" => PutAnswer.RefusedAfterLostAnswer,
            _ => throw Failure.Of(action, path, response),
        };
    }

    private async ValueTask<Response> SendAsync(
        HttpMessage message, string action, string path, CancellationToken cancellationToken)
    {
        try
        {
            await _pipeline.SendAsync(message, cancellationToken);
            return message.Response;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure.Of(action, path, exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new OperationCanceledException("The request was cancelled.", exception, cancellationToken);
        }
    }

    private BlobRange RangeOf(string path, long offset, int length, Response response)
    {
        if (IsDirectory(response))
        {
            return BlobRange.Missing;
        }

        byte[] content = response.Content.ToArray();
        long total = offset + content.Length;
        if (response.Headers.TryGetValue("Content-Range", out string? range))
        {
            total = long.Parse(range.AsSpan(range.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        }

        if (content.Length != Math.Min(length, total - offset))
        {
            throw Failure.Create("read", path, "the service gave another number of bytes than was asked for", "ShortRead");
        }

        bool whole = offset == 0 && content.Length == total;
        if (whole
            && (response.Headers.TryGetValue("x-ms-blob-content-md5", out string? md5)
                || response.Headers.TryGetValue("Content-MD5", out md5))
            && !Md5(content).AsSpan().SequenceEqual(Convert.FromBase64String(md5)))
        {
            throw Failure.Create("read", path, "the content does not have the checksum that the service keeps for it", "Md5Mismatch");
        }

        string etag = response.Headers.TryGetValue("ETag", out string? tag)
            ? tag
            : throw Failure.Create("read", path, "the service gave no ETag", "MissingETag");
        return new BlobRange(RangeAnswer.Found, content, total, etag);
    }
}

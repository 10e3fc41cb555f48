using System.Xml;
using Azure;
using Azure.Identity;

namespace RetailFlow.Storage.Azure;

/// <summary>
/// Turns what went wrong into the store's one failure: what was tried, where, and the service's own error code. Messages
/// contain no query of an address and no header, so no secret.
/// </summary>
internal sealed class BlobFailure(AzureLocation location, AzureCredential credential)
{
    /// <summary>The code that the service gave, or <c>HttpNNN</c> where it gave none.</summary>
    public static string CodeOf(Response response)
    {
        if (response.Headers.TryGetValue("x-ms-error-code", out string? code) && code.Length > 0)
        {
            return code;
        }

        return CodeInBody(response) ?? FormattableString.Invariant($"Http{response.Status}");
    }

    /// <summary>Whether the container itself is missing, which is an error and not an absent object.</summary>
    public static bool IsMissingContainer(Response response) =>
        CodeOf(response) is "ContainerNotFound" or "FilesystemNotFound" or "ContainerBeingDeleted" or "FilesystemBeingDeleted";

    public StorageException Of(string action, string path, Response response)
    {
        string code = CodeOf(response);
        string words = (response.Status, code) switch
        {
            (_, "ContainerNotFound" or "FilesystemNotFound") => "there is no such container",
            (_, "ContainerBeingDeleted" or "FilesystemBeingDeleted") => "the container is being deleted",
            (_, "AuthorizationPermissionMismatch" or "AuthorizationFailure" or "InsufficientAccountPermissions") =>
                $"the {credential} may not do this; a data role such as Storage Blob Data Contributor is needed",
            (401 or 403, _) => $"the service refused the {credential}",
            (409, "ResourceTypeMismatch" or "DirectoryIsNotEmpty" or "PathAlreadyExists") => "a directory has that name",
            (412, _) => "the object was replaced while it was in use",
            (503, _) => "the service is too busy",
            ( >= 500, _) => "the service failed",
            _ => FormattableString.Invariant($"the service answered with status {response.Status}"),
        };
        return Create(action, path, words, code);
    }

    public StorageException Of(string action, string path, Exception exception)
    {
        Exception cause = exception is AggregateException aggregate ? aggregate.InnerExceptions[^1] : exception;
        return cause switch
        {
            AuthenticationFailedException => Create(
                action, path, $"no access token could be had with the {credential}", "AuthenticationFailed", cause),
            OperationCanceledException => Create(action, path, "the service did not answer in time", "Timeout", cause),
            _ => Create(action, path, "the service could not be reached or the connection broke", "NetworkFailure", cause),
        };
    }

    public StorageException Create(string action, string path, string words, string code, Exception? inner = null) =>
        new(
            $"Cannot {action} '{path}' in container '{location.Container}' of storage account '{location.Account}': {words} ({code}).",
            path,
            code,
            inner);

    private static string? CodeInBody(Response response)
    {
        if (response.ContentStream is not { CanSeek: true, Length: > 0 } body)
        {
            return null;
        }

        body.Position = 0;
        try
        {
            using XmlReader reader = XmlReader.Create(body, new XmlReaderSettings { CloseInput = false });
            return reader.ReadToFollowing("Code") ? reader.ReadElementContentAsString() : null;
        }
        catch (XmlException)
        {
            // A proxy or a load balancer in front of the service answers with pages of its own.
            return null;
        }
    }
}

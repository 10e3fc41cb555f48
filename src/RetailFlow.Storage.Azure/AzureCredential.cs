using Azure.Core;

namespace RetailFlow.Storage.Azure;

/// <summary>How requests prove who sends them. No member's text contains a secret.</summary>
public abstract record AzureCredential
{
    /// <summary>The environment variable of the account key.</summary>
    public const string AccountKeyVariable = "AZURE_STORAGE_ACCOUNT_KEY";

    /// <summary>The environment variable of the shared access signature.</summary>
    public const string SasVariable = "AZURE_STORAGE_SAS_TOKEN";

    private const string TenantVariable = "AZURE_TENANT_ID";
    private const string ClientVariable = "AZURE_CLIENT_ID";
    private const string ClientSecretVariable = "AZURE_CLIENT_SECRET";

    private AzureCredential()
    {
    }

    /// <summary>
    /// Takes the credential that the environment names: <c>AZURE_STORAGE_ACCOUNT_KEY</c>; or
    /// <c>AZURE_STORAGE_SAS_TOKEN</c>; or <c>AZURE_TENANT_ID</c>, <c>AZURE_CLIENT_ID</c> and <c>AZURE_CLIENT_SECRET</c>
    /// together; otherwise <see cref="DefaultChain"/>.
    /// </summary>
    /// <param name="environment">The value of a variable, or null where it is not set.</param>
    /// <exception cref="FormatException">A value is malformed, or the key and the signature are both set.</exception>
    public static AzureCredential FromEnvironment(Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        string? key = Read(environment, AccountKeyVariable);
        string? sas = Read(environment, SasVariable);
        if (key is not null && sas is not null)
        {
            throw new FormatException(
                $"{AccountKeyVariable} and {SasVariable} are both set; which of them is meant is not known, so set one.");
        }

        if (key is not null)
        {
            return new AccountKey(key);
        }

        if (sas is not null)
        {
            return new SharedAccessSignature(sas);
        }

        return Read(environment, TenantVariable) is { } tenant
            && Read(environment, ClientVariable) is { } client
            && Read(environment, ClientSecretVariable) is { } secret
            ? new ClientSecret(tenant, client, secret)
            : new DefaultChain();
    }

    private static string? Read(Func<string, string?> environment, string name) =>
        environment(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    /// <summary>The key of the storage account, which signs each request (SharedKey).</summary>
    public sealed record AccountKey : AzureCredential
    {
        /// <summary>Takes a key as the portal shows it.</summary>
        /// <exception cref="FormatException">It is not Base64.</exception>
        public AccountKey(string base64)
        {
            ArgumentException.ThrowIfNullOrEmpty(base64);
            try
            {
                Key = Convert.FromBase64String(base64);
            }
            catch (FormatException)
            {
                throw new FormatException("The account key is not valid: it must be Base64 as the portal shows it.");
            }
        }

        internal byte[] Key { get; }

        /// <inheritdoc/>
        public override string ToString() => "account key";
    }

    /// <summary>A shared access signature, sent as the query of each request.</summary>
    public sealed record SharedAccessSignature : AzureCredential
    {
        /// <summary>Takes a token, with or without the leading question mark.</summary>
        /// <exception cref="FormatException">It contains no signature.</exception>
        public SharedAccessSignature(string token)
        {
            ArgumentException.ThrowIfNullOrEmpty(token);
            Query = token.TrimStart('?');
            if (!Query.Split('&').Any(pair => pair.StartsWith("sig=", StringComparison.Ordinal)))
            {
                throw new FormatException("The shared access signature is not valid: it has no 'sig' parameter.");
            }
        }

        internal string Query { get; }

        /// <inheritdoc/>
        public override string ToString() => "shared access signature";
    }

    /// <summary>An application of Microsoft Entra ID with a secret.</summary>
    /// <param name="TenantId">The directory's id.</param>
    /// <param name="ClientId">The application's id.</param>
    /// <param name="Secret">The application's secret.</param>
    public sealed record ClientSecret(string TenantId, string ClientId, string Secret) : AzureCredential
    {
        /// <inheritdoc/>
        public override string ToString() => $"client secret of application {ClientId} in tenant {TenantId}";
    }

    /// <summary>The managed identity of the machine, container or function that runs the process.</summary>
    /// <param name="ClientId">The client id of a user-assigned identity; null for the system-assigned one.</param>
    public sealed record ManagedIdentity(string? ClientId) : AzureCredential
    {
        /// <inheritdoc/>
        public override string ToString() => ClientId is null ? "managed identity" : $"managed identity {ClientId}";
    }

    /// <summary>Azure.Identity's chain: environment, workload identity, managed identity, then the developer's own tools.</summary>
    public sealed record DefaultChain : AzureCredential
    {
        /// <inheritdoc/>
        public override string ToString() => "default Azure credential";
    }

    /// <summary>Access tokens from a source of the caller's.</summary>
    /// <param name="Source">Gives tokens for the storage service.</param>
    public sealed record Token(TokenCredential Source) : AzureCredential
    {
        /// <inheritdoc/>
        public override string ToString() => "access token";
    }
}

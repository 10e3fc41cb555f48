using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace RetailFlow.Storage.Azure;

/// <summary>Puts the request pipeline together: retries, the credential's policy, the connection.</summary>
internal static class BlobPipeline
{
    private const string Scope = "https://storage.azure.com/.default";

    public static HttpPipeline Create(AzureLocation location, AzureCredential credential, AzureStoreOptions options)
    {
        bool encrypted = location.ServiceEndpoint.Scheme == Uri.UriSchemeHttps;
        BlobClientOptions client = new(options);
        HttpPipelinePolicy policy = credential switch
        {
            AzureCredential.AccountKey key => new SharedKeyPolicy(location.Account, key.Key, options.TimeProvider),
            AzureCredential.SharedAccessSignature sas => new SasPolicy(sas.Query),
            _ when !encrypted => throw new ArgumentException(
                $"The {credential} sends an access token, which needs https; '{location}' is reached by http.", nameof(credential)),
            _ => new BearerTokenAuthenticationPolicy(TokenCredentialOf(credential), Scope),
        };

        // The signature of a SAS stays the same; adding it once per try would repeat it.
        return policy is SasPolicy
            ? HttpPipelineBuilder.Build(client, [policy], [new LostAnswerPolicy()], new ResponseClassifier())
            : HttpPipelineBuilder.Build(client, [], [new LostAnswerPolicy(), policy], new ResponseClassifier());
    }

    private static TokenCredential TokenCredentialOf(AzureCredential credential) => credential switch
    {
        AzureCredential.Token token => token.Source,
        AzureCredential.ClientSecret secret => new ClientSecretCredential(secret.TenantId, secret.ClientId, secret.Secret),
        AzureCredential.ManagedIdentity { ClientId: { } client } =>
            new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(client)),
        AzureCredential.ManagedIdentity => new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned),
        _ => new DefaultAzureCredential(),
    };

    private sealed class BlobClientOptions : ClientOptions
    {
        public BlobClientOptions(AzureStoreOptions options)
        {
            Retry.Mode = RetryMode.Exponential;
            Retry.MaxRetries = options.MaxRetries;
            Retry.Delay = options.RetryDelay;
            Retry.MaxDelay = options.MaxRetryDelay;
            Retry.NetworkTimeout = options.NetworkTimeout;
            Diagnostics.IsTelemetryEnabled = false;
            Diagnostics.IsLoggingEnabled = false;
            Diagnostics.IsDistributedTracingEnabled = false;
            if (options.Transport is { } transport)
            {
                Transport = transport;
            }
        }
    }
}

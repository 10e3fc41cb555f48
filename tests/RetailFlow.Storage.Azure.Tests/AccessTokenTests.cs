using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using RetailFlow.Testing.Azure;

namespace RetailFlow.Storage.Azure.Tests;

/// <summary>Managed identities, client secrets and developers' log-ins all end in an access token, which needs TLS.</summary>
public sealed class AccessTokenTests
{
    [Fact]
    public async Task A_token_for_storage_opens_the_account_and_another_does_not()
    {
        using X509Certificate2 certificate = SelfSigned();
        await using AzuriteServer server = await AzuriteServer.StartAsync(certificate);
        using HttpClientHandler handler = new()
        {
            ServerCertificateCustomValidationCallback = (_, presented, _, _) => presented?.Thumbprint == certificate.Thumbprint,
        };
        using HttpClientTransport transport = new(handler);
        AzureLocation location = AzureLocation.Parse(server.Endpoint + "lake/prod");
        AzureStoreOptions options = Stores.Options with { Transport = transport };
        Tokens tokens = new("https://storage.azure.com");
        AzureBlobStore store = new(location, new AzureCredential.Token(tokens), options);
        AzureBlobStore stranger = new(location, new AzureCredential.Token(new Tokens("https://vault.azure.net")), options);

        Assert.True(await store.CreateContainerAsync());
        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("a", new byte[] { 1, 2 }));
        Assert.Equal([1, 2], (await store.ReadAsync("a"))!);
        StorageException refused = await Assert.ThrowsAsync<StorageException>(async () => await stranger.ReadAsync("a"));

        Assert.Equal(["https://storage.azure.com/.default"], tokens.Scopes.Distinct());
        Assert.Equal("AuthenticationFailed", refused.ErrorName);
        Assert.DoesNotContain("eyJ", refused.ToString(), StringComparison.Ordinal);
    }

    private static X509Certificate2 SelfSigned()
    {
        using RSA key = RSA.Create(2048);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
    }

    /// <summary>Tokens in the form of Entra ID's; the server looks at issuer, audience and times.</summary>
    private sealed class Tokens(string audience) : TokenCredential
    {
        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes.AddRange(requestContext.Scopes);
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            long issued = now.AddMinutes(-1).ToUnixTimeSeconds();
            string claims = JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["aud"] = audience,
                ["iss"] = "https://sts.windows.net/dir/",
                ["iat"] = issued,
                ["nbf"] = issued,
                ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
            });
            string token = $"{Encode("""{"alg":"HS256","typ":"JWT"}""")}.{Encode(claims)}.{Encode("signature")}";
            return new AccessToken(token, now.AddHours(1));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));

        private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
    }
}

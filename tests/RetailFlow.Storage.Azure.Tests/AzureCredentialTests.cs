namespace RetailFlow.Storage.Azure.Tests;

public sealed class AzureCredentialTests
{
    private const string Key = "U0VDUkVU";
    private const string Sas = "sv=2022-11-02&sig=SECRET";

    [Theory]
    [InlineData("account key", "AZURE_STORAGE_ACCOUNT_KEY=U0VDUkVU")]
    [InlineData("shared access signature", "AZURE_STORAGE_SAS_TOKEN=?sv=2022-11-02&sig=SECRET")]
    [InlineData("client secret of application app in tenant dir", "AZURE_TENANT_ID=dir", "AZURE_CLIENT_ID=app", "AZURE_CLIENT_SECRET=SECRET")]
    [InlineData("default Azure credential", "AZURE_CLIENT_ID=app")]
    [InlineData("default Azure credential", "AZURE_STORAGE_ACCOUNT_KEY= ")]
    [InlineData("account key", "AZURE_STORAGE_ACCOUNT_KEY=U0VDUkVU", "AZURE_CLIENT_ID=app")]
    public void The_environment_names_the_credential(string expected, params string[] variables)
    {
        AzureCredential credential = AzureCredential.FromEnvironment(Environment(variables));

        Assert.Equal(expected, credential.ToString());
        Assert.DoesNotContain("SECRET", $"{credential}", StringComparison.Ordinal);
        Assert.DoesNotContain(Key, $"{credential}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("both set", "AZURE_STORAGE_ACCOUNT_KEY=U0VDUkVU", "AZURE_STORAGE_SAS_TOKEN=" + Sas)]
    [InlineData("must be Base64", "AZURE_STORAGE_ACCOUNT_KEY=SECRET!")]
    [InlineData("no 'sig' parameter", "AZURE_STORAGE_SAS_TOKEN=SECRET")]
    public void A_wrong_environment_is_refused_without_repeating_it(string expected, params string[] variables)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => AzureCredential.FromEnvironment(Environment(variables)));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_access_token_is_not_sent_without_tls() => Assert.Throws<ArgumentException>(
        () => new AzureBlobStore(AzureLocation.Parse("http://127.0.0.1:1/account1/lake"), new AzureCredential.ManagedIdentity(null)));

    [Fact]
    public void Options_outside_their_range_are_refused_by_name() => Assert.Contains(
        "ListPageSize",
        Assert.Throws<ArgumentException>(() => new AzureBlobStore(
            AzureLocation.Parse("http://127.0.0.1:1/account1/lake"),
            new AzureCredential.AccountKey(Key),
            new AzureStoreOptions { ListPageSize = 5001 })).Message,
        StringComparison.Ordinal);

    private static Func<string, string?> Environment(string[] variables)
    {
        Dictionary<string, string> values = variables.ToDictionary(
            variable => variable[..variable.IndexOf('=')], variable => variable[(variable.IndexOf('=') + 1)..]);
        return values.GetValueOrDefault;
    }
}

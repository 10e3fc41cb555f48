namespace RetailFlow.Storage.Azure.Tests;

public sealed class AzureLocationTests
{
    [Theory]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod/tables", "https://retail.blob.core.windows.net/", "retail", "lake", "prod/tables")]
    [InlineData("abfss://lake@retail.dfs.core.windows.net", "https://retail.blob.core.windows.net/", "retail", "lake", "")]
    [InlineData("abfs://lake@retail.dfs.core.windows.net/a/", "https://retail.blob.core.windows.net/", "retail", "lake", "a")]
    [InlineData("https://retail.blob.core.windows.net/lake/a%20b/c", "https://retail.blob.core.windows.net/", "retail", "lake", "a b/c")]
    [InlineData("https://retail.dfs.core.windows.net/lake", "https://retail.blob.core.windows.net/", "retail", "lake", "")]
    [InlineData("HTTPS://Retail.DFS.core.windows.net/lake/X", "https://retail.blob.core.windows.net/", "retail", "lake", "X")]
    [InlineData("https://retail.blob.core.usgovcloudapi.net/lake/", "https://retail.blob.core.usgovcloudapi.net/", "retail", "lake", "")]
    [InlineData("https://retail.z12.dfs.storage.azure.net/lake", "https://retail.z12.blob.storage.azure.net/", "retail", "lake", "")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/lake/p", "http://127.0.0.1:10000/devstoreaccount1/", "devstoreaccount1", "lake", "p")]
    [InlineData("https://localhost:10000/devstoreaccount1/lake", "https://localhost:10000/devstoreaccount1/", "devstoreaccount1", "lake", "")]
    [InlineData("http://[::1]:10000/devstoreaccount1/lake", "http://[::1]:10000/devstoreaccount1/", "devstoreaccount1", "lake", "")]
    public void A_url_names_endpoint_account_container_and_folder(string url, string endpoint, string account, string container, string root) =>
        Assert.Equal(new AzureLocation(new Uri(endpoint), account, container, root), AzureLocation.Parse(url));

    [Theory]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod/my%20lake", "abfss://lake@retail.dfs.core.windows.net/prod/my lake/t/1.parquet", "t/1.parquet")]
    [InlineData("https://retail.blob.core.windows.net/lake/prod", "abfss://lake@retail.dfs.core.windows.net/prod/t/1.parquet", "t/1.parquet")]
    [InlineData("https://retail.blob.core.windows.net/lake/prod/", "abfs://lake@retail.dfs.core.windows.net/prod/t/1.parquet", "t/1.parquet")]
    [InlineData("https://retail.dfs.core.windows.net/lake/prod", "ABFSS://lake@Retail.dfs.core.windows.net/prod/t/1.parquet", "t/1.parquet")]
    [InlineData("https://retail.dfs.core.windows.net/lake/prod", "wasbs://lake@retail.blob.core.windows.net/prod/t/1.parquet", "t/1.parquet")]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "https://retail.blob.core.windows.net/lake/prod/t/1.parquet", "t/1.parquet")]
    [InlineData("abfss://lake@retail.dfs.core.windows.net", "https://retail.dfs.core.windows.net/lake/t/1.parquet", "t/1.parquet")]
    [InlineData("abfss://lake@retail.dfs.core.windows.net", "abfss://lake@retail.dfs.core.windows.net/a?b#c%20d", "a?b#c%20d")]
    [InlineData("https://retail.z12.dfs.storage.azure.net/lake", "abfss://lake@retail.z12.dfs.storage.azure.net/t/1", "t/1")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/lake/p", "http://127.0.0.1:10000/devstoreaccount1/lake/p/t/1", "t/1")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/lake/p", "http://127.0.0.1:10001/devstoreaccount1/lake/p/t/1", null)]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/lake/p", "http://127.0.0.1:10000/devstoreaccount2/lake/p/t/1", null)]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/lake/p", "abfss://lake@devstoreaccount1.dfs.core.windows.net/p/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "abfss://lake@retail.dfs.core.windows.net/prod2/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "abfss://lake@retail.dfs.core.windows.net/Prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "abfss://other@retail.dfs.core.windows.net/prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "abfss://lake@other.dfs.core.windows.net/prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "abfss://lake@retail.dfs.core.windows.net.evil.com/prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "https://retail.blob.core.windows.net/other/prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "http://retail.blob.core.windows.net/lake/prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "file:///prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "/prod/t/1", null)]
    [InlineData("abfss://lake@retail.dfs.core.windows.net/prod", "s3://lake/prod/t/1", null)]
    public void An_absolute_uri_is_an_object_of_the_location_in_any_spelling_and_nothing_else_is(string location, string decodedUri, string? path)
    {
        var store = new AzureBlobStore(AzureLocation.Parse(location), AzureCredential.FromEnvironment(name => name == AzureCredential.SasVariable ? "sv=1&sig=x" : null));

        Assert.Equal(path, ((IObjectStore)store).Location!.PathOf(decodedUri));
    }

    [Theory]
    [InlineData("https://retail.blob.core.windows.net/lake/a%20b", "abfss://lake@retail.dfs.core.windows.net/a b")]
    [InlineData("abfss://lake@retail.dfs.core.windows.net", "abfss://lake@retail.dfs.core.windows.net")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/lake/p", "http://127.0.0.1:10000/devstoreaccount1/lake/p")]
    public void A_location_is_written_as_other_readers_know_it(string location, string written) =>
        Assert.Equal(written, AzureLocation.Parse(location).Spellings().ToString());

    [Theory]
    [InlineData("abfss://retail.dfs.core.windows.net/a", "names no container")]
    [InlineData("abfss://La@retail.dfs.core.windows.net/a", "The container 'La'")]
    [InlineData("abfss://lake@r.dfs.core.windows.net/a", "The account 'r'")]
    [InlineData("abfss://lake@retail.example.com/a", "The host 'retail.example.com'")]
    [InlineData("https://retail.blob.core.windows.net.evil.com/lake", "The host 'retail.blob.core.windows.net.evil.com'")]
    [InlineData("https://retail.file.core.windows.net/lake", "ACCOUNT.blob.core.windows.net")]
    [InlineData("https://a.b.blob.core.windows.net/lake", "The host 'a.b.blob.core.windows.net'")]
    [InlineData("https://retail.blob.core.windows.net/", "The container ''")]
    [InlineData("https://retail.blob.core.windows.net/a--b/", "The container 'a--b'")]
    [InlineData("https://retail.blob.core.windows.net/lake/a/../b", "segment '..'")]
    [InlineData("https://retail.blob.core.windows.net/lake/a/%2e%2e/b", "segment '..'")]
    [InlineData("https://retail.blob.core.windows.net/lake/a//b", "must be relative")]
    [InlineData("http://retail.blob.core.windows.net/lake", "without TLS")]
    [InlineData("http://127.0.0.1.evil.com:80/account1/lake", "without TLS")]
    [InlineData("http://127.0.0.1:99999/account1/lake", "without TLS")]
    [InlineData("http://127.0.0.1:10000", "The account ''")]
    [InlineData("s3://bucket/a", "is not a URL of Azure storage")]
    [InlineData("/a/folder", "is not a URL of Azure storage")]
    public void What_is_wrong_is_named(string url, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => AzureLocation.Parse(url)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("https://retail.blob.core.windows.net/lake?sv=1&sig=SECRET")]
    [InlineData("https://retail.blob.core.windows.net/lake#SECRET")]
    [InlineData("https://user:SECRET@retail.blob.core.windows.net/lake")]
    public void A_secret_in_a_url_is_refused_and_not_repeated(string url) =>
        Assert.DoesNotContain("SECRET", Assert.Throws<FormatException>(() => AzureLocation.Parse(url)).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("abfss://x", true)]
    [InlineData("http://x", true)]
    [InlineData("./lake", false)]
    [InlineData("/data/lake", false)]
    [InlineData("file:///data/lake", false)]
    public void Only_urls_are_for_azure(string location, bool expected)
    {
        Assert.Equal(expected, AzureLocation.IsUrl(location));
        if (!expected)
        {
            Assert.False(AzureStores.TryOpen(location, _ => null, null, out AzureBlobStore? store));
            Assert.Null(store);
        }
    }
}

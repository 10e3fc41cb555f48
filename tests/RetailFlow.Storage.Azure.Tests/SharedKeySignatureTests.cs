using System.Security.Cryptography;
using System.Text;

namespace RetailFlow.Storage.Azure.Tests;

/// <summary>The strings are written by hand after "Authorize with Shared Key" of the Blob service's reference.</summary>
public sealed class SharedKeySignatureTests
{
    [Fact]
    public void A_conditional_put_is_signed_over_its_length_condition_and_metadata()
    {
        string text = SharedKeySignature.StringToSign(
            "PUT",
            new Uri("https://retail.blob.core.windows.net/lake/gold/a%20b.json"),
            Headers(
                ("x-ms-version", "2026-02-06"),
                ("X-Ms-Meta-RetailFlowPut", "00ff"),
                ("x-ms-date", "Mon, 02 Jun 2031 10:11:12 GMT"),
                ("Content-Length", "11"),
                ("Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww=="),
                ("Content-Type", "application/xml"),
                ("x-ms-blob-type", "BlockBlob"),
                ("If-None-Match", "*"),
                ("User-Agent", "not signed")),
            "retail");

        Assert.Equal(
            "PUT\n\n\n11\nXrY7u+Ae7tCTyyK7j1rNww==\napplication/xml\n\n\n\n*\n\n\n" +
            "x-ms-blob-type:BlockBlob\n" +
            "x-ms-date:Mon, 02 Jun 2031 10:11:12 GMT\n" +
            "x-ms-meta-retailflowput:00ff\n" +
            "x-ms-version:2026-02-06\n" +
            "/retail/lake/gold/a%20b.json",
            text);
    }

    [Fact]
    public void A_listing_is_signed_over_its_decoded_parameters_in_order()
    {
        string text = SharedKeySignature.StringToSign(
            "GET",
            new Uri("http://127.0.0.1:10000/retail/lake?restype=container&comp=list&startFrom=a%2Fb&prefix=%C3%A9%20x%2F&include=metadata"),
            Headers(("x-ms-date", "Mon, 02 Jun 2031 10:11:12 GMT"), ("Date", "ignored"), ("If-Match", "\"0x8D\"")),
            "retail");

        Assert.Equal(
            "GET\n\n\n\n\n\n\n\n\"0x8D\"\n\n\n\nx-ms-date:Mon, 02 Jun 2031 10:11:12 GMT\n/retail/retail/lake" +
            "\ncomp:list\ninclude:metadata\nprefix:é x/\nrestype:container\nstartfrom:a/b",
            text);
    }

    [Fact]
    public void A_length_of_zero_is_signed_as_nothing() => Assert.Equal(
        "PUT\n\n\n\n\n\n\n\n\n\n\n\n/retail/lake/a",
        SharedKeySignature.StringToSign(
            "PUT", new Uri("https://retail.blob.core.windows.net/lake/a"), Headers(("Content-Length", "0")), "retail"));

    [Fact]
    public void The_header_names_the_account_and_the_signature_of_the_string()
    {
        byte[] key = [1, 2, 3, 4];
        using HMACSHA256 hmac = new(key);
        string expected = Convert.ToBase64String(hmac.ComputeHash(Encoding.UTF8.GetBytes("GET\né")));

        Assert.Equal("SharedKey retail:" + expected, SharedKeySignature.Authorization("GET\né", "retail", key));
    }

    private static IEnumerable<KeyValuePair<string, string>> Headers(params (string Name, string Value)[] headers) =>
        headers.Select(header => KeyValuePair.Create(header.Name, header.Value));
}

using FsCheck;
using FsCheck.Fluent;

namespace RetailFlow.Storage.Azure.Tests;

public sealed class ListingTests
{
    private static readonly Arbitrary<string[]> s_names =
        (from names in Gen.ListOf(
            from segments in Gen.NonEmptyListOf(
                from characters in Gen.NonEmptyListOf(Gen.Elements('a', 'b', '-', '.', '0', '!', 'é'))
                select string.Concat(characters.Take(3)))
            select string.Join('/', segments.Take(4)))
         select names.Where(ObjectPath.IsValid).Distinct().ToArray()).ToArbitrary();

    [Fact]
    public void Names_in_either_order_of_the_service_come_out_in_ordinal_order()
    {
        Prop.ForAll(s_names, names =>
        {
            string[] expected = [.. names.Order(StringComparer.Ordinal)];
            Assert.Equal(expected, Run(expected));
            Assert.Equal(expected, Run(names.Order(Comparer<string>.Create(BySegments))));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Nothing_after_the_start_is_before_the_place_where_the_service_begins()
    {
        Prop.ForAll(s_names, s_names, (names, starts) =>
        {
            foreach (string start in starts)
            {
                for (int length = 0; length <= start.Length; length++)
                {
                    string prefix = start[..length];
                    string from = Listing.StartFrom(prefix, start) ?? "";
                    foreach (string name in names.Where(name =>
                        name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(name, start) > 0))
                    {
                        Assert.True(string.CompareOrdinal(name, from) >= 0);
                        Assert.True(BySegments(name, from) >= 0);
                    }
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("t/_delta_log/", "t/_delta_log/00000000000000000041.json", "t/_delta_log/00000000000000000041")]
    [InlineData("t/_delta_log/0000", "t/_delta_log/00000000000000000041.json", "t/_delta_log/00000000000000000041")]
    [InlineData("", "b/1", "b")]
    [InlineData("", "b-1", "b")]
    [InlineData("b/", "a", null)]
    [InlineData("b/", "c", null)]
    [InlineData("b/-", "b/-1", null)]
    public void The_service_begins_where_both_orders_allow(string prefix, string startAfter, string? expected) =>
        Assert.Equal(expected, Listing.StartFrom(prefix, startAfter));

    [Fact]
    public void Names_of_one_directory_are_not_held_back()
    {
        OrdinalWindow window = new("log/");
        foreach (string name in new[] { "log/1.crc", "log/1.json", "log/2.json" })
        {
            Assert.Equal([name], window.Add(new ObjectInfo(name, 0, default)).Select(info => info.Path));
        }
    }

    [Fact]
    public void A_page_gives_objects_and_leaves_out_directories_and_names_that_no_path_has()
    {
        const string Xml = """
            <?xml version="1.0" encoding="utf-8"?>
            <EnumerationResults ServiceEndpoint="https://retail.blob.core.windows.net/" ContainerName="lake">
              <Prefix>p/</Prefix>
              <Blobs>
                <Blob><Name>p/a b.parquet</Name><Properties><Last-Modified>Mon, 02 Jun 2031 10:11:12 GMT</Last-Modified>
                  <Content-Length>5000000000</Content-Length></Properties><Metadata><Name>other</Name><Content-Length>1</Content-Length></Metadata></Blob>
                <Blob><Name>p/dir</Name><Properties><Content-Length>0</Content-Length><ResourceType>directory</ResourceType></Properties></Blob>
                <Blob><Name>p/marker</Name><Properties><Content-Length>0</Content-Length></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>
                <Blob><Name>p/x//y</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>
                <Blob><Name>p/.tmp-1</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>
                <Blob><Name Encoded="true">p/c%EF%BF%BEd</Name><Properties><Last-Modified>Mon, 02 Jun 2031 10:11:12 GMT</Last-Modified><Content-Length>1</Content-Length></Properties><Metadata /></Blob>
              </Blobs>
              <NextMarker>2!108!x</NextMarker>
            </EnumerationResults>
            """;

        BlobPage page = BlobPage.Parse(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Xml)), "p/");

        DateTimeOffset time = new(2031, 6, 2, 10, 11, 12, TimeSpan.Zero);
        Assert.Equal([new ObjectInfo("a b.parquet", 5_000_000_000, time), new ObjectInfo("c\ufffed", 1, time)], page.Objects);
        Assert.Equal("2!108!x", page.NextMarker);
    }

    private static string[] Run(IEnumerable<string> names)
    {
        OrdinalWindow window = new("");
        List<string> seen = [];
        foreach (string name in names)
        {
            seen.AddRange(window.Add(new ObjectInfo(name, 0, default)).Select(info => info.Path));
        }

        seen.AddRange(window.Rest().Select(info => info.Path));
        return [.. seen];
    }

    /// <summary>The order of a tree that is walked with the entries of each directory sorted by name.</summary>
    private static int BySegments(string a, string b)
    {
        string[] left = a.Split('/');
        string[] right = b.Split('/');
        for (int n = 0; n < Math.Min(left.Length, right.Length); n++)
        {
            int order = string.CompareOrdinal(left[n], right[n]);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}

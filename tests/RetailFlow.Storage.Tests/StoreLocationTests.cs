using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

public sealed class StoreLocationTests
{
    [Theory]
    [InlineData("/data/lake/t/1.parquet", "t/1.parquet")]
    [InlineData("file:/data/lake/t/1.parquet", "t/1.parquet")]
    [InlineData("file:///data/lake/t/1.parquet", "t/1.parquet")]
    [InlineData("FILE:///data/lake/t/1.parquet", "t/1.parquet")]
    [InlineData("file://localhost/data/lake/t/1.parquet", "t/1.parquet")]
    [InlineData("/data/lake/a b/%20?#/é", "a b/%20?#/é")]
    [InlineData("/data/lake/../secret", "../secret")]
    [InlineData("/data/lake//etc/passwd", "/etc/passwd")]
    [InlineData("/data/lake", null)]
    [InlineData("/data/lake/", null)]
    [InlineData("/data/lake2/1.parquet", null)]
    [InlineData("/Data/lake/1.parquet", null)]
    [InlineData("/etc/passwd", null)]
    [InlineData("file://otherhost/data/lake/1.parquet", null)]
    [InlineData("file:data/lake/1.parquet", null)]
    [InlineData("data/lake/1.parquet", null)]
    [InlineData("https://h/data/lake/1.parquet", null)]
    [InlineData("", null)]
    public void An_absolute_uri_is_an_object_of_a_folder_if_it_lies_below_it(string decodedUri, string? path)
    {
        Assert.Equal(path, StoreLocation.OfFolder("/data/lake").PathOf(decodedUri));
        Assert.Equal(path, StoreLocation.OfFolder("/data/lake/").PathOf(decodedUri));
    }

    [Fact]
    public void The_root_of_the_file_system_has_every_file()
    {
        Assert.Equal("etc/hosts", StoreLocation.OfFolder("/").PathOf("file:///etc/hosts"));
        Assert.Equal("file://", StoreLocation.OfFolder("/").ToString());
    }

    [Fact]
    public void Every_store_before_another_has_the_location_of_that_one()
    {
        using var folder = new TemporaryDirectory();
        var local = new LocalObjectStore(folder.Path);
        using var cached = new CachedObjectStore(local, new CacheOptions { Folder = folder.File("cache"), MaxBytes = 1 << 20, StoreName = "x" });

        Assert.Equal("x/1", local.Location.PathOf($"file://{folder.Path}/x/1"));
        Assert.Same(local.Location, cached.Location);
        Assert.Same(local.Location, new FaultInjectingObjectStore(local, FaultPlan.None).Location);
        Assert.Null(new InMemoryObjectStore().Location);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("/data/")]
    public void A_folder_of_a_location_begins_with_a_slash_and_does_not_end_with_one(string path) =>
        Assert.Contains($"'{path}'", Assert.Throws<ArgumentException>(() => new StoreLocation(new StoreRoot("", path))).Message, StringComparison.Ordinal);
}

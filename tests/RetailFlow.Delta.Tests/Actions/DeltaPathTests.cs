namespace RetailFlow.Delta.Tests;

public sealed class DeltaPathTests
{
    [Theory]
    [InlineData("part-0.parquet", "part-0.parquet")]
    [InlineData("day=2026-03-01/part 0.parquet", "day=2026-03-01/part%200.parquet")]
    [InlineData("a%21b", "a%2521b")]
    [InlineData("t=12:30", "t=12%3A30")]
    [InlineData("größe/日本/😀", "gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC/%F0%9F%98%80")]
    [InlineData("a+b#c?d", "a+b%23c%3Fd")]
    public void Path_is_encoded_as_a_URI_and_decoded_to_itself(string path, string encoded)
    {
        Assert.Equal(encoded, DeltaPath.Encode(path));
        Assert.Equal(path, DeltaPath.Decode(encoded));
    }

    [Theory]
    [InlineData("file:///a/b", "/a/b")]
    [InlineData("file:/a/b", "/a/b")]
    [InlineData("/a/b", "/a/b")]
    [InlineData("a/b", "a/b")]
    [InlineData("file://host/a", "file://host/a")]
    [InlineData("s3://bucket/a", "s3://bucket/a")]
    public void Local_files_have_one_spelling_as_keys(string path, string key)
    {
        Assert.Equal(new FileKey(key, null), new RemoveFile { Path = path }.Key);
    }

    [Theory]
    [InlineData("a/b", false)]
    [InlineData("time=12:30/a", false)]
    [InlineData("/a", true)]
    [InlineData("abfss://c@a/x", true)]
    [InlineData("", false)]
    public void Absolute_paths_are_rooted_or_have_a_scheme(string path, bool absolute)
    {
        Assert.Equal(absolute, DeltaPath.IsAbsolute(path));
    }
}

using RetailFlow.Delta;

namespace RetailFlow.Tables.Tests.Engine;

public sealed class DeltaTypesTests
{
    [Theory]
    [InlineData("BIGINT", "long")]
    [InlineData("DECIMAL(38,5)", "decimal(38,5)")]
    [InlineData("TIMESTAMP WITH TIME ZONE", "timestamp")]
    [InlineData("VARCHAR[]", "array<string>")]
    public void Type_of_the_engine_has_its_Delta_counterpart(string sql, string delta) =>
        Assert.Equal(delta, DeltaTypes.FromSql("c", sql).ToString());

    [Fact]
    public void Type_without_a_counterpart_is_refused_by_column_and_name()
    {
        var error = Assert.Throws<DeltaException>(() => DeltaTypes.FromSql("amount", "HUGEINT"));

        Assert.Equal(DeltaErrorKind.InvalidInput, error.Kind);
        Assert.Contains("amount: type HUGEINT", error.Message, StringComparison.Ordinal);
    }
}

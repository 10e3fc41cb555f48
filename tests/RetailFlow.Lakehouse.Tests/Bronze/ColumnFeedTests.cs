using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Bronze;

/// <summary>A feed of columns is typed by its contract; what the contract does not foresee is rescued or rejected.</summary>
public sealed class ColumnFeedTests
{
    [Theory]
    [InlineData("rescue")]
    [InlineData("reject")]
    public async Task A_contract_types_columns_and_decides_about_unknown_ones(string unknown)
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder.File("project/models"));
        await File.WriteAllTextAsync(folder.File("project/dbt_project.yml"), "name: shop\n");
        await File.WriteAllTextAsync(folder.File("project/models/feeds.yml"), $"""
            sources:
              - name: bronze
                tables:
                  - name: prices
                    meta:
                      retailflow:
                        record: columns
                        unknown_columns: {unknown}
                        rules:
                          - name: price_is_not_negative
                            check: try_cast(price as decimal(18,4)) >= 0
                    columns:
                      - name: sku
                        data_type: varchar
                        constraints: [ type: not_null ]
                      - name: price
                        data_type: decimal(18,4)
            """);
        await using var lake = await TestLake.OpenAsync(folder.File("project"));
        await lake.LandAsync("""
            {"sku":"a","price":1.25}
            {"sku":"b","price":2,"colour":"red"}
            {"price":3}
            {"sku":"d","price":"dear"}
            {"sku":"e","price":-1}
            """, feed: "prices");
        await lake.LandAsync("sku,price\nf,4.5\n,5\n", ".csv", feed: "prices");
        await lake.RunAsync();
        var rescued = unknown == "rescue";
        Assert.Equal(
            "a|1.2500|null" + (rescued ? "\nb|2.0000|{\"colour\":\"red\"}" : "") + "\nf|4.5000|null",
            await lake.TextAsync("select sku, price, _rescued from bronze.prices order by sku"));
        Assert.Equal(
            "missing_field 2, price_is_not_negative 1" + (rescued ? "" : ", unknown_column 1") + ", wrong_type 1",
            string.Join(", ", (await lake.Lake.Quarantine.ListAsync("prices", default)).Select(q => $"{q.Rule} {q.Records}")));
        Assert.True((await lake.Lake.Reconciliation.RunAsync(default)).Holds);
    }
}

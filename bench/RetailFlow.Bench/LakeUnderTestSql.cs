namespace RetailFlow.Bench;

/// <summary>What the lake holds at the end, to be compared with the script's files.</summary>
internal static class LakeUnderTestSql
{
    public const string SilverRows = "SELECT count(*) FROM silver.inventory_events";

    public const string GoldRows = "SELECT count(*) FROM gold.stock_on_hand";

    public const string OnHand = "SELECT CAST(sum(on_hand) AS DECIMAL(28,5)) FROM gold.stock_on_hand";
}

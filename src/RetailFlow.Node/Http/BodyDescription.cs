using Microsoft.AspNetCore.Builder;
using Microsoft.OpenApi;

namespace RetailFlow.Node.Http;

/// <summary>
/// Describes request bodies in OpenAPI without restricting what is routed: an endpoint answers itself about a content type that it
/// does not take.
/// </summary>
internal static class BodyDescription
{
    private const string LinesType = "application/x-ndjson";

    /// <summary>A stock record as stock.md section 1 has it.</summary>
    private static OpenApiSchema Record => new()
    {
        Type = JsonSchemaType.Object,
        Description = "A stock record. Its identity is (source, event_id, line); the source may come from the request.",
        Required = new HashSet<string> { "event_id", "type", "sku", "location", "quantity", "event_time" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["event_id"] = Text("Unique within the source, with line.", 128),
            ["line"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "0 unless told otherwise." },
            ["source"] = Text("The sending system.", 64),
            ["type"] = Text("sale, transfer_out, damage, shrink, receipt, return, transfer_in, adjustment, count or void.", null),
            ["sku"] = Text("The item.", 128),
            ["location"] = Text("The place.", 128),
            ["quantity"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Number | JsonSchemaType.String,
                Description = "At most 5 decimal places, below 10^12; a number or a decimal string.",
            },
            ["event_time"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time", Description = "When it happened, with offset." },
            ["voids"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "For a void: the record of the same source that it retracts.",
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["event_id"] = Text("Its event_id.", 128),
                    ["line"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "Its line." },
                },
            },
            ["reference"] = Text("Order, receipt, transfer or reservation.", null),
            ["reason"] = Text("Why.", null),
            ["unit_cost"] = new OpenApiSchema { Type = JsonSchemaType.Number | JsonSchemaType.String, Description = "Cost of one unit." },
            ["channel"] = Text("Where it was sold.", null),
            ["attributes"] = new OpenApiSchema { Type = JsonSchemaType.Object, Description = "Anything else; kept." },
        },
    };

    public static RouteHandlerBuilder TakesRecords(this RouteHandlerBuilder route) => route.Takes(new Dictionary<string, OpenApiMediaType>
    {
        ["application/json"] = new()
        {
            Schema = new OpenApiSchema { OneOf = [Record, new OpenApiSchema { Type = JsonSchemaType.Array, Items = Record }] },
        },
        [LinesType] = new() { Schema = Record },
    });

    public static RouteHandlerBuilder TakesReservation(this RouteHandlerBuilder route) => route.Takes(new Dictionary<string, OpenApiMediaType>
    {
        ["application/json"] = new()
        {
            Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "lines" },
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["lines"] = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Array,
                        MaxItems = ReservationRequest.MostLines,
                        Items = new OpenApiSchema
                        {
                            Type = JsonSchemaType.Object,
                            Required = new HashSet<string> { "sku", "quantity" },
                            Properties = new Dictionary<string, IOpenApiSchema>
                            {
                                ["sku"] = Text("The item.", RequestText.LongestName),
                                ["location"] = Text("The place; the node chooses the one with the most if there is none.", RequestText.LongestName),
                                ["quantity"] = new OpenApiSchema { Type = JsonSchemaType.Number | JsonSchemaType.String, Description = "Above 0, at most 5 decimal places." },
                            },
                        },
                    },
                    ["ttl_seconds"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "1 to 86400; 900 unless told otherwise." },
                    ["reference"] = Text("The caller's own name for it.", RequestText.LongestName),
                    ["channel"] = Text("Where it is sold.", RequestText.LongestName),
                    ["allow_partial"] = new OpenApiSchema { Type = JsonSchemaType.Boolean, Description = "Whether less than asked for is welcome." },
                },
            },
        },
    });

    public static RouteHandlerBuilder TakesQuery(this RouteHandlerBuilder route) => route.Takes(new Dictionary<string, OpenApiMediaType>
    {
        ["application/json"] = new()
        {
            Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "sql" },
                Properties = new Dictionary<string, IOpenApiSchema> { ["sql"] = Text("One statement that reads.", null) },
            },
        },
    });

    public static RouteHandlerBuilder TakesFiles(this RouteHandlerBuilder route, IEnumerable<string> contentTypes) => route.Takes(
        contentTypes.ToDictionary(t => t, _ => new OpenApiMediaType { Schema = new OpenApiSchema { Description = "The payload as it is." } }));

    private static OpenApiSchema Text(string description, int? longest) =>
        new() { Type = JsonSchemaType.String, Description = description, MaxLength = longest };

    private static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, Dictionary<string, OpenApiMediaType> content) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = content.ToDictionary(c => c.Key, c => c.Value) };
            return Task.CompletedTask;
        });
}

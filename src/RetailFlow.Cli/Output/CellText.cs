using System.Collections;
using System.Text;
using System.Text.Json;
using RetailFlow.Node.Http;

namespace RetailFlow.Cli.Output;

/// <summary>Values as text of a cell: scalars plainly, nested values as JSON.</summary>
internal static class CellText
{
    public static string Of(object? value) => value switch
    {
        null or DBNull => string.Empty,
        string text => text,
        byte[] => RowJson.Text(value),
        IEnumerable => Json(value),
        _ => RowJson.Text(value),
    };

    public static bool IsNumber(object? value) => value is sbyte or byte or short or ushort or int or uint or long or ulong
        or Int128 or UInt128 or System.Numerics.BigInteger or decimal or float or double;

    private static string Json(object value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, RowJson.Options))
        {
            RowJson.WriteValue(writer, value);
        }

        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }
}

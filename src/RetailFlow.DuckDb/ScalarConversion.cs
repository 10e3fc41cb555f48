using System.Globalization;

namespace RetailFlow.DuckDb;

/// <summary>Converts one value to the type that a caller asks for.</summary>
internal static class ScalarConversion
{
    public static T To<T>(object? value, string sql)
    {
        if (value is T exact)
        {
            return exact;
        }

        if (value is null)
        {
            return default(T) is null ? default! : throw new InvalidCastException($"The value is NULL or missing, which {typeof(T).Name} cannot hold: {sql}");
        }

        Type target = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        object narrow = value switch
        {
            Int128 huge => (object)(decimal)huge,
            UInt128 huge => (decimal)huge,
            _ => value,
        };
        return value is IConvertible || narrow is decimal
            ? (T)Convert.ChangeType(narrow, target, CultureInfo.InvariantCulture)
            : throw new InvalidCastException($"The value is a {value.GetType().Name}, not a {target.Name}: {sql}");
    }
}

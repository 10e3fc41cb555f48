using System.Buffers;

namespace RetailFlow.Connectors.Epcis;

/// <summary>
/// Words of the GS1 Core Business Vocabulary 2.0. A bare word must be one of them; a URI, a URN or a prefixed name may be anybody's, and
/// means something here only where it is the vocabulary's own.
/// </summary>
internal static class CbvVocabulary
{
    private static readonly SearchValues<char> s_scheme = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._");

    public static readonly HashSet<string> BizSteps = Words(
        "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting decommissioning departing",
        "destroying disassembling dispensing encoding entering_exiting holding inspecting installing killing loading other packing picking",
        "receiving removing repackaging repairing replacing reserving retail_selling sampling sensor_reporting shipping staging_outbound",
        "stock_taking stocking storing transporting unloading unpacking void_shipping");

    public static readonly HashSet<string> Dispositions = Words(
        "active available completeness_inferred completeness_verified conformant container_closed container_open damaged destroyed dispensed",
        "disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement",
        "no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved retail_sold returned sellable_accessible",
        "sellable_not_accessible stolen unavailable unknown");

    public static readonly HashSet<string> SourceDestinationTypes = Words("location owning_party possessing_party");

    public static readonly HashSet<string> BizTransactionTypes = Words(
        "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt");

    public static readonly HashSet<string> ErrorReasons = Words("did_not_occur incorrect_data");

    /// <summary>Whether a value may stand where a word of <paramref name="words"/> or anybody's URI is asked for.</summary>
    public static bool IsAllowed(string value, HashSet<string> words) => words.Contains(value) || IsUri(value);

    /// <summary>The vocabulary's word that a value is, in whatever form it is written; null for a word of somebody else.</summary>
    /// <param name="value">Bare word, <c>urn:epcglobal:cbv:bizstep:shipping</c>, <c>https://ref.gs1.org/cbv/BizStep-shipping</c> or <c>cbv:BizStep-shipping</c>.</param>
    /// <param name="kind">The vocabulary's name: <c>bizstep</c>, <c>disp</c>, <c>sdt</c>, <c>btt</c>, <c>er</c>.</param>
    /// <param name="words">Its words.</param>
    public static string? Word(string? value, string kind, HashSet<string> words)
    {
        if (value is null)
        {
            return null;
        }

        var word = value;
        var urn = $"urn:epcglobal:cbv:{kind}:";
        if (value.StartsWith(urn, StringComparison.OrdinalIgnoreCase))
        {
            word = value[urn.Length..];
        }
        else if (AfterPrefix(value) is { } local && local.StartsWith(kind + "-", StringComparison.OrdinalIgnoreCase))
        {
            word = local[(kind.Length + 1)..];
        }

        return words.Contains(word) ? word : null;
    }

    /// <summary>Whether a text is a URI or a prefixed name: it has a scheme and no white space.</summary>
    public static bool IsUri(string value)
    {
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < value.Length - 1 && char.IsAsciiLetter(value[0])
            && value.AsSpan(0, colon).IndexOfAnyExcept(s_scheme) < 0
            && !value.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));
    }

    private static string? AfterPrefix(string value)
    {
        foreach (var prefix in new[] { "https://ref.gs1.org/cbv/", "http://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/", "cbv:" })
        {
            if (value.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return value[prefix.Length..];
            }
        }

        return null;
    }

    private static HashSet<string> Words(params string[] lines) =>
        lines.SelectMany(line => line.Split(' ')).ToHashSet(StringComparer.Ordinal);
}

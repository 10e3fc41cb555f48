using System.Globalization;
using System.Xml;

namespace RetailFlow.Storage.Azure;

/// <summary>One page of a listing ("List Blobs").</summary>
/// <param name="Objects">The objects in the service's order; directories and names that no store path can have are left out.</param>
/// <param name="NextMarker">Where the next page begins, or null after the last.</param>
internal sealed record BlobPage(IReadOnlyList<ObjectInfo> Objects, string? NextMarker)
{
    /// <summary>Reads the XML of a page and takes <paramref name="folder"/> off the names.</summary>
    public static BlobPage Parse(Stream xml, string folder)
    {
        List<ObjectInfo> objects = [];
        string? next = null;

        // Names may hold characters that XML 1.0 does not allow even escaped, which the service then percent-encodes.
        using XmlReader reader = XmlReader.Create(xml, new XmlReaderSettings { CheckCharacters = false });
        reader.MoveToContent();
        reader.Read();
        while (!reader.EOF)
        {
            if (reader is { NodeType: XmlNodeType.Element, Depth: 2, LocalName: "Blob" })
            {
                if (ReadBlob(reader.ReadSubtree(), folder) is { } info)
                {
                    objects.Add(info);
                }

                reader.Read();
            }
            else if (reader is { NodeType: XmlNodeType.Element, Depth: 1, LocalName: "NextMarker" })
            {
                string marker = reader.ReadElementContentAsString();
                next = marker.Length == 0 ? null : marker;
            }
            else
            {
                reader.Read();
            }
        }

        return new BlobPage(objects, next);
    }

    private static ObjectInfo? ReadBlob(XmlReader reader, string folder)
    {
        string name = "";
        long length = 0;
        DateTimeOffset modified = default;
        bool directory = false;
        using (reader)
        {
            // Metadata has names that its writer chose, so an element means something only in its own section.
            string section = "";
            reader.Read();
            reader.Read();
            while (!reader.EOF)
            {
                if (reader.NodeType != XmlNodeType.Element)
                {
                    reader.Read();
                    continue;
                }

                section = reader.Depth == 1 ? reader.LocalName : section;
                switch (section, reader.LocalName)
                {
                    case ("Name", _):
                        bool encoded = reader.GetAttribute("Encoded") == "true";
                        name = reader.ReadElementContentAsString();
                        name = encoded ? Uri.UnescapeDataString(name) : name;
                        break;
                    case ("Properties", "Content-Length"):
                        length = reader.ReadElementContentAsLong();
                        break;
                    case ("Properties", "Last-Modified"):
                        modified = DateTimeOffset.Parse(
                            reader.ReadElementContentAsString(),
                            CultureInfo.InvariantCulture,
                            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
                        break;
                    case ("Properties", "ResourceType"):
                        directory |= reader.ReadElementContentAsString() == "directory";
                        break;
                    case ("Metadata", "hdi_isfolder" or "Hdi_isfolder"):
                        directory |= reader.ReadElementContentAsString().Equals("true", StringComparison.OrdinalIgnoreCase);
                        break;
                    default:
                        reader.Read();
                        break;
                }
            }
        }

        return !directory && name.StartsWith(folder, StringComparison.Ordinal) && ObjectPath.IsValid(name[folder.Length..])
            ? new ObjectInfo(name[folder.Length..], length, modified)
            : null;
    }
}

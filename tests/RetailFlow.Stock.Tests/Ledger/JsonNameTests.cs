using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RetailFlow.Stock.Ledger;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>The text of a name is what the platform's own writer of JSON puts between the quotes, whatever its length and characters.</summary>
public sealed class JsonNameTests
{
    [Fact]
    public void A_name_with_any_character_at_any_place_has_the_text_of_its_json_string()
    {
        Random random = new(3);
        char[] others = ['é', '\u0100', '\u0141', '\u0241', '€', '\uff21', '\u2028', '\ufffd'];
        byte[] into = new byte[100 * JsonName.MostBytesPerChar];
        for (int length = 0; length <= 80; length++)
        {
            for (int c = 0; c < 0x100 + others.Length; c++)
            {
                char[] name = [.. Enumerable.Range(0, length).Select(_ => (char)random.Next('a', 'z' + 1))];
                if (length > 0)
                {
                    name[random.Next(length)] = c < 0x100 ? (char)c : others[c - 0x100];
                }

                string text = new(name);
                int written = JsonName.Write(text, into);

                Assert.Equal(JsonEncodedText.Encode(text, JavaScriptEncoder.Default).ToString(), Encoding.UTF8.GetString(into, 0, written));
            }
        }
    }
}

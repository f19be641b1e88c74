//! What stands in a mail: the answer, the signature under it, and the mail that is answered, as text and as HTML. Pure.

use domain::{Timestamp, event::QuotedMail};

/// Longest address that is made a link, in bytes.
const LONGEST_LINK: usize = 2_000;
/// How the letter looks; nothing that a mail program would not know.
const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5;color:#1f2328";
const FAINT: &str = "color:#656c7b";
const QUOTE: &str = "margin:0 0 0 .8ex;padding-left:1ex;border-left:1px solid #c9cfd8;color:#4a5160";

/// A letter.
pub struct Letter<'a> {
    /// What was written.
    pub text: &'a str,
    /// What stands under it.
    pub signature: Option<&'a str>,
    /// What it answers.
    pub quote: Option<&'a QuotedMail>,
}

impl Letter<'_> {
    /// As text. The signature stands behind `-- `, as mail programs know it (RFC 3676 §4.3).
    pub fn plain(&self) -> String {
        let mut plain = harmless(self.text).trim_end().to_owned();
        if let Some(signature) = self.signature {
            plain.push_str(&format!("\n\n-- \n{}", harmless(signature)));
        }
        if let Some(quote) = self.quote {
            let lines = harmless(&quote.text);
            let lines = lines.trim().lines().map(|line| match line.starts_with('>') {
                true => format!(">{line}"),
                false => format!("> {line}").trim_end().to_owned(),
            });
            let lines = lines.collect::<Vec<_>>().join("\n");
            plain.push_str(&format!("\n\n{}\n{lines}", wrote(quote)));
        }
        plain.push('\n');
        plain
    }

    /// As HTML. Mail programs fold what has the class that Gmail gave it.
    pub fn html(&self) -> String {
        let mut html = format!(
            "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n<div style=\"{FONT}\">\n"
        );
        html.push_str(&paragraphs(self.text));
        if let Some(signature) = self.signature {
            let lines = with_breaks(&harmless(signature));
            html.push_str(&format!("<div class=\"gmail_signature\" style=\"{FAINT}\">\n{lines}\n</div>\n"));
        }
        html.push_str("</div>\n");
        if let Some(quote) = self.quote {
            let (wrote, text) = (escaped(&wrote(quote)), paragraphs(&quote.text));
            html.push_str(&format!(
                "<br>\n<div class=\"gmail_quote\">\n<div class=\"gmail_attr\" dir=\"ltr\">{wrote}</div>\n\
                 <blockquote class=\"gmail_quote\" type=\"cite\" style=\"{QUOTE}\">\n{text}</blockquote>\n</div>\n"
            ));
        }
        html.push_str("</body>\n</html>\n");
        html
    }
}

/// The line that stands above a quote; whoever strips quotes knows it.
fn wrote(quote: &QuotedMail) -> String {
    let by: String = quote.by.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("On {} UTC, {} wrote:", moment(quote.at), by.trim())
}

/// `25 Nov 2026, 19:04`.
fn moment(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // `2026-11-25T19:04:01.000Z`
    let text = at.to_string();
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let month = part(5..7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let day = part(8..10).trim_start_matches('0');
    format!("{day} {} {}, {}", month.unwrap_or(&"Jan"), part(0..4), part(11..16))
}

/// Without characters that are none, and with one kind of line break.
fn harmless(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn paragraphs(text: &str) -> String {
    let text = harmless(text);
    let paragraphs = text.trim().split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|text| format!("<p>{}</p>\n", with_breaks(text.trim_matches('\n')))).collect()
}

fn with_breaks(text: &str) -> String {
    text.lines().map(linked).collect::<Vec<_>>().join("<br>\n")
}

/// A line with its web addresses as links, everything escaped. Indented lines keep their indent.
fn linked(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let mut html = "&nbsp;".repeat(indent.min(80));
    let mut rest = &line[indent..];
    while let Some(at) = next_link(rest) {
        let (before, from) = rest.split_at(at);
        let end =
            from.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '*']);
        html.push_str(&escaped(before));
        let shown = escaped(address);
        match address.len() > LONGEST_LINK || address.ends_with('/') && address.len() < 9 {
            true => html.push_str(&shown),
            false => html.push_str(&format!("<a href=\"{shown}\">{shown}</a>")),
        }
        rest = &from[address.len()..];
    }
    html.push_str(&escaped(rest));
    html
}

fn next_link(text: &str) -> Option<usize> {
    [text.find("https://"), text.find("http://")].into_iter().flatten().min()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote() -> QuotedMail {
        QuotedMail {
            by: "Anna <anna@kunde.example>".into(),
            at: Timestamp::from_millis(1_763_700_000_000),
            text: "Where is it?\n\n> older\n".into(),
        }
    }

    #[test]
    fn a_letter_as_text() {
        let quote = quote();
        let letter = Letter { text: "It left.\n\nBye", signature: Some("Kim\nAcme"), quote: Some(&quote) };
        assert_eq!(
            letter.plain(),
            "It left.\n\nBye\n\n-- \nKim\nAcme\n\nOn 21 Nov 2025, 04:40 UTC, Anna <anna@kunde.example> wrote:\n\
             > Where is it?\n>\n>> older\n"
        );
        assert_eq!(Letter { text: "Hi", signature: None, quote: None }.plain(), "Hi\n");
    }

    #[test]
    fn a_letter_as_html_is_what_was_written_and_nothing_else() {
        let letter = Letter { text: "a < b & c\n  two\n\n<script>x</script>", signature: None, quote: None };
        let html = letter.html();
        assert!(html.contains("<p>a &lt; b &amp; c<br>\n&nbsp;&nbsp;two</p>"), "{html}");
        assert!(html.contains("<p>&lt;script&gt;x&lt;/script&gt;</p>"), "{html}");
        assert!(!html.contains("gmail_quote") && !html.contains("gmail_signature"));
        let quote = quote();
        let html = Letter { text: "x", signature: Some("<b>Kim</b>"), quote: Some(&quote) }.html();
        assert!(
            html.contains("<blockquote class=\"gmail_quote\"")
                && html.contains("Anna &lt;anna@kunde.example&gt; wrote:")
        );
        assert!(html.contains("&lt;b&gt;Kim&lt;/b&gt;"), "{html}");
    }

    #[test]
    fn web_addresses_are_links_and_nothing_breaks_out_of_one() {
        for (line, html) in [
            (
                "See https://x.example/a?b=1&c=2.",
                "See <a href=\"https://x.example/a?b=1&amp;c=2\">https://x.example/a?b=1&amp;c=2</a>.",
            ),
            ("(http://x.example)", "(<a href=\"http://x.example\">http://x.example</a>)"),
            (
                "https://x.example/\"onclick=\"y",
                "<a href=\"https://x.example/\">https://x.example/</a>&quot;onclick=&quot;y",
            ),
            ("https:// and http://", "https:// and http://"),
            ("javascript:alert(1)", "javascript:alert(1)"),
        ] {
            assert_eq!(linked(line), html, "{line}");
        }
        assert!(!linked(&format!("https://x.example/{}", "a".repeat(3_000))).contains("<a "));
    }
}

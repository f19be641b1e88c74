//! What is left of HTML for agents' eyes: text, structure, links, pictures that came with the mail. Nothing that runs,
//! loads from afar, or looks like a part of the console.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use ammonia::{Builder, UrlRelative};

/// Stands before the address of a picture that is not to be loaded; a code point that no text has (it is removed
/// from what comes in) and never leaves here.
const REMOTE: &str = "\u{fdd0}";

/// Tags that are dropped with all that is in them.
const DROPPED: &[&str] = &[
    "script", "style", "title", "head", "svg", "math", "iframe", "object", "template", "noscript", "select",
    "noembed", "noframes",
];

/// Reduces HTML that [`is_tame`](super::is_tame). Pictures on the net keep their address in `data-remote-src` only;
/// `cid:` pictures are looked up in `pictures`, which has the address of each by its `Content-ID`.
pub fn sanitise(html: &str, pictures: &HashMap<String, String>) -> String {
    let html = html.replace(REMOTE, "");
    let pictures = pictures.clone();
    let mut builder = Builder::default();
    builder
        .rm_tags(["map", "area", "data"])
        .clean_content_tags(DROPPED.iter().copied().collect())
        .rm_tag_attributes("blockquote", ["cite"])
        .rm_tag_attributes("q", ["cite"])
        .rm_tag_attributes("del", ["cite"])
        .rm_tag_attributes("ins", ["cite"])
        .add_generic_attributes(["dir"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "sms", "cid"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(move |_, attribute, value| match attribute {
            "src" => picture(value, &pictures),
            "href" => link(value),
            _ => Some(value.into()),
        });
    let clean = builder.clean(&html).to_string();
    clean.replace(&format!(" src=\"{REMOTE}"), " data-remote-src=\"").replace(REMOTE, "")
}

fn has_scheme(value: &str, schemes: &[&str]) -> bool {
    let start = value.trim_start().to_ascii_lowercase();
    schemes.iter().any(|scheme| start.starts_with(scheme))
}

fn picture<'v>(value: &'v str, pictures: &HashMap<String, String>) -> Option<Cow<'v, str>> {
    if has_scheme(value, &["http:", "https:"]) {
        return Some(format!("{REMOTE}{}", value.trim()).into());
    }
    if let Some(rest) = value.trim().strip_prefix("//") {
        return Some(format!("{REMOTE}https://{rest}").into());
    }
    let cid = value.trim();
    let id = cid.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("cid:")).map(|_| &cid[4..])?;
    pictures.get(id).map(|address| address.clone().into())
}

fn link(value: &str) -> Option<Cow<'_, str>> {
    has_scheme(value, &["http:", "https:", "mailto:", "tel:", "sms:"]).then(|| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        let pictures = HashMap::from([("logo@x".to_owned(), "/api/v1/attachments/1".to_owned())]);
        sanitise(html, &pictures)
    }

    #[test]
    fn pictures_on_the_net_are_not_loaded_and_those_of_the_mail_are() {
        assert_eq!(
            clean("<p>a<img src=\"https://track.example/x.gif?id=1&amp;b=2\" width=\"1\"></p>"),
            "<p>a<img data-remote-src=\"https://track.example/x.gif?id=1&amp;b=2\" width=\"1\"></p>"
        );
        assert_eq!(clean("<img src='//x.y/z'>"), "<img data-remote-src=\"https://x.y/z\">");
        assert_eq!(clean("<img src=CID:logo@x>"), "<img src=\"/api/v1/attachments/1\">");
        for dropped in ["cid:other", "z.png", "data:image/png;base64,AA", "file:///etc/passwd", "\u{fdd0}x"] {
            assert_eq!(clean(&format!("<img src=\"{dropped}\">")), "<img>", "{dropped}");
        }
        let odd = clean("<table background=\"http://x\"><tr><td style=\"background:url(http://x)\">1");
        assert!(!odd.contains("http"), "{odd}");
        assert!(!clean("<img srcset=\"http://x 1x\"><video poster=http://x>").contains("http"));
    }

    #[test]
    fn nothing_runs_and_nothing_poses_as_the_console() {
        for html in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\" java\nscript:alert(1)\">x</a>",
            "<svg><script>alert(1)</script></svg>",
            "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
            "<iframe src=\"javascript:alert(1)\"></iframe>",
            "<form action=https://x><input name=alert></form>",
            "<style>*{background:url(//x?alert)}</style>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<base href=https://alert><meta http-equiv=refresh content=\"0;https://alert\">",
        ] {
            let clean = clean(html);
            let harmless =
                !clean.contains("<script") && !clean.contains("<form") && !clean.contains("<input");
            let attributes =
                clean.contains(" onerror=\"") || clean.contains("href=\"java") || clean.contains(" style=");
            assert!(harmless && !attributes && !clean.contains("url("), "{html} became {clean}");
        }
        assert_eq!(clean("<div class=\"top\" id=\"nav\">x</div>"), "<div>x</div>");
    }

    #[test]
    fn links_open_elsewhere_and_tell_nothing() {
        assert_eq!(
            clean("<a href=\"https://x.y/?a=1\">x</a><a href=\"/admin\">y</a>"),
            "<a href=\"https://x.y/?a=1\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">x</a>\
             <a rel=\"noopener noreferrer nofollow\" target=\"_blank\">y</a>"
        );
    }

    #[test]
    fn the_title_is_not_part_of_the_text() {
        let html = "<html><head><title>Outlook</title><style>p{}</style></head><body><p dir=\"rtl\">hi</p></body></html>";
        assert_eq!(clean(html).trim(), "<p dir=\"rtl\">hi</p>");
    }
}

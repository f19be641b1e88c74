//! A mail's HTML as a page of its own for a frame without scripts. The HTML was reduced when it came in; the page's policy is
//! the second lock. Pure.

/// Before the address of a picture on the net, which is not loaded by itself.
const REMOTE: &str = " data-remote-src=\"";

/// How a mail looks that says nothing about it.
const STYLE: &str = "html{overflow-x:auto;overflow-y:hidden}\
    body{display:flow-root;margin:0;color:#171a21;background:#fff;\
    font:14px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere}\
    img{max-width:100%;height:auto}pre{white-space:pre-wrap}table{max-width:100%}a{color:#2f55d4}\
    blockquote{margin:.5em 0;padding-left:.9em;border-left:2px solid #d0d5dd;color:#4a5160}\
    p:first-child{margin-top:0}p:last-child{margin-bottom:0}";

/// What the page may do: show pictures that come from here. Without scripts, being of the same origin gives it nothing; it
/// lets the console read how high it is.
pub const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/// The page. `remote` gives the address at which a picture on the net is shown; without it none is.
pub fn page(html: &str, remote: Option<&dyn Fn(&str) -> String>) -> String {
    format!(
        "<!doctype html><html lang=\"und\"><head><meta charset=\"utf-8\"><title>Mail</title>\
         <meta name=\"referrer\" content=\"no-referrer\"><style>{STYLE}</style></head><body>{}</body></html>",
        with_pictures(html, remote)
    )
}

fn with_pictures(html: &str, remote: Option<&dyn Fn(&str) -> String>) -> String {
    let mut pieces = html.split(REMOTE);
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (address, rest) = piece.split_once('"').unwrap_or((piece, ""));
        if let Some(remote) = remote {
            page.push_str(&format!(" src=\"{}\"", remote(&unescaped(address))));
        }
        page.push_str(rest);
    }
    page
}

/// What the writer of the HTML escaped in an attribute.
fn unescaped(attribute: &str) -> String {
    let plain =
        attribute.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", " ");
    plain.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "<p>Hi<img data-remote-src=\"https://x.example/a?b=1&amp;c=2\" width=\"1\">\
        <img src=\"/api/v1/attachments/1\"></p>";

    #[test]
    fn pictures_on_the_net_are_shown_only_when_asked_for_and_then_from_here() {
        let without = page(HTML, None);
        assert!(
            without.contains("<p>Hi<img width=\"1\"><img src=\"/api/v1/attachments/1\"></p>"),
            "{without}"
        );
        let with = page(HTML, Some(&|address| format!("/mail-images/{}", address.len())));
        assert!(with.contains("<img src=\"/mail-images/27\" width=\"1\">"), "{with}");
        assert!(!with.contains("x.example"));
    }

    #[test]
    fn an_attribute_cut_short_breaks_nothing_else() {
        assert!(page("a data-remote-src=\"https://x", None).contains("<body>a</body>"));
    }
}

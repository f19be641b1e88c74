//! Who follows a link without anybody having tapped it: crawlers, previews in messengers, browsers that fetch ahead.
//! Pure.

use axum::http::{HeaderMap, header};

/// Words in the user agents of crawlers and link previews, in lower case. `bot` is in most of them (Googlebot,
/// Twitterbot, Slackbot, TelegramBot, Discordbot, LinkedInBot, Applebot and iMessage's preview, which names several).
const WORDS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "facebookexternalhit",
    "facebookcatalog",
    "whatsapp/",
    "embedly",
    "vkshare",
    "viber",
    "pinterest",
    "bingpreview",
    "google-read-aloud",
    "google-safety",
    "googleother",
    "feedfetcher",
    "mediapartners",
    "lighthouse",
    "headlesschrome",
    "urlscan",
    "barracuda",
    "proofpoint",
    "mimecast",
    "safelinks",
];
/// Headers by which browsers and mail programs say that they fetch ahead.
const AHEAD: &[&str] = &["purpose", "sec-purpose", "x-purpose", "x-moz"];

/// Whether nobody tapped: the user agent says so, or the browser fetches ahead.
pub(super) fn is_robot(headers: &HeaderMap) -> bool {
    let lower = |name: &str| {
        let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let ahead = AHEAD.iter().any(|name| {
        let said = lower(name);
        said.contains("prefetch") || said.contains("preview") || said.contains("prerender")
    });
    let agent = lower(header::USER_AGENT.as_str());
    // CUBOT makes telephones
    ahead || WORDS.iter().any(|word| agent.replace("cubot", "").contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        [(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn h3_previews_and_crawlers_are_told_from_people() {
        for (agent, robot) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                false,
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; CUBOT KINGKONG) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/22F76 [FBAN/FBIOS;FBAV/512.0]",
                false,
            ),
            ("", false),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
                true,
            ),
            ("WhatsApp/2.24.11 A", true),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", true),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true),
            ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", true),
            ("TelegramBot (like TwitterBot)", true),
        ] {
            assert_eq!(is_robot(&headers("user-agent", agent)), robot, "{agent}");
        }
        for (name, value, ahead) in [
            ("purpose", "prefetch", true),
            ("sec-purpose", "prefetch;prerender", true),
            ("x-purpose", "preview", true),
            ("x-moz", "prefetch", true),
            ("sec-fetch-mode", "navigate", false),
        ] {
            assert_eq!(is_robot(&headers(name, value)), ahead, "{name}: {value}");
        }
    }
}

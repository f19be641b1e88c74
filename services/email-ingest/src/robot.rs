//! Who wrote a mail: a person or a program, by its headers (RFC 3834, RFC 3464, RFC 8098, MS-OXCMAIL and habit).

use domain::{EmailAddress, event::MailKind};

use crate::headers::Headers;

/// What a mail shows about its origin.
#[derive(Debug)]
pub struct Signs<'a> {
    /// All headers.
    pub headers: &'a Headers<'a>,
    /// Subject, decoded.
    pub subject: &'a str,
    /// The local part of `From`, decoded, where it has one; also without a domain.
    pub from_local: &'a str,
    /// The envelope sender was `<>`.
    pub null_sender: bool,
    /// Media types of its parts, in lower case.
    pub parts: &'a [String],
    /// The mailbox it came for.
    pub mailbox: &'a EmailAddress,
}

/// Beginnings of subjects of delivery failures; only believed of a sender that sends such.
const BOUNCE_SUBJECTS: &[&str] = &[
    "undelivered mail",
    "undeliverable",
    "undelivered",
    "unzustellbar",
    "non remis",
    "non-deliverable",
    "non recapitabile",
    "no se puede entregar",
    "delivery status notification",
    "delivery notification",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery report",
    "delivery error",
    "failure notice",
    "failed delivery",
    "mail delivery",
    "mail could not be delivered",
    "message could not be delivered",
    "mail failure",
    "mail system error",
    "returned mail",
    "return receipt",
    "returned to sender",
    "warning: message",
    "warning: could not send message",
    "permanent delivery failure",
    "permanent error",
    "temporary failure",
    "rejected mail",
    "rejected message",
    "message delivery",
    "message status - undeliverable",
    "user unknown",
    "problems delivering",
    "email delivery",
    "error sending message",
    "error mail",
    "system undelivered",
    "your message could not be delivered",
    "could not send message",
    "adresse de messagerie inconnue",
    "notificação",
];

/// Beginnings of subjects of automatic answers; only believed with another sign.
const AWAY_SUBJECTS: &[&str] = &[
    "out of office",
    "out of the office",
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto:",
    "auto response",
    "autoresponse",
    "automatische antwort",
    "abwesenheit",
    "abwesend",
    "réponse automatique",
    "respuesta automática",
    "risposta automatica",
    "resposta automática",
    "vacation",
    "on vacation",
    "away from my mail",
    "i am away",
];

/// Beginnings of subjects of mails that are passed on.
const PASSED_ON_SUBJECTS: &[&str] = &["fw:", "fwd:", "wg:", "tr:", "rv:", "i:"];

/// What kind of mail this is.
pub fn kind(signs: &Signs<'_>) -> MailKind {
    if is_bounce(signs) {
        MailKind::Bounce
    } else if is_auto_reply(signs) {
        MailKind::AutoReply
    } else if is_feedback(signs) {
        MailKind::AbuseReport
    } else if is_system(signs) {
        MailKind::System
    } else if is_list(signs) {
        MailKind::List
    } else if is_invitation(signs) {
        MailKind::Calendar
    } else {
        MailKind::Human
    }
}

/// Whether a subject reads like a delivery failure, behind any `Re:`-like mark or bracket.
fn begins(subject: &str, beginnings: &[&str]) -> bool {
    let subject = subject.trim_start_matches(['[', '*', ' ', '"', '(']).to_lowercase();
    beginnings.iter().any(|beginning| subject.starts_with(beginning))
}

fn is_daemon(signs: &Signs<'_>) -> bool {
    let local = signs.from_local.to_ascii_lowercase();
    let local = local.trim_start_matches('<');
    local.starts_with("mailer-daemon")
        || local.starts_with("mailerdaemon")
        || local.starts_with("postmaster")
        || local.starts_with("mail-daemon")
        || matches!(
            local,
            "mailer"
                | "post_master"
                | "post-master"
                | "mail delivery subsystem"
                | "bounce"
                | "bounces"
                | "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e"
        )
}

fn has_part(signs: &Signs<'_>, media_type: &str) -> bool {
    signs.parts.iter().any(|part| part == media_type)
}

fn is_bounce(signs: &Signs<'_>) -> bool {
    let headers = signs.headers;
    let report = headers.get("content-type").map(str::to_ascii_lowercase).unwrap_or_default();
    if report.starts_with("multipart/report") && report.contains("delivery-status") {
        return true;
    }
    if has_part(signs, "message/delivery-status") || has_part(signs, "message/global-delivery-status") {
        return true;
    }
    // An abuse report or read receipt is a report too, but nothing failed to arrive.
    if is_feedback(signs) || is_receipt(signs) {
        return false;
    }
    if ["x-failed-recipients", "x-mailer-daemon-error"].iter().any(|name| headers.get(name).is_some()) {
        return true;
    }
    let says_so = begins(signs.subject, BOUNCE_SUBJECTS);
    // nobody is to answer it, and it brings a mail back
    let returned = signs.null_sender
        && ["message/rfc822", "text/rfc822-headers"].iter().any(|kind| has_part(signs, kind))
        && !begins(signs.subject, AWAY_SUBJECTS);
    returned
        || (is_daemon(signs) && (says_so || !begins(signs.subject, AWAY_SUBJECTS)))
        || (signs.null_sender && says_so)
}

/// The invitation is what the mail says, in another form, and not a file beside somebody's words.
fn is_invitation(signs: &Signs<'_>) -> bool {
    let whole = signs.headers.get("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
    let is_body = whole.starts_with("multipart/alternative") || whole.starts_with("text/calendar");
    has_part(signs, "text/calendar") && (is_body || has_part(signs, "application/ics"))
}

fn is_feedback(signs: &Signs<'_>) -> bool {
    has_part(signs, "message/feedback-report")
}

fn is_receipt(signs: &Signs<'_>) -> bool {
    has_part(signs, "message/disposition-notification")
}

/// A rule of Exchange names the mailbox it belongs to. It answered in that mailbox's name; where it is the organisation's and
/// somebody else wrote, the rule only redirected the mail here; a mail it forwards says so in its subject.
fn answered_by_rule(signs: &Signs<'_>) -> bool {
    let Some(owner) = signs.headers.get("x-ms-exchange-inbox-rules-loop") else { return false };
    let owner = owner.trim().to_lowercase();
    let from = signs.headers.get("from").unwrap_or_default().to_lowercase();
    let is_ours = owner.rsplit_once('@').is_some_and(|(_, domain)| domain == signs.mailbox.domain());
    (from.contains(&owner) || !is_ours) && !begins(signs.subject, PASSED_ON_SUBJECTS)
}

/// A keyword of a header, before any parameter or comment.
fn keyword(value: &str) -> String {
    value.split([';', '(', ' ']).next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn precedence(headers: &Headers<'_>) -> Vec<String> {
    ["precedence", "x-precedence"].iter().flat_map(|name| headers.all(name)).map(keyword).collect()
}

fn is_auto_reply(signs: &Signs<'_>) -> bool {
    let headers = signs.headers;
    // `X-Auto-Response-Suppress` says "do not answer me", not "I am an answer", so it is no sign (MS-OXCMAIL).
    let says_yes = |name: &&str| {
        headers.get(name).is_some_and(|value| !matches!(keyword(value).as_str(), "no" | "false"))
    };
    let answered = headers.all("auto-submitted").any(|value| keyword(value) == "auto-replied");
    let marked = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-autogenerated"];
    let by_precedence = precedence(headers).iter().any(|p| p == "auto_reply" || p == "auto-reply");
    let hinted =
        signs.null_sender || is_automatic(headers) || headers.get("x-auto-response-suppress").is_some();
    answered
        || is_receipt(signs)
        || marked.iter().any(says_yes)
        || answered_by_rule(signs)
        || by_precedence
        || (hinted && begins(signs.subject, AWAY_SUBJECTS))
}

fn is_automatic(headers: &Headers<'_>) -> bool {
    headers.all("auto-submitted").any(|value| keyword(value) != "no" && !keyword(value).is_empty())
}

fn is_system(signs: &Signs<'_>) -> bool {
    let looped = signs.headers.all("x-loop").any(|value| matches!(keyword(value).as_str(), "yes" | "true"));
    is_automatic(signs.headers) || signs.null_sender || looped
}

fn is_list(signs: &Signs<'_>) -> bool {
    let headers = signs.headers;
    // The mailbox may itself be a group (Google Groups): then every customer's mail carries the group's marks.
    if is_own_list(signs) {
        return false;
    }
    let marked = ["list-id", "list-unsubscribe", "list-post", "feedback-id", "mailing-list"];
    marked.iter().any(|name| headers.get(name).is_some())
        || precedence(headers).iter().any(|p| matches!(p.as_str(), "bulk" | "list" | "junk"))
}

fn is_own_list(signs: &Signs<'_>) -> bool {
    let address = signs.mailbox.as_str();
    let as_id = format!("<{}>", address.replace('@', "."));
    let names_us = |value: &str| value.to_ascii_lowercase().contains(address);
    signs.headers.all("list-id").any(|value| value.to_ascii_lowercase().contains(&as_id))
        || signs.headers.all("list-post").chain(signs.headers.all("mailing-list")).any(names_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(from_local: &str, null_sender: bool, subject: &str, headers: &str) -> MailKind {
        let raw = format!("{headers}\r\n\r\n");
        let headers = Headers::read(raw.as_bytes());
        let mailbox = "support@example.com".parse().unwrap();
        let parts = [];
        kind(&Signs { headers: &headers, subject, from_local, null_sender, parts: &parts, mailbox: &mailbox })
    }

    #[test]
    fn a_person_is_a_person() {
        for headers in [
            "X-A: b",
            "Auto-Submitted: no",
            "X-Auto-Response-Suppress: All",
            "Precedence: first-class",
            "X-Autoreply: no",
            "From: anna@x.org\r\nX-MS-Exchange-Inbox-Rules-Loop: info@example.com\r\nX-Auto-Response-Suppress: All",
            "List-Id: Support <support.example.com>\r\nPrecedence: list\r\nList-Unsubscribe: <mailto:x@y>",
            "Mailing-list: list support@example.com; contact support+owners@example.com\r\nPrecedence: list",
        ] {
            assert_eq!(
                kind_of("anna", false, "Undelivered mail? Out of office?", headers),
                MailKind::Human,
                "{headers}"
            );
        }
    }

    #[test]
    fn an_automatic_answer_is_told_by_its_headers() {
        for headers in [
            "Auto-Submitted: auto-replied (vacation)",
            "Auto-Submitted: Auto-Replied; owner-email=\"a@b\"",
            "X-Autoreply: yes",
            "X-Autorespond:",
            "Precedence: auto_reply",
            "X-MS-Exchange-Inbox-Rules-Loop: a@b",
            "From: Bert <bert@example.com>\r\nX-MS-Exchange-Inbox-Rules-Loop: bert@example.com",
        ] {
            assert_eq!(kind_of("anna", false, "Re: your mail", headers), MailKind::AutoReply, "{headers}");
        }
        assert_eq!(kind_of("anna", true, "Out of office: back on Monday", "X-A: b"), MailKind::AutoReply);
        let forward = "From: bert@example.com\r\nX-MS-Exchange-Inbox-Rules-Loop: bert@example.com";
        assert_eq!(kind_of("bert", false, "FW: my order", forward), MailKind::Human);
        let suppressed = "X-Auto-Response-Suppress: All";
        assert_eq!(kind_of("anna", false, "Automatic reply: hello", suppressed), MailKind::AutoReply);
    }

    #[test]
    fn a_delivery_failure_is_told_by_its_report_or_its_sender() {
        let report = "Content-Type: multipart/report; report-type=\"delivery-status\"; boundary=x";
        assert_eq!(kind_of("anna", false, "hello", report), MailKind::Bounce);
        assert_eq!(kind_of("anna", false, "hello", "X-Failed-Recipients: a@b"), MailKind::Bounce);
        assert_eq!(kind_of("MAILER-DAEMON", false, "hello", "X-A: b"), MailKind::Bounce);
        assert_eq!(kind_of("anna", true, "Undeliverable: hello", "X-A: b"), MailKind::Bounce);
    }

    #[test]
    fn programs_and_lists_are_told_apart() {
        assert_eq!(kind_of("cron", false, "report", "Auto-Submitted: auto-generated"), MailKind::System);
        assert_eq!(kind_of("anna", true, "hello", "X-A: b"), MailKind::System);
        assert_eq!(kind_of("news", false, "sale", "List-Unsubscribe: <https://x>"), MailKind::List);
        assert_eq!(kind_of("news", false, "sale", "Precedence: bulk"), MailKind::List);
        assert_eq!(kind_of("dev", false, "[dev] hi", "List-Id: dev <dev.example.org>"), MailKind::List);
    }
}

//! How a mail about a chat looks: text and page, in the organisation's colours. Pure; whatever people wrote is escaped.

use domain::{AuthorKind, Message, Settings};

/// Longest text of one message in the summary, in characters.
const LONGEST: usize = 600;

/// What goes into a mail about a chat.
pub(super) struct Page<'a> {
    pub settings: &'a Settings,
    /// The button.
    pub link: &'a str,
    pub unsubscribe: Option<&'a str>,
    /// Oldest first.
    pub recent: &'a [Message],
    pub about: About,
}

/// What a mail about a chat is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// So many answers that the visitor has not seen (H9).
    Answers(i64),
    /// The conversation, which the visitor asked for.
    Conversation,
}

impl Page<'_> {
    /// As H9 has it.
    pub fn subject(&self) -> String {
        match self.about {
            About::Answers(_) => format!("You have a new message from {}", self.account()),
            About::Conversation => format!("Your chat with {}", self.account()),
        }
    }

    fn account(&self) -> &str {
        self.settings.organization.name.trim()
    }

    fn lead(&self) -> String {
        match self.about {
            About::Answers(0 | 1) => format!("{} answered you.", self.account()),
            About::Answers(many) => format!("{} wrote {many} messages since you left.", self.account()),
            About::Conversation => "This is the conversation you asked for.".into(),
        }
    }

    fn who<'m>(&'m self, message: &'m Message) -> &'m str {
        match (message.author.kind, message.author.name.as_deref()) {
            (AuthorKind::Customer, _) => "You",
            (_, Some(name)) if !name.trim().is_empty() => name,
            _ => self.account(),
        }
    }

    /// As plain text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.lead());
        for message in self.recent {
            text.push_str(&format!("{}: {}\n\n", self.who(message), words(message)));
        }
        if !self.link.is_empty() {
            text.push_str(&format!("Continue the chat: {}\n", self.link));
        }
        text.push_str("You can also simply answer this mail.\n");
        let organization = &self.settings.organization;
        let mut foot = String::new();
        for (name, url) in [("Privacy policy", &organization.privacy_url), ("Terms", &organization.terms_url)]
        {
            if is_web(url) {
                foot.push_str(&format!("{name}: {url}\n"));
            }
        }
        if let Some(unsubscribe) = self.unsubscribe {
            foot.push_str(&format!("No more mails about your chats: {unsubscribe}\n"));
        }
        if !foot.is_empty() {
            text.push_str(&format!("\n-- \n{foot}"));
        }
        text
    }

    /// As a page: tables and inline styles, which is what mail programs understand.
    pub fn html(&self) -> String {
        let (looks, organization) = (&self.settings.chat.branding, &self.settings.organization);
        let (font, radius) = (looks.font.css().replace('"', "'"), looks.button_shape.radius());
        let (color, ink) = (escape(&looks.color), ink(&looks.color));
        let account = escape(self.account());
        let logo = match is_web(&organization.logo_url) {
            true => format!(
                "<img src=\"{}\" alt=\"{account}\" height=\"40\" style=\"max-height:40px;border:0\">",
                escape(&organization.logo_url)
            ),
            false => format!("<strong style=\"font-size:18px\">{account}</strong>"),
        };
        let button = match self.link.is_empty() {
            true => String::new(),
            false => format!(
                "<p style=\"margin:24px 0\"><a href=\"{}\" style=\"background:{color};color:{ink};display:inline-block;\
                 padding:12px 22px;border-radius:{radius}px;text-decoration:none;font-weight:600\">Continue the chat</a></p>",
                escape(self.link)
            ),
        };
        let rows: String = self.recent.iter().map(|message| self.row(message)).collect();
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{subject}</title></head>\
             <body style=\"margin:0;padding:24px 12px;background:#f3f4f6\">\
             <table role=\"presentation\" width=\"100%\" style=\"max-width:560px;margin:0 auto;background:#ffffff;\
             border-radius:12px;font:15px/1.5 {font};color:#1f2430\"><tr><td style=\"padding:28px\">{logo}\
             <p style=\"font-size:17px;margin:20px 0 0\">{lead}</p>{button}\
             <table role=\"presentation\" width=\"100%\">{rows}</table>\
             <p style=\"color:#5b6472;margin:20px 0 0\">You can also simply answer this mail.</p>\
             </td></tr></table><p style=\"max-width:560px;margin:16px auto 0;text-align:center;font:12px/1.6 {font};\
             color:#5b6472\">{foot}</p></body></html>",
            subject = escape(&self.subject()),
            lead = escape(&self.lead()),
            foot = self.foot(),
        )
    }

    fn row(&self, message: &Message) -> String {
        let ours = message.author.kind != AuthorKind::Customer;
        let background = if ours { "#eef1f6" } else { "#ffffff" };
        let text = escape(&words(message)).replace('\n', "<br>");
        format!(
            "<tr><td style=\"padding:4px 0\"><div style=\"background:{background};border:1px solid #e3e6ec;\
             border-radius:10px;padding:10px 14px\"><strong>{}</strong><br>{text}</div></td></tr>",
            escape(self.who(message))
        )
    }

    fn foot(&self) -> String {
        let organization = &self.settings.organization;
        let link =
            |name: &str, url: &str| format!("<a href=\"{}\" style=\"color:#5b6472\">{name}</a>", escape(url));
        let named = [("Privacy policy", &organization.privacy_url), ("Terms", &organization.terms_url)];
        let mut links: Vec<String> =
            named.into_iter().filter(|(_, url)| is_web(url)).map(|(name, url)| link(name, url)).collect();
        links.extend(self.unsubscribe.map(|url| link("No more mails about my chats", url)));
        links.join(" · ")
    }
}

/// A message's words, with its files named.
fn words(message: &Message) -> String {
    let mut text: String = message.text.trim().chars().take(LONGEST).collect();
    if message.text.trim().chars().count() > LONGEST {
        text.push('…');
    }
    for file in &message.attachments {
        let between = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{between}[{}]", file.name));
    }
    text
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\0' => {}
            c => escaped.push(c),
        }
        escaped
    })
}

/// White, or ink where that can be read better on a colour (WCAG 2.2 relative luminance).
fn ink(color: &str) -> &'static str {
    let part = |at: usize| {
        let hex = color.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let part = f64::from(hex.unwrap_or(0)) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
    if luminance > 0.183 { "#11141a" } else { "#ffffff" }
}

#[cfg(test)]
mod tests {
    use domain::{
        Author, Direction, MessageId, MessageStatus, TicketId, Timestamp, message::Carried,
        settings::ButtonShape,
    };
    use uuid::Uuid;

    use super::*;

    fn message(kind: AuthorKind, name: Option<&str>, text: &str) -> Message {
        Message {
            id: MessageId(Uuid::nil()),
            ticket_id: TicketId(Uuid::nil()),
            seq: 1,
            direction: Direction::Out,
            author: Author { kind, id: None, name: name.map(Into::into) },
            text: text.into(),
            html: None,
            attachments: Vec::new(),
            status: MessageStatus::Sent,
            error: None,
            segments: None,
            sent_at: Timestamp::from_millis(0),
            why: String::new(),
            client_id: None,
            send_at: None,
            reply_text: None,
            mail: None,
            carried: Carried::default(),
        }
    }

    fn acme() -> Settings {
        let mut settings = Settings::default();
        settings.organization.name = "Acme & Co".into();
        settings.organization.logo_url = "https://acme.example/logo.png".into();
        settings.organization.privacy_url = "https://acme.example/privacy".into();
        settings.organization.terms_url = "javascript:alert(1)".into();
        settings.chat.branding.color = "#ffd000".into();
        settings.chat.branding.button_shape = ButtonShape::Pill;
        settings
    }

    #[test]
    fn h9_the_mail_has_everything_it_must_have_in_text_and_page() {
        let (settings, link) = (acme(), "https://desk.example/c/abc");
        let recent = [
            message(AuthorKind::Customer, Some("Anna"), "Is it back?"),
            message(AuthorKind::Agent, Some("Maya"), "Yes, three left."),
        ];
        let unsubscribe = Some("https://desk.example/u/xyz");
        let page = Page { settings: &settings, link, unsubscribe, recent: &recent, about: About::Answers(1) };
        assert_eq!(page.subject(), "You have a new message from Acme & Co");
        let (text, html) = (page.text(), page.html());
        for part in
            ["You: Is it back?", "Maya: Yes, three left.", link, "https://acme.example/privacy", "/u/xyz"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        for part in [
            "src=\"https://acme.example/logo.png\"",
            "href=\"https://desk.example/c/abc\"",
            "background:#ffd000;color:#11141a",
            "border-radius:999px",
            "<strong>Maya</strong><br>Yes, three left.",
            "Acme &amp; Co answered you.",
            "Privacy policy",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(
            !html.contains("javascript:") && !text.contains("javascript:"),
            "only web addresses are linked"
        );
    }

    #[test]
    fn what_people_write_cannot_become_part_of_the_page() {
        let (mut settings, evil) = (acme(), "</div><script>alert(1)</script>\" onload='x'");
        settings.organization.name = evil.into();
        let recent = [message(AuthorKind::Agent, Some(evil), evil)];
        let about = About::Answers(2);
        let html = Page { settings: &settings, link: evil, unsubscribe: None, recent: &recent, about }.html();
        assert!(!html.contains("<script") && !html.contains("\" onload"), "{html}");
    }
}

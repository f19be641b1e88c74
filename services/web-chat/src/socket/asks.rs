//! What a visitor asks for besides writing: to be known, to say how it was, to have the conversation; and the files of what
//! they write.

use domain::{
    EmailAddress, Timestamp,
    event::{Visitor, VisitorSignalKind},
    message::Attachment,
};

use super::Talk;
use crate::{
    frames::{Identify, MAX_FILES, NewMessage, ServerFrame},
    line::End,
    presence,
    resume::Claims,
    visitor,
};

/// Longest comment with a rating, in characters.
const LONGEST_COMMENT: usize = 2_000;

impl Talk {
    /// The files of a message, by their tokens.
    pub(super) fn files(
        &self,
        new: &NewMessage,
        now: Timestamp,
    ) -> Result<Vec<Attachment>, (&'static str, &'static str)> {
        if new.attachments.len() > MAX_FILES {
            return Err(("too_many_attachments", "a message may have at most 5 files"));
        }
        let token =
            |given: &'_ serde_json::Value| given.as_str().or_else(|| given["id"].as_str()).map(str::to_owned);
        let tokens: Vec<String> = new.attachments.iter().filter_map(token).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let all = tokens.len() == new.attachments.len();
        let found = all.then(|| self.node.files.taken(&tokens, self.session.id, now)).flatten();
        found.ok_or(("bad_attachment", "a file was not put up in this chat, or too long ago"))
    }

    pub(super) async fn identified(&mut self, said: Identify) -> Result<(), End> {
        let Identify { visitor: mut said, form } = said;
        self.session.form.extend(visitor::form(&form, &mut said));
        let email = said.email.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if email.is_some_and(|text| EmailAddress::parse(text).is_err()) {
            let refusal = ServerFrame::error("bad_email", "this is not an email address");
            return self.line.send(&refusal).await;
        }
        let before = self.session.visitor.clone();
        let claims = Claims {
            session: self.session.id,
            site: self.session.site.clone(),
            visitor: before.id.clone(),
            verified: before.verified,
        };
        let secret = self.site.identity_secret.as_ref().map(host::Secret::expose);
        let known = visitor::recognise(&said, Some(&claims), secret, &before.id);
        if known.is_other {
            let text = "this chat belongs to somebody else who signed in: open a new one";
            return self.line.send(&ServerFrame::error("another_visitor", text)).await;
        }
        if known.bad_signature {
            let text = "the visitor's signature is wrong: going on without that identity";
            self.line.send(&ServerFrame::error("bad_signature", text)).await?;
        }
        self.session.visitor = Visitor {
            name: known.visitor.name.or(before.name),
            email: known.visitor.email.clone().or(before.email),
            email_verified: match known.visitor.email {
                Some(_) => known.visitor.email_verified,
                None => before.email_verified,
            },
            ..known.visitor
        };
        let visitor = self.session.visitor.clone();
        presence::tell(&self.node, self.session.id, VisitorSignalKind::Identified { visitor });
        Ok(())
    }

    /// Whether there is a conversation to do something for, and it was not done too often.
    async fn may_ask(&mut self) -> Result<bool, End> {
        if self.session.ticket.is_none() {
            self.line.send(&ServerFrame::error("no_chat", "there is no conversation yet")).await?;
            return Ok(false);
        }
        let Err(wait) = self.node.favours.check(&self.session.id) else { return Ok(true) };
        let refusal = ServerFrame::Error {
            code: "rate_limited".into(),
            message: "too often in a short time".into(),
            client_id: None,
            retry_after_ms: Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)),
        };
        self.line.send(&refusal).await?;
        Ok(false)
    }

    pub(super) async fn rated(&mut self, score: i64, comment: Option<&str>) -> Result<(), End> {
        if !(1..=5).contains(&score) {
            return self.line.send(&ServerFrame::error("bad_rating", "a rating goes from 1 to 5")).await;
        }
        if !self.may_ask().await? {
            return Ok(());
        }
        let comment =
            comment.map(|text| text.replace('\0', "").trim().chars().take(LONGEST_COMMENT).collect());
        let comment = comment.filter(|text: &String| !text.is_empty());
        presence::tell(&self.node, self.session.id, VisitorSignalKind::Rated { score, comment });
        self.line.send(&ServerFrame::Rated { score }).await
    }

    pub(super) async fn wants_transcript(&mut self, email: &str) -> Result<(), End> {
        let Ok(email) = EmailAddress::parse(email.trim()) else {
            return self.line.send(&ServerFrame::error("bad_email", "this is not an email address")).await;
        };
        if !self.may_ask().await? {
            return Ok(());
        }
        let told = ServerFrame::Transcript { email: email.to_string() };
        presence::tell(&self.node, self.session.id, VisitorSignalKind::Transcript { email });
        self.line.send(&told).await
    }
}

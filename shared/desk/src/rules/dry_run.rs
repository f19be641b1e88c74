//! What a rule would have done to the newest tickets, and why; nothing is done.

use std::collections::HashMap;

use domain::{
    Message, RuleId, Timestamp,
    event::TicketView,
    office_hours::OfficeHours,
    routing::{Action, Event, Facts, Rule, When, checks, reason},
};
use sqlx::AnyConnection;
use uuid::Uuid;

use super::{NewRule, known_of};
use crate::{
    Actor, Desk, DeskError, PageRequest,
    store::rules as rows,
    tickets::{Sort, TicketFilter},
};

/// How many tickets are looked at.
const TICKETS: i64 = 100;

/// A ticket a rule was tried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The ticket.
    pub ticket: TicketView,
    /// The rule holds.
    pub matched: bool,
    /// Why, or why not.
    pub why: String,
    /// What would have happened.
    pub would: Vec<String>,
    /// When the message came that the rule was tried on.
    pub at: Timestamp,
}

impl Desk {
    /// Tries a rule on the newest 100 tickets: on the message that opened each, or if it is asked at other times, on
    /// the customer's newest.
    ///
    /// # Errors
    /// A rule that makes no sense, with the field that does not.
    pub async fn try_rule(&self, new: NewRule, actor: &Actor) -> Result<Vec<Tried>, DeskError> {
        let mut tx = self.store.begin().await?;
        let rule = super::checked(&mut tx, new.with_id(RuleId(Uuid::nil()))).await?;
        drop(tx);
        let filter = TicketFilter { sort: Sort::Newest, ..TicketFilter::default() };
        let page = PageRequest::new(TICKETS, None);
        let tickets = self.tickets(&filter, actor, &page).await?.data;
        let names = self.names().await?;
        let hours = OfficeHours::of(&self.settings().await?.chat.office_hours).ok().flatten();
        let mut connection = self.store.reader().acquire().await?;
        let mut tried = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            let first = rule.conditions.when == When::NewTicket;
            let words = rows::customers_words(&self.store, &mut connection, ticket.id, first).await?;
            tried.push(try_on(&mut connection, &rule, ticket, words, hours.as_ref(), &names).await?);
        }
        Ok(tried)
    }

    /// People and teams by id.
    async fn names(&self) -> Result<HashMap<Uuid, String>, DeskError> {
        let mut names: HashMap<_, _> =
            self.users().await?.into_iter().map(|user| (user.id.0, user.name)).collect();
        names.extend(self.teams().await?.into_iter().map(|team| (team.id.0, team.name)));
        Ok(names)
    }
}

async fn try_on(
    connection: &mut AnyConnection,
    rule: &Rule,
    ticket: TicketView,
    words: Option<Message>,
    hours: Option<&OfficeHours>,
    names: &HashMap<Uuid, String>,
) -> Result<Tried, DeskError> {
    let not = |ticket: TicketView, why: &str| {
        let at = ticket.created_at;
        Tried { ticket, matched: false, why: why.into(), would: Vec::new(), at }
    };
    let Some(message) = words else { return Ok(not(ticket, "the customer has not written in it")) };
    if ticket.profile.blocked {
        return Ok(not(ticket, "the customer is blocked: no rule is asked"));
    }
    let known = known_of(connection, &ticket).await?;
    let facts = Facts {
        event: match rule.conditions.when {
            When::NewTicket => Event::Opened,
            When::Reopened => Event::Reopened,
            When::EveryMessage => Event::Added,
        },
        channel: ticket.channel,
        inbox: &ticket.inbox,
        text: message.reply_text.as_deref().unwrap_or(&message.text),
        subject: ticket.subject.as_deref(),
        tags: &ticket.tags,
        known: &known,
        open: hours.is_none_or(|hours| hours.is_open(message.sent_at)),
    };
    let checks = checks(&rule.conditions, &facts);
    let matched = checks.iter().all(|check| check.met);
    let would =
        if matched { rule.actions.iter().map(|action| said(action, names)).collect() } else { Vec::new() };
    Ok(Tried { matched, why: reason(&checks), would, at: message.sent_at, ticket })
}

/// What an action does, for people.
fn said(action: &Action, names: &HashMap<Uuid, String>) -> String {
    let name = |id: &Uuid| names.get(id).map_or("somebody who is gone", String::as_str).to_owned();
    match action {
        Action::AssignAgent { user_id } => format!("assign it to {}", name(&user_id.0)),
        Action::AssignTeam { team_id } => {
            format!("give it to the team {}, and to whoever of it is next", name(&team_id.0))
        }
        Action::AddTags { tags } => format!("add {}", tags.join(", ")),
        Action::SetPriority { priority } => format!("set the priority to {priority}"),
        Action::MarkRead => "mark it as read".into(),
        Action::Close => "close it".into(),
        Action::AutoReply { text } => format!("answer “{}”", crate::text::preview(text, 0)),
    }
}

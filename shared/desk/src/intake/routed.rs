//! What the rules make of a customer's message (J2), in the transaction that takes it in: instantly, once, and never
//! against what a person decided.

use std::{collections::BTreeMap, sync::Arc};

use bus::topic::REPLY_PROPOSED;
use domain::{
    AuthorKind, Channel, Message, Priority, RuleId, TeamId, UserId,
    event::{Assignee, ReplyProposed},
    office_hours::OfficeHours,
    routing::{Assign, Decision, Event, Facts, Placed, Rule, decide},
    template::Customer,
    ticket::State,
};

use super::{batch::Batch, consented};
use crate::{
    DeskError,
    availability::{self, Decided},
    rules,
    store::{accounts, decisions, rows::TicketRow, tags, teams},
    tickets::MAX_TAGS,
};

/// What was done, to be written down once the ticket is.
pub(super) struct Routed {
    rules: Arc<Vec<Rule>>,
    decision: Decision,
    did: Vec<(RuleId, String)>,
    tagged: bool,
}

impl Routed {
    /// Whether a rule answers: then no other robot does.
    pub fn answers(&self) -> bool {
        self.decision.reply.is_some()
    }
}

/// Asks the rules about a customer's message and changes the ticket; `None` when none of them has to do with it.
pub(super) async fn route(
    batch: &mut Batch<'_>,
    ticket: &mut TicketRow,
    message: &Message,
    event: Event,
) -> Result<Option<Routed>, DeskError> {
    let rules = batch.rules().await?;
    if rules.is_empty() || message.author.kind != AuthorKind::Customer {
        return Ok(None);
    }
    let known = match rules.iter().any(Rule::looks_at_profile) {
        true => rules::known_of(&mut *batch.tx, &ticket.view).await?,
        false => BTreeMap::new(),
    };
    let open = match rules.iter().any(|rule| rule.conditions.hours.is_some()) {
        true => is_open(batch).await?,
        false => true,
    };
    let facts = Facts {
        event,
        channel: ticket.view.channel,
        inbox: &ticket.view.inbox,
        text: message.reply_text.as_deref().unwrap_or(&message.text),
        subject: ticket.view.subject.as_deref(),
        tags: &ticket.view.tags,
        known: &known,
        open,
    };
    let decision = decide(&rules, &facts);
    if decision.matched.is_empty() {
        return Ok(None);
    }
    let mut routed = Routed { rules, decision, did: Vec::new(), tagged: false };
    assign(batch, ticket, &mut routed).await?;
    mark(ticket, &mut routed, event);
    if let Some(rule) = routed.decision.close {
        ticket.set_state(ticket.state.close(batch.now));
        routed.did.push((rule, "closed it".into()));
    }
    Ok(Some(routed))
}

async fn is_open(batch: &mut Batch<'_>) -> Result<bool, DeskError> {
    let hours = OfficeHours::of(&batch.settings().await?.chat.office_hours).ok().flatten();
    Ok(hours.is_none_or(|hours| hours.is_open(batch.now)))
}

/// Gives the ticket to somebody, unless it is somebody's, or a person decided that it is nobody's.
async fn assign(batch: &mut Batch<'_>, ticket: &mut TicketRow, routed: &mut Routed) -> Result<(), DeskError> {
    let Some((to, rule)) = routed.decision.assign else { return Ok(()) };
    if ticket.view.assignee.is_some() || ticket.placed == Placed::ByHand {
        return Ok(());
    }
    let did = match to {
        Assign::Agent(user) => to_agent(batch, ticket, user).await?,
        Assign::Team(team) => to_team(batch, ticket, team).await?,
    };
    routed.did.push((rule, did));
    Ok(())
}

async fn to_agent(batch: &mut Batch<'_>, ticket: &mut TicketRow, user: UserId) -> Result<String, DeskError> {
    let user = accounts::user_in(&mut batch.tx, user).await?.filter(|user| !user.disabled);
    let Some(user) = user else { return Ok("assigned it to nobody: the person is not here any more".into()) };
    let did = format!("assigned it to {}", user.name);
    (ticket.view.assignee, ticket.placed) =
        (Some(Assignee { id: user.id, name: user.name }), Placed::Nowhere);
    Ok(did)
}

async fn to_team(batch: &mut Batch<'_>, ticket: &mut TicketRow, team: TeamId) -> Result<String, DeskError> {
    let Some(name) = teams::name(&mut batch.tx, team).await? else {
        return Ok("assigned it to nobody: the team is gone".into());
    };
    ticket.view.team = Some(team.to_string());
    let next = availability::next_of(batch.desk, &mut batch.tx, team, batch.now).await?;
    Ok(match next {
        Some(next) => {
            let did = format!("assigned it to {} of the team {name}", next.name);
            (ticket.view.assignee, ticket.placed) = (Some(next), Placed::Nowhere);
            did
        }
        None => {
            ticket.placed = Placed::Waiting;
            format!("gave it to the team {name}, of which nobody is available")
        }
    })
}

/// Tags, priority and dot.
fn mark(ticket: &mut TicketRow, routed: &mut Routed, event: Event) {
    let view = &mut ticket.view;
    for (tag, rule) in &routed.decision.tags {
        if !view.tags.contains(tag) && view.tags.len() < MAX_TAGS {
            view.tags.push(tag.clone());
            routed.did.push((*rule, format!("added the tag {tag}")));
            routed.tagged = true;
        }
    }
    view.tags.sort_unstable();
    if let Some((priority, rule)) = routed.decision.priority
        && may_set(view.priority, priority, event)
    {
        view.priority = priority;
        routed.did.push((rule, format!("set the priority to {priority}")));
    }
    if let Some(rule) = routed.decision.mark_read {
        view.unread = false;
        routed.did.push((rule, "marked it as read".into()));
    }
}

/// A further message makes a ticket more urgent, never less: somebody may have said so.
fn may_set(before: Priority, wanted: Priority, event: Event) -> bool {
    match event {
        Event::Opened | Event::Reopened => wanted != before,
        Event::Added => wanted > before,
    }
}

/// Writes down what was done; the ticket and the message are written.
pub(super) async fn keep(
    batch: &mut Batch<'_>,
    ticket: &TicketRow,
    message: &Message,
    mut routed: Routed,
) -> Result<(), DeskError> {
    if routed.tagged {
        tags::learn(&batch.desk.store, &mut batch.tx, &ticket.view.tags, batch.now).await?;
        tags::replace(&batch.desk.store, &mut batch.tx, ticket.view.id, &ticket.view.tags).await?;
    }
    if let Some((template, rule)) = routed.decision.reply.take() {
        let did = reply(batch, ticket, message, (&template, rule)).await?;
        routed.did.push((rule, did));
    }
    for (id, why) in &routed.decision.matched {
        let did: Vec<_> =
            routed.did.iter().filter(|(rule, _)| rule == id).map(|(_, did)| did.clone()).collect();
        let name = routed.rules.iter().find(|rule| rule.id == *id).map(|rule| rule.name.clone());
        if let (false, Some(name)) = (did.is_empty(), name) {
            let decided = Decided { rule: Some((*id, name)), why: why.clone(), did, at: batch.now };
            decisions::add(&mut batch.tx, ticket.view.id, Some(message.id), &decided).await?;
        }
    }
    Ok(())
}

/// Proposes the answer like any robot of ours: consent, blocks and loops are looked at where all of them are.
async fn reply(
    batch: &mut Batch<'_>,
    ticket: &TicketRow,
    message: &Message,
    (template, rule): (&str, RuleId),
) -> Result<String, DeskError> {
    let (profile, channel) = (&ticket.view.profile, ticket.view.channel);
    if channel == Channel::Sms && consented::standing(batch, profile.id).await?.opted_out {
        return Ok("did not answer: the customer has opted out".into());
    }
    if channel == Channel::Chat && matches!(ticket.state, State::Closed { .. }) {
        return Ok("did not answer: the chat is closed".into());
    }
    let customer = Customer { name: profile.name.as_deref(), phone: &profile.address };
    let text = batch.settings().await?.fill_for(template, customer);
    let key = format!("rule:{rule}:{}", message.id);
    let proposed = ReplyProposed {
        key: key.clone(),
        ticket_id: ticket.view.id,
        author: AuthorKind::AutoResponder,
        text,
        without_consent: true,
        at_most_once_per: None,
        at: batch.now,
    };
    batch.tell(REPLY_PROPOSED, &key, &proposed)?;
    Ok("proposed an automatic answer".into())
}

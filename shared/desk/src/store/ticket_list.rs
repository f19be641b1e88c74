//! The list of tickets: one statement built from the filters, in pages by key.

use sqlx::AssertSqlSafe;

use super::{
    Store,
    rows::{self, TICKET_SELECT, TicketRow},
    search::{Conditions, pattern},
};
use crate::{
    Actor, DeskError,
    tickets::{AssigneeFilter, Sort, TicketFilter},
};

/// At most `limit` tickets after a key.
pub(crate) async fn page(
    store: &Store,
    filter: &TicketFilter,
    actor: &Actor,
    after: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<TicketRow>, DeskError> {
    let mut conditions = Conditions::default();
    by_facts(&mut conditions, filter, actor);
    by_times(&mut conditions, filter);
    if let Some(words) = filter.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
        by_words(&mut conditions, words);
    }
    let (column, descending) = match filter.sort {
        Sort::NewestMessage => ("t.last_message_at", true),
        Sort::OldestMessage => ("t.last_message_at", false),
        Sort::Newest => ("t.created_at", true),
        Sort::Oldest => ("t.created_at", false),
    };
    let (direction, sign) = if descending { ("DESC", "<") } else { ("ASC", ">") };
    if let Some((at, id)) = after {
        let (at, id) = (conditions.number(at), conditions.text(&id));
        conditions.add(format!("({column}, t.id) {sign} ({at}, {id})"));
    }
    let limit = conditions.number(limit);
    let sql = format!(
        "{TICKET_SELECT}{} ORDER BY {column} {direction}, t.id {direction} LIMIT {limit}",
        conditions.clause()
    );
    let mut connection = store.reader().acquire().await?;
    let found = conditions.bind(sqlx::query(AssertSqlSafe(sql))).fetch_all(&mut *connection).await?;
    rows::tickets(store, &mut *connection, &found).await
}

fn by_facts(conditions: &mut Conditions, filter: &TicketFilter, actor: &Actor) {
    if !filter.status.is_empty() {
        conditions.one_of("t.status", filter.status.iter().cloned());
    }
    if !filter.channel.is_empty() {
        conditions.one_of("t.channel", filter.channel.iter().map(ToString::to_string));
    }
    match filter.assignee {
        None => {}
        Some(AssigneeFilter::None) => conditions.add("t.assignee_id IS NULL".into()),
        Some(AssigneeFilter::Me) => conditions.one_of("t.assignee_id", [actor.id.to_string()]),
        Some(AssigneeFilter::User(id)) => conditions.one_of("t.assignee_id", [id.to_string()]),
    }
    if let Some(unread) = filter.unread {
        // a constant, so that the partial index of unread tickets is used
        conditions.add(format!("t.unread = {}", i64::from(unread)));
    }
    if let Some(tag) = &filter.tag {
        let tag = conditions.text(&tag.trim().to_lowercase());
        conditions.add(format!("t.id IN (SELECT ticket_id FROM ticket_tags WHERE tag = {tag})"));
    }
    if let Some(profile) = filter.profile {
        conditions.one_of("t.profile_id", [profile.to_string()]);
    }
}

fn by_times(conditions: &mut Conditions, filter: &TicketFilter) {
    for (column, sign, moment) in [
        ("t.created_at", ">=", filter.created_from),
        ("t.created_at", "<", filter.created_to),
        ("t.updated_at", ">=", filter.updated_from),
        ("t.updated_at", "<", filter.updated_to),
    ] {
        if let Some(moment) = moment {
            let moment = conditions.number(moment.millis());
            conditions.add(format!("{column} {sign} {moment}"));
        }
    }
}

fn by_words(conditions: &mut Conditions, words: &str) {
    if let Some(number) = words.strip_prefix('#').and_then(|number| number.parse::<i64>().ok()) {
        let number = conditions.number(number);
        conditions.add(format!("t.number = {number}"));
        return;
    }
    let like = conditions.text(&pattern(words));
    let like = format!("LIKE lower({like}) ESCAPE '\\'");
    conditions.add(format!(
        "(lower(t.subject) {like} OR lower(t.preview) {like} OR lower(t.address) {like} OR lower(p.name) {like} \
         OR EXISTS (SELECT 1 FROM addresses a WHERE a.profile_id = t.profile_id AND lower(a.value) {like}) \
         OR EXISTS (SELECT 1 FROM messages m WHERE m.ticket_id = t.id AND lower(m.body) {like}))"
    ));
}

/// Profiles with unread tickets.
pub(crate) async fn unread_profiles(store: &Store) -> Result<i64, DeskError> {
    let sql = "SELECT count(DISTINCT profile_id) FROM tickets WHERE unread = 1";
    Ok(sqlx::query_scalar(sql).fetch_one(store.reader()).await?)
}

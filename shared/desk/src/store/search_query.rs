//! A search as conditions over tickets, and where its words stand.

use std::collections::HashMap;

use domain::{
    TicketId,
    search::{Phrase, Search},
};
use sqlx::{AssertSqlSafe, Row};

use super::{
    Dialect, Store,
    rows::{rows_of, word},
    search::{Conditions, pattern},
};
use crate::DeskError;

/// Adds what the tickets of a search have in common, but for the facts that lists filter by.
pub(crate) fn narrow(conditions: &mut Conditions, dialect: &Dialect, search: &Search) {
    if search.nothing {
        conditions.add("1 = 0".into());
    }
    for term in &search.terms {
        let found = matching(conditions, dialect, term);
        conditions.add(format!(
            "t.id IN (SELECT d.ticket_id FROM search_docs d WHERE {found} AND d.ticket_id IS NOT NULL \
             UNION SELECT x.id FROM search_docs d CROSS JOIN tickets x \
             WHERE {found} AND d.kind = 'profile' AND x.profile_id = d.source_id)"
        ));
    }
    for term in &search.from {
        let found = matching(conditions, dialect, term);
        conditions.add(format!(
            "t.profile_id IN (SELECT d.source_id FROM search_docs d WHERE {found} AND d.kind = 'profile')"
        ));
    }
    for term in &search.subject {
        let found = matching(conditions, dialect, term);
        conditions.add(format!(
            "t.id IN (SELECT d.ticket_id FROM search_docs d WHERE {found} AND d.kind = 'subject')"
        ));
    }
    by_facts(conditions, search);
}

fn by_facts(conditions: &mut Conditions, search: &Search) {
    if let Some(number) = search.number {
        let number = conditions.number(number);
        conditions.add(format!("t.number = {number}"));
    }
    for tag in &search.tags {
        let tag = conditions.text(tag);
        conditions.add(format!("t.id IN (SELECT ticket_id FROM ticket_tags WHERE tag = {tag})"));
    }
    if let Some(name) = &search.assignee {
        let like = conditions.text(&pattern(name));
        let like = format!("LIKE lower({like}) ESCAPE '\\'");
        conditions.add(format!(
            "t.assignee_id IN (SELECT id FROM users WHERE lower(name) {like} OR lower(email) {like})"
        ));
    }
    for (sign, moment) in [("<", search.before), (">=", search.after)] {
        if let Some(moment) = moment {
            let moment = conditions.number(moment.millis());
            conditions.add(format!("t.last_message_at {sign} {moment}"));
        }
    }
}

/// The condition that the row `d` of `search_docs` has one of these phrases.
fn matching(conditions: &mut Conditions, dialect: &Dialect, any: &[Phrase]) -> String {
    let wanted = conditions.text(&wanted(dialect, any.iter()));
    if dialect.words_in_rows {
        format!("d.words @@ CAST({wanted} AS tsquery)")
    } else {
        format!("d.id IN (SELECT rowid FROM search_words WHERE search_words MATCH {wanted})")
    }
}

/// Phrases as the database reads them. Words are letters and digits alone, so nothing in them means anything to it.
fn wanted<'a>(dialect: &Dialect, any: impl Iterator<Item = &'a Phrase>) -> String {
    let one = |phrase: &Phrase| {
        if dialect.words_in_rows {
            let words: Vec<_> = phrase.words.iter().map(|word| format!("'{word}'")).collect();
            format!("({}{})", words.join(" <-> "), if phrase.begins { ":*" } else { "" })
        } else {
            format!("\"{}\"{}", phrase.words.join(" "), if phrase.begins { " *" } else { "" })
        }
    };
    any.map(one).collect::<Vec<_>>().join(if dialect.words_in_rows { " | " } else { " OR " })
}

/// The text of a message with one of the words that were searched for.
#[derive(Clone, Debug)]
pub(crate) struct FoundText {
    /// The message.
    pub id: String,
    /// What it says.
    pub text: String,
    /// When it was sent: milliseconds since 1970.
    pub sent_at: i64,
}

/// The newest message of each of these tickets that has one of these phrases.
pub(crate) async fn texts(
    store: &Store,
    tickets: &[TicketId],
    phrases: &[&Phrase],
) -> Result<HashMap<TicketId, FoundText>, DeskError> {
    if tickets.is_empty() || phrases.is_empty() {
        return Ok(HashMap::new());
    }
    let mut conditions = Conditions::default();
    conditions.one_of("d.ticket_id", tickets.iter().map(ToString::to_string));
    conditions.add("d.kind = 'message'".into());
    let wanted = conditions.text(&wanted(store.dialect, phrases.iter().copied()));
    conditions.add(if store.dialect.words_in_rows {
        format!("d.words @@ CAST({wanted} AS tsquery)")
    } else {
        // message by message: there are few, and there may be very many with these words
        format!("EXISTS (SELECT 1 FROM search_words WHERE search_words MATCH {wanted} AND rowid = d.id)")
    });
    let sql = format!(
        "SELECT d.ticket_id, max(d.id) AS newest FROM search_docs d{} GROUP BY d.ticket_id",
        conditions.clause()
    );
    let sql =
        format!("SELECT d.source_id, d.ticket_id FROM search_docs d JOIN ({sql}) AS n ON n.newest = d.id");
    let mut connection = store.reader().acquire().await?;
    let rows = conditions.bind(sqlx::query(AssertSqlSafe(sql))).fetch_all(&mut *connection).await?;
    let mut ticket_of = HashMap::new();
    for row in rows {
        ticket_of
            .insert(row.try_get::<String, _>("source_id")?, word::<TicketId>(row.try_get("ticket_id")?)?);
    }
    let ids: Vec<String> = ticket_of.keys().cloned().collect();
    let sql = "SELECT id, body, sent_at FROM messages WHERE id IN";
    let mut found = HashMap::new();
    for row in rows_of(store, &mut *connection, sql, "", &ids).await? {
        let id: String = row.try_get("id")?;
        let Some(ticket) = ticket_of.get(&id) else { continue };
        let text = FoundText { text: row.try_get("body")?, sent_at: row.try_get("sent_at")?, id };
        found.insert(*ticket, text);
    }
    Ok(found)
}

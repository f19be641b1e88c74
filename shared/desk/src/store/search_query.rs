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
    search_walk,
};
use crate::DeskError;

/// PostgreSQL: a term that more messages have than this is looked for ticket by ticket, where all that match are counted or
/// changed. Lists come here for rarer ones only, see [`search_walk`].
const FREQUENT: i64 = 30_000;
/// SQLite: of a term that stands in more places, the newest count there.
const NEWEST: i64 = 100_000;

/// Which terms of a search are frequent.
pub(crate) async fn frequent(store: &Store, search: &Search) -> Result<Vec<bool>, DeskError> {
    let mut all = Vec::with_capacity(search.terms.len());
    for term in search.terms.iter().filter(|_| store.dialect.words_in_rows) {
        let sql = "SELECT count(*) FROM \
            (SELECT 1 FROM search_docs WHERE words @@ CAST($1 AS tsquery) LIMIT $2) AS counted";
        let count = sqlx::query_scalar(sql).bind(wanted(store.dialect, term.iter())).bind(FREQUENT + 1);
        all.push(count.fetch_one(store.reader()).await.map(|count: i64| count > FREQUENT)?);
    }
    Ok(all)
}

/// Adds where the words of a search must stand. `frequent` says which terms are.
pub(crate) fn by_words(conditions: &mut Conditions, dialect: &Dialect, search: &Search, frequent: &[bool]) {
    for (place, term) in search.terms.iter().enumerate() {
        let is_frequent = frequent.get(place).copied().unwrap_or(false);
        let condition = if is_frequent { in_each } else { in_set }(conditions, dialect, term);
        conditions.add(condition);
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
}

/// Adds what the tickets of a search have in common besides its words and the facts that lists filter by.
pub(crate) fn by_facts(conditions: &mut Conditions, search: &Search) {
    if search.nothing {
        conditions.add("1 = 0".into());
    }
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
    if let Some(name) = &search.team {
        let like = conditions.text(&pattern(name));
        // its key is its name in small letters, whatever the alphabet
        conditions.add(format!("t.team_id IN (SELECT id FROM teams WHERE name_key LIKE {like} ESCAPE '\\')"));
    }
    for (sign, moment) in [("<", search.before), (">=", search.after)] {
        if let Some(moment) = moment {
            let moment = conditions.number(moment.millis());
            conditions.add(format!("t.last_message_at {sign} {moment}"));
        }
    }
}

/// The ticket is among all that have one of these phrases.
fn in_set(conditions: &mut Conditions, dialect: &Dialect, term: &[Phrase]) -> String {
    let found = matching(conditions, dialect, term);
    // the words are looked for once
    format!(
        "t.id IN (WITH hit AS MATERIALIZED \
         (SELECT d.ticket_id, d.kind, d.source_id FROM search_docs d WHERE {found}) \
         SELECT ticket_id FROM hit WHERE ticket_id IS NOT NULL \
         UNION SELECT x.id FROM hit CROSS JOIN tickets x WHERE hit.kind = 'profile' AND x.profile_id = hit.source_id)"
    )
}

/// The ticket has one of these phrases, looked for in it alone. With a limit no planner makes a set of it.
fn in_each(conditions: &mut Conditions, dialect: &Dialect, term: &[Phrase]) -> String {
    let found = matching(conditions, dialect, term);
    format!(
        "((SELECT 1 FROM search_docs d WHERE d.ticket_id = t.id AND {found} LIMIT 1) = 1 \
         OR (SELECT 1 FROM search_docs d WHERE d.kind = 'profile' AND d.source_id = t.profile_id AND {found} LIMIT 1) = 1)"
    )
}

/// The condition that the row `d` of `search_docs` has one of these phrases.
pub(super) fn matching<'a>(
    conditions: &mut Conditions,
    dialect: &Dialect,
    any: impl IntoIterator<Item = &'a Phrase>,
) -> String {
    let wanted = conditions.text(&wanted(dialect, any.into_iter()));
    if dialect.words_in_rows {
        format!("d.words @@ CAST({wanted} AS tsquery)")
    } else {
        let newest = format!("ORDER BY rowid DESC LIMIT {NEWEST}");
        format!("d.id IN (SELECT rowid FROM search_words WHERE search_words MATCH {wanted} {newest})")
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
    let found = search_walk::in_row(&mut conditions, store.dialect, phrases.iter().copied());
    conditions.add(found);
    conditions.one_of("d.ticket_id", tickets.iter().map(ToString::to_string));
    conditions.add("d.kind = 'message'".into());
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

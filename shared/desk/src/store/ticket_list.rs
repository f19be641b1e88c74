//! The list of tickets: one statement built from the filters, in pages by key.

use domain::search::{Search, parse};
use sqlx::{AssertSqlSafe, Row};

use super::{
    Store,
    rows::{self, TICKET_FROM, TICKET_SELECT, TicketRow},
    search::Conditions,
    search_query, search_walk,
};
use crate::{
    Actor, DeskError,
    tickets::{AssigneeFilter, Sort, TeamFilter, TicketFilter},
};

/// How far matching tickets are counted: a list says "more than this" instead of counting everything.
pub(crate) const COUNTED: i64 = 1000;

/// A tag that more tickets have than this is looked for ticket by ticket, in the order of the list.
const FREQUENT_TAG: i64 = 2_500;

/// What of a filter is so frequent that it is looked for ticket by ticket, instead of as a set of all that have it.
#[derive(Debug, Default)]
pub(crate) struct Frequent {
    terms: Vec<bool>,
    tag: bool,
}

/// What is frequent in a filter.
async fn frequent(store: &Store, filter: &TicketFilter) -> Result<Frequent, DeskError> {
    let mut found = Frequent::default();
    if let Some(q) = &filter.q {
        found.terms = search_query::frequent(store, &searched(q)?).await?;
    }
    found.tag = is_tag_frequent(store, filter).await?;
    Ok(found)
}

async fn is_tag_frequent(store: &Store, filter: &TicketFilter) -> Result<bool, DeskError> {
    if filter.tag.is_empty() {
        return Ok(false);
    }
    let mut conditions = Conditions::default();
    conditions.one_of("tag", tags(filter));
    let limit = conditions.number(FREQUENT_TAG + 1);
    let some = format!("SELECT 1 AS one FROM ticket_tags{} LIMIT {limit}", conditions.clause());
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM ({some}) AS counted"));
    let row = conditions.bind(sqlx::query(sql)).fetch_one(store.reader()).await?;
    Ok(row.try_get::<i64, _>(0)? > FREQUENT_TAG)
}

fn searched(q: &str) -> Result<Search, DeskError> {
    parse(q).map_err(|reason| DeskError::invalid("q", reason))
}

fn tags(filter: &TicketFilter) -> impl Iterator<Item = String> {
    filter.tag.iter().map(|tag| tag.trim().to_lowercase())
}

/// What the tickets of a filter have in common, for the tables of [`TICKET_SELECT`].
async fn conditions(store: &Store, filter: &TicketFilter, actor: &Actor) -> Result<Conditions, DeskError> {
    let frequent = frequent(store, filter).await?;
    let mut conditions = Conditions::default();
    narrow(&mut conditions, store, filter, actor, &frequent)?;
    Ok(conditions)
}

/// Adds what the tickets of a filter have in common.
pub(crate) fn narrow(
    conditions: &mut Conditions,
    store: &Store,
    filter: &TicketFilter,
    actor: &Actor,
    frequent: &Frequent,
) -> Result<(), DeskError> {
    let search = search_of(filter)?;
    by_all_facts(conditions, filter, &search, actor, frequent.tag);
    search_query::by_words(conditions, store.dialect, &search, &frequent.terms);
    Ok(())
}

fn search_of(filter: &TicketFilter) -> Result<Search, DeskError> {
    filter.q.as_deref().map_or_else(|| Ok(Search::default()), searched)
}

/// Adds everything but the words of a search.
fn by_all_facts(
    conditions: &mut Conditions,
    filter: &TicketFilter,
    search: &Search,
    actor: &Actor,
    frequent_tag: bool,
) {
    by_facts(conditions, filter, actor);
    by_tags(conditions, filter, frequent_tag);
    by_times(conditions, filter);
    if filter.q.is_some() {
        by_facts(conditions, &search.filter, actor);
        search_query::by_facts(conditions, search);
    }
}

/// A ticket's place in a list: by what it is sorted, and the ticket.
pub(crate) type Key = (i64, String);

/// How a list is sorted.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) column: &'static str,
    pub(super) direction: &'static str,
    /// How what comes later in the list compares, and how what does not.
    later: &'static str,
    sooner: &'static str,
}

impl Order {
    fn of(sort: Sort) -> Self {
        let (column, descending) = match sort {
            Sort::NewestMessage => ("t.last_message_at", true),
            Sort::OldestMessage => ("t.last_message_at", false),
            Sort::Newest => ("t.created_at", true),
            Sort::Oldest => ("t.created_at", false),
            Sort::LongestWaiting => ("t.waiting_at", false),
        };
        let (direction, later, sooner) = if descending { ("DESC", "<", ">=") } else { ("ASC", ">", "<=") };
        Self { column, direction, later, sooner }
    }

    /// Adds: behind this place of the list, or not behind it.
    fn behind(self, conditions: &mut Conditions, (at, id): &Key, behind: bool) {
        let (at, id) = (conditions.number(*at), conditions.text(id));
        let sign = if behind { self.later } else { self.sooner };
        conditions.add(format!("({}, t.id) {sign} ({at}, {id})", self.column));
    }
}

/// At most `limit` tickets after a key.
pub(crate) async fn page(
    store: &Store,
    filter: &TicketFilter,
    actor: &Actor,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<TicketRow>, DeskError> {
    let order = Order::of(filter.sort);
    if let Some(found) = walked(store, filter, actor, after.as_ref(), limit).await? {
        return Ok(found);
    }
    let mut conditions = conditions(store, filter, actor).await?;
    if let Some(after) = &after {
        order.behind(&mut conditions, after, true);
    }
    listed(store, conditions, order, limit).await
}

/// The same, had by looking into the first tickets; `None` where that is not the way.
async fn walked(
    store: &Store,
    filter: &TicketFilter,
    actor: &Actor,
    after: Option<&Key>,
    limit: i64,
) -> Result<Option<Vec<TicketRow>>, DeskError> {
    let (search, order) = (search_of(filter)?, Order::of(filter.sort));
    if !search_walk::is_possible(store, &search).await? {
        return Ok(None);
    }
    let frequent_tag = is_tag_frequent(store, filter).await?;
    let facts = || {
        let mut conditions = Conditions::default();
        by_all_facts(&mut conditions, filter, &search, actor, frequent_tag);
        if let Some(after) = after {
            order.behind(&mut conditions, after, true);
        }
        conditions
    };
    let mut step = Some(search_walk::Steps::begin(store).await?);
    while let Some(now) = step {
        let end = now.end(store, facts(), order).await?;
        let mut conditions = facts();
        if let Some(end) = &end {
            order.behind(&mut conditions, end, false);
        }
        search_walk::by_words(&mut conditions, store.dialect, &search);
        let found = listed(store, conditions, order, limit).await?;
        let many = i64::try_from(found.len()).unwrap_or(i64::MAX);
        if end.is_none() || many >= limit {
            return Ok(Some(found));
        }
        step = now.next(many, limit);
    }
    Ok(None)
}

async fn listed(
    store: &Store,
    mut conditions: Conditions,
    Order { column, direction, .. }: Order,
    limit: i64,
) -> Result<Vec<TicketRow>, DeskError> {
    let limit = conditions.number(limit);
    let sql = format!(
        "{TICKET_SELECT}{} ORDER BY {column} {direction}, t.id {direction} LIMIT {limit}",
        conditions.clause()
    );
    let mut connection = store.reader().acquire().await?;
    let found = conditions.bind(sqlx::query(AssertSqlSafe(sql))).fetch_all(&mut *connection).await?;
    rows::tickets(store, &mut *connection, &found).await
}

/// How many tickets match, at most [`COUNTED`] and one.
pub(crate) async fn count(store: &Store, filter: &TicketFilter, actor: &Actor) -> Result<i64, DeskError> {
    let mut conditions = conditions(store, filter, actor).await?;
    let limit = conditions.number(COUNTED + 1);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 AS one {TICKET_FROM}{} LIMIT {limit}) AS counted",
        conditions.clause()
    );
    let row = conditions.bind(sqlx::query(AssertSqlSafe(sql))).fetch_one(store.reader()).await?;
    Ok(row.try_get(0)?)
}

fn by_facts(conditions: &mut Conditions, filter: &TicketFilter, actor: &Actor) {
    // With both tables in it no planner reads all profiles first for those that stay, whatever it knows of their numbers.
    conditions.add("(p.erasing = 0 OR t.id IS NULL)".into());
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
    match filter.team {
        None => {}
        Some(TeamFilter::None) => conditions.add("t.team_id IS NULL".into()),
        Some(TeamFilter::Team(id)) => conditions.one_of("t.team_id", [id.to_string()]),
    }
    if let Some(unread) = filter.unread {
        // a constant, so that the partial index of unread tickets is used
        conditions.add(format!("t.unread = {}", i64::from(unread)));
    }
    if !filter.attribution.is_empty() {
        conditions.one_of("c.kind", filter.attribution.iter().cloned());
    }
    if let Some(blocked) = filter.blocked {
        conditions.add(format!("p.blocked_at IS {}NULL", if blocked { "NOT " } else { "" }));
    }
    if let Some(mentioned) = filter.mentioned {
        let (me, not) = (conditions.text(&actor.id.to_string()), if mentioned { "" } else { "NOT " });
        conditions.add(format!("t.id {not}IN (SELECT ticket_id FROM note_mentions WHERE user_id = {me})"));
    }
    if let Some(campaign) = &filter.campaign {
        let campaign = conditions.text(campaign);
        conditions.add(format!(
            "t.id IN (SELECT m.ticket_id FROM campaign_messages c JOIN messages m ON m.credited_id = c.message_id \
             WHERE c.source_id = {campaign})"
        ));
    }
    if let Some(profile) = filter.profile {
        conditions.one_of("t.profile_id", [profile.to_string()]);
    }
}

fn by_tags(conditions: &mut Conditions, filter: &TicketFilter, frequent: bool) {
    let tags: Vec<_> = tags(filter).map(|tag| conditions.text(&tag)).collect();
    if tags.is_empty() {
        return;
    }
    let tags = tags.join(", ");
    conditions.add(if frequent {
        format!("(SELECT 1 FROM ticket_tags x WHERE x.ticket_id = t.id AND x.tag IN ({tags}) LIMIT 1) = 1")
    } else {
        format!("t.id IN (SELECT ticket_id FROM ticket_tags WHERE tag IN ({tags}))")
    });
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

/// Profiles with unread tickets.
pub(crate) async fn unread_profiles(store: &Store) -> Result<i64, DeskError> {
    let sql = "SELECT count(DISTINCT profile_id) FROM tickets WHERE unread = 1";
    Ok(sqlx::query_scalar(sql).fetch_one(store.reader()).await?)
}

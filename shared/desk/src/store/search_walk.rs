//! Frequent words. An index gives all places of a word, in no order that helps, and of the beginning of a word all places of
//! all words that begin so. So a list is begun without it: its first tickets are looked into one after the other. Where the
//! words are frequent, the page is soon full; where they are not, the index is the better way.

use domain::search::{Phrase, Search, Term};
use sqlx::{AssertSqlSafe, Row};

use super::{
    Dialect, Store,
    rows::TICKET_FROM,
    search::Conditions,
    search_query,
    ticket_list::{Key, Order},
};
use crate::DeskError;

/// Tickets of a first try.
const SAMPLE: i64 = 200;
/// Tickets that are looked into at most, one in so many of all there are: the index takes longer the more there are, while each
/// ticket that is looked into takes some 10 microseconds, 30 on PostgreSQL.
const ONE_IN: i64 = 100;
const MOST: std::ops::RangeInclusive<i64> = 400..=6_000;

/// Whether a list may be begun so: there are words, and every document has its own beside it.
pub(super) async fn is_possible(store: &Store, search: &Search) -> Result<bool, DeskError> {
    let has_words = [&search.terms, &search.from, &search.subject].into_iter().any(|terms| !terms.is_empty());
    if !has_words || search.nothing || store.dialect.words_in_rows {
        return Ok(has_words && !search.nothing);
    }
    let sql = "SELECT kind FROM search_backlog LIMIT 1";
    let behind: Option<String> = sqlx::query_scalar(sql).fetch_optional(store.reader()).await?;
    Ok(behind.is_none())
}

/// How many tickets are looked into, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    now: i64,
    most: i64,
}

impl Steps {
    /// The first one.
    pub(super) async fn begin(store: &Store) -> Result<Self, DeskError> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(number) FROM tickets").fetch_one(store.reader()).await?;
        Ok(Self::among(last.unwrap_or_default()))
    }

    fn among(tickets: i64) -> Self {
        Self { now: SAMPLE, most: (tickets / ONE_IN).clamp(*MOST.start(), *MOST.end()) }
    }

    /// Where the list is cut this time; `None` where it is shorter.
    pub(super) async fn end(
        self,
        store: &Store,
        facts: Conditions,
        order: Order,
    ) -> Result<Option<Key>, DeskError> {
        let Order { column, direction, .. } = order;
        let sql = format!(
            "SELECT {column} AS at, t.id {TICKET_FROM}{} ORDER BY {column} {direction}, t.id {direction} LIMIT 1 OFFSET {}",
            facts.clause(),
            self.now
        );
        let row = facts.bind(sqlx::query(AssertSqlSafe(sql))).fetch_optional(store.reader()).await?;
        row.map(|row| Ok((row.try_get("at")?, row.try_get("id")?))).transpose()
    }

    /// The next step after so many of the `wanted` were found: as many tickets as will do; `None` if that would be too many.
    pub(super) fn next(self, found: i64, wanted: i64) -> Option<Self> {
        if self.now > SAMPLE || found == 0 {
            return None;
        }
        let needed = self.now * wanted * 3 / (found * 2);
        (needed <= self.most).then_some(Self { now: needed, ..self })
    }
}

/// Adds where the words of a search must stand, looked for in each ticket alone.
pub(super) fn by_words(conditions: &mut Conditions, dialect: &Dialect, search: &Search) {
    let in_documents = |conditions: &mut Conditions, which: &str, term: &Term| {
        let found = in_row(conditions, dialect, term);
        // with a limit no planner makes a set of it
        format!("(SELECT 1 FROM search_docs d WHERE {which} AND {found} LIMIT 1) = 1")
    };
    for term in &search.terms {
        let (own, customers) =
            (in_documents(conditions, OF_TICKET, term), in_documents(conditions, OF_CUSTOMER, term));
        conditions.add(format!("({own} OR {customers})"));
    }
    for term in &search.from {
        let found = in_documents(conditions, OF_CUSTOMER, term);
        conditions.add(found);
    }
    for term in &search.subject {
        let found = in_documents(conditions, SUBJECT, term);
        conditions.add(found);
    }
}

const OF_TICKET: &str = "d.ticket_id = t.id";
const OF_CUSTOMER: &str = "d.kind = 'profile' AND d.source_id = t.profile_id";
const SUBJECT: &str = "d.kind = 'subject' AND d.source_id = t.id";

/// The condition that the document `d` has one of these phrases, to be asked about few.
pub(super) fn in_row<'a>(
    conditions: &mut Conditions,
    dialect: &Dialect,
    any: impl IntoIterator<Item = &'a Phrase>,
) -> String {
    if dialect.words_in_rows {
        return search_query::matching(conditions, dialect, any);
    }
    let one = |phrase: &Phrase| {
        let end = if phrase.begins { "" } else { " " };
        let wanted = conditions.text(&format!(" {}{end}", phrase.words.join(" ")));
        format!("instr(d.words, {wanted}) > 0")
    };
    let all: Vec<String> = any.into_iter().map(one).collect();
    format!("({})", all.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::{super::SQLITE, *};

    #[test]
    fn the_second_step_is_as_long_as_the_first_says_and_no_longer_than_the_index_takes() {
        let second = |tickets, found| Steps::among(tickets).next(found, 51).map(|step| step.now);
        assert_eq!(second(1_000_000, 50), Some(306));
        assert_eq!(second(1_000_000, 3), Some(5_100));
        assert_eq!(second(1_000_000, 2), None, "the index is better");
        assert_eq!((second(100_000, 20), second(100_000, 3)), (Some(765), None));
        assert_eq!((second(10, 50), second(10, 0)), (Some(306), None));
        let again = Steps::among(1_000_000).next(50, 51).unwrap();
        assert_eq!(again.next(50, 51), None, "there is no third one");
    }

    #[test]
    fn words_stand_whole_but_for_the_last_one_of_what_is_still_typed() {
        let phrase = |words: &[&str], begins| Phrase {
            words: words.iter().map(ToString::to_string).collect(),
            begins,
        };
        let mut conditions = Conditions::default();
        let found =
            in_row(&mut conditions, &SQLITE, &[phrase(&["red", "lamp"], false), phrase(&["la"], true)]);
        assert_eq!(found, "(instr(d.words, $1) > 0 OR instr(d.words, $2) > 0)");
    }
}

//! Conditions built at run time, with their values bound in order; never text from outside inside the SQL.

use sqlx::{Any, any::AnyArguments, query::Query};

enum Bound {
    Text(String),
    Number(i64),
}

/// Conditions that all must hold, and the values they refer to.
#[derive(Default)]
pub(crate) struct Conditions {
    conditions: Vec<String>,
    values: Vec<Bound>,
}

impl Conditions {
    /// Binds a text; returns its placeholder.
    pub(crate) fn text(&mut self, value: &str) -> String {
        // PostgreSQL takes no NUL in a text, and no text here holds one.
        self.values.push(Bound::Text(value.replace('\0', "")));
        format!("${}", self.values.len())
    }

    /// Binds a number; returns its placeholder.
    pub(crate) fn number(&mut self, value: i64) -> String {
        self.values.push(Bound::Number(value));
        format!("${}", self.values.len())
    }

    /// Adds a condition written with placeholders.
    pub(crate) fn add(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    /// Adds: the column is one of these.
    pub(crate) fn one_of(&mut self, column: &str, values: impl IntoIterator<Item = String>) {
        let list: Vec<_> = values.into_iter().map(|value| self.text(&value)).collect();
        self.add(format!("{column} IN ({})", list.join(", ")));
    }

    /// ` WHERE … AND …`, or nothing.
    pub(crate) fn clause(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.conditions.join(" AND "))
        }
    }

    /// `…, …`: the same as a list, for `SET`.
    pub(crate) fn list(&self) -> String {
        self.conditions.join(", ")
    }

    /// Binds the values in order.
    pub(crate) fn bind(self, query: Query<'_, Any, AnyArguments>) -> Query<'_, Any, AnyArguments> {
        self.values.into_iter().fold(query, |query, value| match value {
            Bound::Text(text) => query.bind(text),
            Bound::Number(number) => query.bind(number),
        })
    }
}

/// A `LIKE … ESCAPE '\'` pattern for a text that holds these words anywhere, whatever characters they have.
pub(crate) fn pattern(words: &str) -> String {
    let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wild_cards_of_the_database_are_plain_characters_in_a_search() {
        assert_eq!(pattern("50%_\\"), "%50\\%\\_\\\\%");
    }

    #[test]
    fn conditions_name_their_values_in_order() {
        let mut conditions = Conditions::default();
        assert_eq!(conditions.clause(), "");
        conditions.one_of("status", ["open".into(), "closed".into()]);
        let at = conditions.number(5);
        conditions.add(format!("at > {at}"));
        assert_eq!(conditions.clause(), " WHERE status IN ($1, $2) AND at > $3");
    }
}

//! Lists in pages by key: a page tells where the next one begins, so a list stays right while rows come and go, and
//! the hundredth page costs what the first costs.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::DeskError;

/// The longest page.
pub const MAX_LIMIT: i64 = 200;

/// Which page is wanted.
#[derive(Clone, Debug)]
pub struct PageRequest {
    limit: i64,
    cursor: Option<String>,
}

impl PageRequest {
    /// At most `limit` (1 to [`MAX_LIMIT`]) from where `cursor`, given by the page before, points to.
    pub fn new(limit: i64, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// How many, checked.
    pub(crate) fn limit(&self) -> Result<i64, DeskError> {
        if (1..=MAX_LIMIT).contains(&self.limit) {
            Ok(self.limit)
        } else {
            Err(DeskError::invalid("limit", format!("limit must be from 1 to {MAX_LIMIT}")))
        }
    }

    /// The key of the last row of the page before.
    pub(crate) fn after(&self) -> Result<Option<(i64, String)>, DeskError> {
        self.cursor.as_deref().map(read_cursor).transpose()
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(50, None)
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of rows that were asked for with one more than `limit`; `key` is what the list is sorted by.
    pub(crate) fn cut(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> (i64, String)) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(key);
        Self { data: rows, next_cursor: last.map(|(at, id)| write_cursor(at, &id)) }
    }
}

/// A place in a list sorted by a time (or another number) and an id, for the outside: opaque.
pub(crate) fn write_cursor(at: i64, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{at}.{id}"))
}

/// The place a cursor stands for.
pub(crate) fn read_cursor(cursor: &str) -> Result<(i64, String), DeskError> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (at, id) = text.split_once('.')?;
        let plain = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        Some((at.parse().ok()?, plain.then(|| id.to_owned())?))
    };
    read().ok_or_else(|| DeskError::invalid("cursor", "this cursor was not given by this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let place = (1_763_700_000_123, "0199f0c2-0000-7000-8000-000000000001".to_owned());
        assert_eq!(read_cursor(&write_cursor(place.0, &place.1)).unwrap(), place);
        for odd in ["", "%%%", "eA", "MS4nOyBEUk9Q", "LjE"] {
            assert!(read_cursor(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn only_a_full_page_with_more_behind_it_has_a_next_one() {
        let key = |n: &i64| (*n, format!("id{n}"));
        assert_eq!(Page::cut(vec![1, 2], 2, key).next_cursor, None);
        let page = Page::cut(vec![1, 2, 3], 2, key);
        assert_eq!(page.data, [1, 2]);
        assert_eq!(read_cursor(&page.next_cursor.unwrap()).unwrap(), (2, "id2".into()));
        assert!(PageRequest::new(201, None).limit().is_err() && PageRequest::new(0, None).limit().is_err());
    }
}

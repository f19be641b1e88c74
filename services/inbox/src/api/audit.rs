//! Who did what.

use std::fmt::Write as _;

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use desk::{
    Desk, DeskError, PageRequest,
    audit::{AuditEntry as Entry, AuditFilter},
};
use domain::Timestamp;
use futures::{StreamExt, stream};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Problem, Query};

use super::{PAGE, read};
use crate::{
    Shared,
    auth::Admin,
    refusal::Answer,
    view::{Page, audit::AuditEntry},
};

/// Lines that are read at once for a file.
const AT_ONCE: i64 = 200;
/// The first line of a file.
const HEAD: &str = "at,actor_kind,actor_id,actor,address,action,object_kind,object_id,object,changes\r\n";

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Done by the user or API key of this id.
    actor: Option<String>,
    /// What was done, such as `changed`.
    action: Option<String>,
    /// To what: a kind such as `user`, or a kind and an id, `user:0199…`.
    object: Option<String>,
    /// Not before, RFC 3339.
    from: Option<String>,
    /// Before, RFC 3339.
    to: Option<String>,
    /// At most this many, up to 200.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl AuditQuery {
    fn filter(&self) -> Result<AuditFilter, Problem> {
        let moment = |name: &str, text: &Option<String>| {
            let read = |text: &String| {
                Timestamp::parse(text)
                    .map_err(|error| Problem::bad_request("bad_query", format!("{name}: {error}")))
            };
            text.as_ref().map(read).transpose()
        };
        let (noun, id) =
            match self.object.as_deref().map(|object| object.split_once(':').unwrap_or((object, ""))) {
                Some((noun, id)) => (Some(read("object", noun)?), (!id.is_empty()).then(|| id.to_owned())),
                None => (None, None),
            };
        Ok(AuditFilter {
            by: self.actor.clone(),
            action: self.action.as_deref().map(|action| read("action", action)).transpose()?,
            noun,
            object: id,
            from: moment("from", &self.from)?,
            to: moment("to", &self.to)?,
        })
    }
}

/// Who did what, newest first, in pages.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Page<AuditEntry>)))]
pub async fn list(
    State(app): State<Shared>,
    _admin: Admin,
    Query(query): Query<AuditQuery>,
) -> Answer<web::Json<Page<AuditEntry>>> {
    let filter = query.filter()?;
    let page = PageRequest::new(query.limit.unwrap_or(PAGE), query.cursor);
    Ok(web::Json(Page::of(app.desk.audit(&filter, &page).await?)))
}

/// The same as CSV, all of it.
#[utoipa::path(get, path = "/audit.csv", tag = "audit", params(AuditQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn file(
    State(app): State<Shared>,
    _admin: Admin,
    Query(query): Query<AuditQuery>,
) -> Answer<Response> {
    let filter = query.filter()?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-log.csv\""),
    ];
    let head = stream::once(async { Ok::<_, DeskError>(HEAD.to_owned()) });
    let body = Body::from_stream(head.chain(pages(app.desk.clone(), filter)));
    Ok((headers, body).into_response())
}

fn pages(desk: Desk, filter: AuditFilter) -> impl futures::Stream<Item = Result<String, DeskError>> {
    stream::try_unfold(Some(None), move |next: Option<Option<String>>| {
        let (desk, filter) = (desk.clone(), filter.clone());
        async move {
            let Some(cursor) = next else { return Ok(None) };
            let page = desk.audit(&filter, &PageRequest::new(AT_ONCE, cursor)).await?;
            let lines: String = page.data.iter().map(line).collect();
            Ok(Some((lines, page.next_cursor.map(Some))))
        }
    })
}

fn line(entry: &Entry) -> String {
    let changes: Vec<String> = entry
        .changes
        .iter()
        .map(|change| format!("{}: {} -> {}", change.field, change.before, change.after))
        .collect();
    let cells = [
        entry.at.to_string(),
        entry.by.kind.to_string(),
        entry.by.id.clone(),
        entry.by.name.clone(),
        entry.address.clone().unwrap_or_default(),
        entry.action.to_string(),
        entry.noun.to_string(),
        entry.object_id.clone(),
        entry.object_name.clone().unwrap_or_default(),
        changes.join("; "),
    ];
    let mut line = String::new();
    for (n, cell) in cells.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        // Writing into a string cannot fail.
        let _ = write!(line, "{comma}{}", quoted(cell));
    }
    line + "\r\n"
}

/// A cell (RFC 4180); one that a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_nor_two_cells() {
        assert_eq!(quoted("Ana \"A\", B"), "\"Ana \"\"A\"\", B\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted(""), "\"\"");
    }
}

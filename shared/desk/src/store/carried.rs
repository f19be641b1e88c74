//! What texts carry besides their words: the campaign they are attributed to, short links, files still to come.

use std::collections::HashMap;

use domain::message::{Attribution, Carried, ShortLink};
use sqlx::{Any, Executor, Row, any::AnyRow};

use super::{
    Store,
    rows::{attribution, rows_of},
};
use crate::DeskError;

/// Of these message rows, by the message's id; those that carry nothing are left out.
pub(super) async fn of<E>(
    store: &Store,
    executor: &mut E,
    rows: &[AnyRow],
) -> Result<HashMap<String, Carried>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let mut credited = HashMap::new();
    let mut with_links = Vec::new();
    let mut found: HashMap<String, Carried> = HashMap::new();
    for row in rows {
        let id: String = row.try_get("id")?;
        let files_pending = row.try_get("files_pending")?;
        if files_pending > 0 {
            found.entry(id.clone()).or_default().files_pending = files_pending;
        }
        if let Some(campaign) = row.try_get::<Option<String>, _>("credited_id")? {
            credited.insert(id.clone(), campaign);
        }
        if row.try_get::<i64, _>("has_links")? != 0 {
            with_links.push(id);
        }
    }
    let campaigns = campaigns(store, executor, credited.values().cloned().collect()).await?;
    for (id, campaign) in credited {
        found.entry(id).or_default().attribution = campaigns.get(&campaign).cloned();
    }
    let sql = "SELECT message_id, code, url, clicks FROM links WHERE message_id IN";
    for row in rows_of(store, executor, sql, "ORDER BY message_id, position", &with_links).await? {
        let link = ShortLink {
            code: row.try_get("code")?,
            url: row.try_get("url")?,
            clicks: row.try_get("clicks")?,
        };
        found.entry(row.try_get("message_id")?).or_default().links.push(link);
    }
    Ok(found)
}

async fn campaigns<E>(
    store: &Store,
    executor: &mut E,
    ids: Vec<String>,
) -> Result<HashMap<String, Attribution>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let sql = "SELECT message_id, kind, source_id, source_name FROM campaign_messages WHERE message_id IN";
    let rows = rows_of(store, executor, sql, "", &ids).await?;
    let mut found = HashMap::new();
    for row in &rows {
        if let Some(campaign) = attribution(row)? {
            found.insert(campaign.message_id.to_string(), campaign);
        }
    }
    Ok(found)
}

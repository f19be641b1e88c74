//! What rules can look at of a customer.

use std::collections::BTreeMap;

use domain::event::TicketView;
use sqlx::{Any, Executor};

use crate::{DeskError, store::people};

/// Name, address, place, and what was filled in before a chat.
pub(crate) async fn known_of<E>(
    executor: &mut E,
    ticket: &TicketView,
) -> Result<BTreeMap<String, String>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let place = people::place(executor, ticket.profile.id).await?;
    let mut known = ticket.chat.as_ref().map(|chat| chat.form.clone()).unwrap_or_default();
    let facts = [
        ("name", ticket.profile.name.clone()),
        ("address", Some(ticket.profile.address.clone())),
        ("location", place.location),
        ("time_zone", place.time_zone),
    ];
    known.extend(facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(known)
}

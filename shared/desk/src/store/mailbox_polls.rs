//! How mailboxes are read that cannot forward.

use domain::{EmailAddress, Timestamp, event::PollMark};
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::Tx;
use crate::{DeskError, polls::Poll};

/// How it stands with a mailbox.
pub(crate) async fn poll(
    connection: &mut AnyConnection,
    mailbox: &EmailAddress,
) -> Result<Option<Poll>, DeskError> {
    let row = sqlx::query(
        "SELECT polled_at, error, failing_since, uid_validity, uid_next, by_number FROM mailbox_polls WHERE mailbox = $1",
    )
    .bind(mailbox.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<Poll, DeskError> {
    let moment =
        |column: &str| Ok::<_, DeskError>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis));
    let number = |column: &str| {
        let number: Option<i64> = row.try_get(column)?;
        Ok::<_, DeskError>(number.and_then(|number| u32::try_from(number).ok()))
    };
    let (polled_at, validity, next) = (moment("polled_at")?, number("uid_validity")?, number("uid_next")?);
    let by_number = row.try_get::<i64, _>("by_number")? != 0;
    let mark = polled_at.zip(validity).zip(next);
    Ok(Poll {
        polled_at,
        error: row.try_get("error")?,
        failing_since: moment("failing_since")?,
        mark: mark.map(|((at, uid_validity), uid_next)| PollMark { uid_validity, uid_next, at, by_number }),
    })
}

/// It was read so far.
pub(crate) async fn worked(
    tx: &mut Tx,
    mailbox: &EmailAddress,
    mark: PollMark,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO mailbox_polls (mailbox, polled_at, uid_validity, uid_next, by_number) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (mailbox) DO UPDATE SET polled_at = $2, uid_validity = $3, \
         uid_next = $4, by_number = $5, error = NULL, failing_since = NULL",
    )
    .bind(mailbox.as_str())
    .bind(now.millis())
    .bind(i64::from(mark.uid_validity))
    .bind(i64::from(mark.uid_next))
    .bind(i64::from(mark.by_number))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// It cannot be read now.
pub(crate) async fn failed(
    tx: &mut Tx,
    mailbox: &EmailAddress,
    error: &str,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO mailbox_polls (mailbox, error, failing_since) VALUES ($1, $2, $3) ON CONFLICT (mailbox) \
         DO UPDATE SET error = $2, failing_since = COALESCE(mailbox_polls.failing_since, $3)",
    )
    .bind(mailbox.as_str())
    .bind(error)
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

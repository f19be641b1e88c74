//! What surrounds every event.

use domain::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{DecodeError, topic::Topic};

/// Version of the envelope and of the events in it. Readers accept what they know and ignore unknown fields.
pub const SCHEMA: u32 = 1;

/// An event with its id, time and trace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// Once-only id, such as `sms:AC1:SM1`.
    pub id: String,
    /// When it was published first.
    pub at: Timestamp,
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// W3C `traceparent`, so that one trace runs from webhook to reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The event itself.
    pub event: Box<RawValue>,
}

impl Envelope {
    /// Wraps an event.
    ///
    /// # Errors
    /// The event cannot be written as JSON.
    pub fn wrap<T: Serialize>(
        id: &str,
        at: Timestamp,
        traceparent: Option<String>,
        event: &T,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: id.to_owned(),
            at,
            schema: SCHEMA,
            traceparent,
            event: serde_json::value::to_raw_value(event)?,
        })
    }

    /// The event as the topic's type.
    ///
    /// # Errors
    /// It is not that type.
    pub fn read<T: DeserializeOwned>(&self, topic: Topic<T>) -> Result<T, DecodeError> {
        serde_json::from_str(self.event.get())
            .map_err(|source| DecodeError { subject: topic.subject, source })
    }
}

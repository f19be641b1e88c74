//! The widget's protocol (contract §6): JSON text frames, each with a `type`. The golden frames in `protocol/` are
//! read by the tests of this crate and of the widget.

mod client;
mod server;

pub use client::{ClientFrame, Hello, HelloVisitor, Identify, NewMessage};
pub use server::{
    Branding, ChatAttachment, ChatAuthor, ChatMessage, Form, Office, PastChat, Reader, Ready, ServerFrame,
    TicketStatus,
};

/// Largest frame taken from a browser, in bytes.
pub const MAX_FRAME: usize = 64 * 1024;
/// Longest text of a message, in characters.
pub const MAX_TEXT: usize = 8_000;
/// Most files of a message.
pub const MAX_FILES: usize = 5;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn golden(text: &str) -> Vec<(String, Value)> {
        let frames: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        frames.into_iter().collect()
    }

    #[test]
    fn every_golden_client_frame_is_read_and_written_alike() {
        for (name, frame) in golden(include_str!("../../protocol/client.json")) {
            let read: ClientFrame =
                serde_json::from_value(frame.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(serde_json::to_value(&read).unwrap(), frame, "{name}");
        }
    }

    #[test]
    fn every_golden_server_frame_is_read_and_written_alike() {
        let both = [include_str!("../../protocol/server.json"), include_str!("../../protocol/stream.json")];
        for (name, frame) in both.into_iter().flat_map(golden) {
            let read: ServerFrame =
                serde_json::from_value(frame.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(serde_json::to_value(&read).unwrap(), frame, "{name}");
        }
    }

    #[test]
    fn a_message_may_be_called_send() {
        let id = "0b3f6a52-58c5-4c6e-8a4b-2a4b0a6f9a01";
        let as_either = ["message", "send"].map(|kind| {
            let frame = serde_json::json!({"type": kind, "client_id": id, "text": "hi"});
            serde_json::from_value::<ClientFrame>(frame).unwrap()
        });
        assert_eq!(as_either[0], as_either[1]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for odd in
            ["", "[]", "{}", r#"{"type":"dance"}"#, r#"{"type":"message","text":"hi"}"#, r#"{"type":"seen"}"#]
        {
            assert!(serde_json::from_str::<ClientFrame>(odd).is_err(), "{odd}");
        }
    }
}

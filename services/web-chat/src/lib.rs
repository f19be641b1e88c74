//! web-chat

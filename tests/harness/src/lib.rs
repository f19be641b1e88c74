//! The product from outside: starts the real executable in either shape on free ports, and drives it as phones,
//! mail servers, visitors and agents do.

pub mod agent;
pub mod authenticator;
pub mod carriers;
pub mod dns;
pub mod dovecot;
pub mod frontdesk;
pub mod mail;
pub mod nats;
pub mod oauth;
pub mod openid;
pub mod ports;
pub mod postfix;
pub mod postgres;
pub mod process;
pub mod smtp_sink;
pub mod twilio;
pub mod twilio_media;
pub mod visitor;

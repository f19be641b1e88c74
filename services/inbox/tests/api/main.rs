//! The agents' API over HTTP, with a real desk on SQLite and the embedded bus.
#![cfg(test)]

mod access;
mod accounts;
mod files;
mod live;
mod openapi;
mod problems;
mod repeats;
mod tickets;
mod world;

//! The agents' API over HTTP, with a real desk on SQLite (what reads in other ways: on PostgreSQL too) and the embedded bus.
#![cfg(test)]

mod access;
mod accounts;
mod browser;
mod bulk;
mod campaigns;
mod drafts;
mod exports;
mod files;
mod leaving;
mod links;
mod live;
mod mail_html;
mod mailboxes;
mod merge;
mod oidc;
mod openapi;
mod passkeys;
mod preferences;
mod preview;
mod problems;
mod repeats;
mod retention;
mod routing;
mod second_step;
mod tags;
mod tickets;
mod views;
mod webhooks;
mod words;
mod world;

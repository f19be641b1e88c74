//! Each test posts texts as a carrier does (again and again until it gets a 2xx) while something is killed, and then
//! counts: every text that got a 2xx is in exactly one message.

mod bulk;
mod crowd;
mod erasure;
mod kill;
mod leaving;
mod mail;
mod outage;
mod storm;
mod visitors;

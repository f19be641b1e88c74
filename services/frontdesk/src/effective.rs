//! `frontdesk config`: what is in effect, with what is set up in the console.

use host::{Configuration, HostParts, config::ChannelKind};

use crate::cli::{complain, say};

/// Prints the effective configuration as TOML, secrets hidden. What is set up in the console is part of it where there is
/// an installation already, and named at the top.
///
/// # Errors
/// The folder of the installation cannot be used.
pub async fn print(given: Configuration) -> anyhow::Result<()> {
    if !given.data_dir.exists() {
        say(given.to_toml().trim_end());
        return Ok(());
    }
    let mut parts = HostParts::new(given)?;
    match parts.with_console_channels().await {
        Ok(whole) => parts = whole,
        Err(error) => complain(format_args!("frontdesk: without what is set up in the console: {error:#}")),
    }
    for (kind, name) in parts.console_channels() {
        say(format_args!("# {} {name} is set up in the console", word(kind)));
    }
    say(parts.config().to_toml().trim_end());
    Ok(())
}

fn word(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Number => "number",
        ChannelKind::Mailbox => "mailbox",
        ChannelKind::Site => "chat site",
    }
}

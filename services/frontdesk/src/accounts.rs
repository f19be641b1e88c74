//! The database from the shell: migrations, the first owner, people and keys.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use desk::{Actor, Channels, Desk, DeskError, Options, accounts::NewUser};
use domain::{EmailAddress, Role};
use host::{Configuration, Secret, SystemClock, config::shown};

use crate::cli::say;

/// Longest password that is read.
const LONGEST_PASSWORD: u64 = 4096;

/// Where the password of a new person comes from.
pub enum PasswordFrom {
    /// The first line of a file.
    File(PathBuf),
    /// The first line of stdin.
    Stdin,
    /// Nowhere: they come in by a link.
    Link,
}

/// How the first owner comes in.
pub enum Entrance {
    /// There is a password; with this address.
    Password(EmailAddress),
    /// By this link, once.
    Link(String),
    /// Somebody else runs the place already.
    Settled,
}

/// Why a desk could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no folder for it.
    #[error("{0:#}")]
    Folder(anyhow::Error),
    /// The database refuses, or is not there.
    #[error(transparent)]
    Database(#[from] DeskError),
}

/// Opens the desk of this installation, without a bus: events wait in the outbox for ticketing.
pub async fn open_desk_plainly(config: &Configuration) -> Result<Desk, OpenError> {
    let database_url = config.database_url();
    if database_url.starts_with("sqlite:") {
        host::make_data_dir(config).map_err(OpenError::Folder)?;
    }
    let (clock, channels) = (Arc::new(SystemClock), Channels::default());
    Ok(Desk::open(Options { database_url, bus: None, clock, channels }).await?)
}

/// [`open_desk_plainly`], saying what to do where it fails.
pub async fn open_desk(config: &Configuration) -> anyhow::Result<Desk> {
    open_desk_plainly(config).await.with_context(|| {
        let address = shown(&config.database_url());
        format!("cannot use the database at {address} (database.url; `frontdesk doctor` says more)")
    })
}

/// Brings the database to this version, and makes the first owner if one is configured.
pub async fn migrate(config: Configuration) -> anyhow::Result<()> {
    let desk = open_desk(&config).await?;
    desk.migrate().await.context("cannot migrate")?;
    if is_owner_configured(&config) {
        ensure_owner(&desk, &config).await?;
    }
    desk.close().await;
    say("the database is at this version");
    Ok(())
}

/// Whether the configuration says how the first owner comes in.
pub fn is_owner_configured(config: &Configuration) -> bool {
    config.owner.password.is_some() || config.owner.api_key.is_some()
}

/// Makes the first owner, once; says how to come in.
pub async fn ensure_owner(desk: &Desk, config: &Configuration) -> anyhow::Result<Entrance> {
    let owner = &config.owner;
    let (password, key) =
        (owner.password.as_ref().map(Secret::expose), owner.api_key.as_ref().map(Secret::expose));
    let setup =
        desk.ensure_owner(owner.email.as_ref(), password, key).await.context("cannot make the owner")?;
    Ok(match (setup.sign_in_token, setup.user) {
        (Some(token), _) => Entrance::Link(welcome_link(config, &token)),
        (None, Some(user)) => Entrance::Password(user.email),
        (None, None) => Entrance::Settled,
    })
}

/// Adds somebody; prints the link, or that they were added.
pub async fn add_user(
    config: Configuration,
    email: EmailAddress,
    name: Option<String>,
    role: Role,
    from: PasswordFrom,
) -> anyhow::Result<()> {
    let password = match &from {
        PasswordFrom::File(path) => Some(password_of_file(path)?),
        PasswordFrom::Stdin => {
            Some(first_line(std::io::stdin()).context("cannot read the password from stdin")?)
        }
        PasswordFrom::Link => None,
    };
    let needs_link = password.is_none();
    let desk = ready_desk(&config).await?;
    let user = desk.create_user(NewUser { email, name, role, password }, &shell()).await?;
    if needs_link {
        let token = desk.create_sign_in_link(user.id, &shell()).await?;
        say(welcome_link(&config, &token));
    } else {
        say(format_args!("added {} as {role}", user.email));
    }
    desk.close().await;
    Ok(())
}

/// Takes the second step and the passkeys away from somebody who has lost them, and ends their sessions.
pub async fn reset_second_step(config: Configuration, email: EmailAddress) -> anyhow::Result<()> {
    let desk = ready_desk(&config).await?;
    let user = desk.user_by_email(&email).await.with_context(|| format!("nobody signs in as {email}"))?;
    desk.reset_second_step(user.id, &shell()).await?;
    say(format_args!("{email} signs in with the password alone now, and is signed out everywhere"));
    desk.close().await;
    Ok(())
}

/// Adds a key and prints it alone, so that a script can keep it.
pub async fn add_key(config: Configuration, name: String, role: Role) -> anyhow::Result<()> {
    let desk = ready_desk(&config).await?;
    let key = desk.create_key(&name, role, None, &shell()).await?;
    say(key.key);
    desk.close().await;
    Ok(())
}

/// Who types these commands, for the audit log.
fn shell() -> Actor {
    Actor { name: "Command line".into(), ..Actor::system() }
}

/// The desk, once its database has the right version. One machine's SQLite is brought there, as `up` does.
async fn ready_desk(config: &Configuration) -> anyhow::Result<Desk> {
    let desk = open_desk(config).await?;
    if config.database_url().starts_with("sqlite:") {
        desk.migrate().await.context("cannot migrate")?;
    }
    desk.ready().await.map_err(anyhow::Error::msg)?;
    Ok(desk)
}

/// Where the console takes a one-time token.
fn welcome_link(config: &Configuration, token: &str) -> String {
    format!("{}/#/welcome?token={token}", config.public_url.as_str().trim_end_matches('/'))
}

fn password_of_file(path: &Path) -> anyhow::Result<String> {
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    first_line(file).with_context(|| format!("cannot read the password in {}", path.display()))
}

fn first_line(from: impl Read) -> anyhow::Result<String> {
    let mut line = String::new();
    BufReader::new(from.take(LONGEST_PASSWORD)).read_line(&mut line)?;
    let password = line.trim_end_matches(['\n', '\r']);
    ensure!(!password.is_empty(), "the first line is empty");
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_whatever_ends_it() {
        for text in ["hunter2 \n", "hunter2 \r\nmore", "hunter2 "] {
            assert_eq!(first_line(text.as_bytes()).unwrap(), "hunter2 ");
        }
        assert!(first_line(&b"\nhunter2"[..]).is_err());
    }

    #[test]
    fn the_link_leads_to_the_console_whatever_the_address_ends_with() {
        for address in ["https://desk.example.com", "https://desk.example.com/"] {
            let config = Configuration::parse(&format!("public_url = {address:?}")).unwrap();
            assert_eq!(welcome_link(&config, "abc"), "https://desk.example.com/#/welcome?token=abc");
        }
    }
}

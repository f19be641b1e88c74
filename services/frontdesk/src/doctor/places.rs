//! Where things are kept: files, broker, database.

use std::time::Duration;

use bus::jetstream::{FLOOR, ProbeError};
use host::{Configuration, HostParts, config::shown};
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::{Complaint, Finding, complaint};
use crate::accounts::{self, OpenError};

/// Written, read and deleted again.
const PROBE: &str = "doctor/probe";
const WITHIN: Duration = Duration::from_secs(5);

/// Whether files can be kept.
pub async fn blobs(parts: &HostParts) -> Finding {
    let blobs = parts.blobs();
    let round = async {
        let written = uuid::Uuid::new_v4().to_string();
        blobs.put(PROBE, written.clone().into()).await?;
        let read = blobs.get(PROBE).await?;
        blobs.delete(PROBE).await?;
        anyhow::ensure!(read.is_some_and(|bytes| bytes == written), "what was written is not what is read");
        Ok(())
    };
    let mend = "free space there and give this user the right to write, or set blobs.url or data_dir to another folder";
    match round.await {
        Ok(()) => Ok(format!("{} can be written", parts.config().data_dir.display())),
        Err(error) => Err(complaint(format!("{error:#}"), mend)),
    }
}

/// Whether the broker can be used.
pub async fn broker(config: &Configuration) -> Finding {
    let Some(url) = &config.nats.url else {
        return Ok("embedded, as nats.url is empty (services that run alone need a NATS server)".into());
    };
    match bus::jetstream::probe(url.expose()).await {
        Ok(version) => Ok(format!("NATS {version} with JetStream at {}", shown(url.expose()))),
        Err(error) => Err(complaint(error.to_string(), mend_broker(&error))),
    }
}

fn mend_broker(error: &ProbeError) -> String {
    match error {
        ProbeError::BadUrl(_) => "write nats.url as nats://host:4222".into(),
        ProbeError::Unreachable { .. } => {
            "start the NATS server, or correct host and port in nats.url; leave it empty for the embedded bus"
                .into()
        }
        ProbeError::Refused { .. } => {
            "put the right user and password, or token, into nats.url: nats://user:password@host:4222".into()
        }
        ProbeError::TooOld { .. } => {
            format!("install nats-server {FLOOR} or newer from https://nats.io/download")
        }
        ProbeError::NoJetStream { .. } => {
            "start it as `nats-server -js`, or put `jetstream {}` into its configuration".into()
        }
    }
}

/// Whether there is a database already: the embedded one is made at the first start.
pub fn is_database_there(config: &Configuration) -> bool {
    file_of(&config.database_url()).is_none_or(|path| path.exists())
}

/// Whether the database can be used and has this version.
pub async fn database(config: &Configuration) -> Finding {
    let address = config.database_url();
    if let Some(path) = file_of(&address)
        && !path.exists()
    {
        return Ok(format!("{} will be made at the first start", path.display()));
    }
    let at = shown(&address);
    somebody_listens(&address).await?;
    let desk = accounts::open_desk_plainly(config).await.map_err(|error| unusable(&at, &error))?;
    let state = desk.ready().await;
    desk.close().await;
    match state {
        Ok(()) => Ok(format!("{at} answers and has this version")),
        Err(what) if address.starts_with("sqlite:") => {
            Ok(format!("{at} answers; {what}, `frontdesk up` does it"))
        }
        Err(what) => {
            Err(complaint(format!("{at}: {what}"), "run `frontdesk migrate` once before the services"))
        }
    }
}

/// A pool only says that it waited: asked directly, the network says why.
async fn somebody_listens(address: &str) -> Result<(), Complaint> {
    let server = Url::parse(address).ok().filter(|url| url.scheme().starts_with("postgres"));
    let Some((host, port)) =
        server.and_then(|url| Some((url.host_str()?.to_owned(), url.port().unwrap_or(5432))))
    else {
        return Ok(());
    };
    let host = host.trim_matches(['[', ']']);
    let reason = match timeout(WITHIN, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} seconds", WITHIN.as_secs()),
    };
    let mend =
        "start PostgreSQL, or correct host and port in database.url: postgres://user:password@host:5432/name";
    Err(complaint(format!("no database answers at {host}:{port}: {reason}"), mend))
}

/// The file of an SQLite address.
fn file_of(address: &str) -> Option<&std::path::Path> {
    let rest = address.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(std::path::Path::new(path.split('?').next().unwrap_or(path)))
}

fn unusable(at: &str, error: &OpenError) -> Complaint {
    let what = error.to_string();
    let lower = what.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let mend = if says(&["authentication", "password"]) || (says(&["role"]) && says(&["does not exist"])) {
        "correct user and password in database.url"
    } else if says(&["database"]) && says(&["does not exist"]) {
        "create that database, or correct its name at the end of database.url"
    } else if says(&["unable to open", "permission", "read-only"]) {
        "give this user the right to write that file and its folder, or correct database.url"
    } else {
        "start the database, or correct host and port in database.url: postgres://user:password@host:5432/name"
    };
    complaint(format!("{at} cannot be used: {what}"), mend)
}

#[cfg(test)]
mod tests {
    use desk::DeskError;

    use super::*;

    #[test]
    fn the_mend_fits_what_the_database_says() {
        for (said, mend) in [
            ("password authentication failed for user \"desk\"", "correct user and password"),
            ("role \"desk\" does not exist", "correct user and password"),
            ("database \"desk\" does not exist", "create that database"),
            ("unable to open database file", "give this user the right"),
            ("Connection refused (os error 111)", "start the database"),
            ("failed to lookup address information", "start the database"),
        ] {
            let complaint =
                unusable("postgres://db", &OpenError::Database(DeskError::Unavailable(said.into())));
            assert!(complaint.mend.starts_with(mend), "{said}: {}", complaint.mend);
        }
    }

    #[test]
    fn an_sqlite_address_names_its_file() {
        for address in ["sqlite:///x/y.db", "sqlite:///x/y.db?mode=rwc", "sqlite:/x/y.db"] {
            assert_eq!(file_of(address), Some(std::path::Path::new("/x/y.db")), "{address}");
        }
        assert_eq!(file_of("postgres://x/y"), None);
    }
}

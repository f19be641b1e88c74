//! The seven services: alone, or all in one process with the sandbox.

use std::process::ExitCode;

use anyhow::Context;
use host::{Configuration, Host, Launch, LogFormat, WRONG_USAGE};

use crate::{
    accounts::{self, Entrance},
    cli::{complain, say},
    sandbox,
};

const READY: &str = "frontdesk is ready";

/// One of the seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Ticketing,
    Inbox,
    Notifier,
    AutoResponder,
    WebChat,
    EmailIngest,
    SmsIngest,
}

impl Service {
    /// In the order of their start: who answers before who asks, the doors last. They end in reverse.
    const ALL: [Self; 7] = [
        Self::Ticketing,
        Self::Inbox,
        Self::Notifier,
        Self::AutoResponder,
        Self::WebChat,
        Self::EmailIngest,
        Self::SmsIngest,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Ticketing => "ticketing",
            Self::Inbox => "inbox",
            Self::Notifier => "notifier",
            Self::AutoResponder => "auto-responder",
            Self::WebChat => "web-chat",
            Self::EmailIngest => "email-ingest",
            Self::SmsIngest => "sms-ingest",
        }
    }

    fn is_public(self) -> bool {
        matches!(self, Self::Inbox | Self::WebChat | Self::EmailIngest | Self::SmsIngest)
    }

    fn needs_database(self) -> bool {
        matches!(self, Self::Ticketing | Self::Inbox)
    }

    /// sms-ingest takes texts in without it, into its spool.
    fn needs_bus(self) -> bool {
        self != Self::SmsIngest
    }

    async fn start(self, host: &mut Host) -> anyhow::Result<()> {
        let name = self.name();
        match self {
            Self::Ticketing => host.start(name, ticketing::start).await,
            Self::Inbox => host.start(name, inbox::start).await,
            Self::Notifier => host.start(name, notifier::start).await,
            Self::AutoResponder => host.start(name, auto_responder::start).await,
            Self::WebChat => host.start(name, web_chat::start).await,
            Self::EmailIngest => host.start(name, email_ingest::start).await,
            Self::SmsIngest => host.start(name, sms_ingest::start).await,
        }
    }
}

/// `frontdesk <service>`.
pub fn run_alone(service: Service, config: Configuration, log_format: LogFormat) -> ExitCode {
    let is_postgres = config.database_url().starts_with("postgres");
    if service.needs_database() && !is_postgres {
        complain(format_args!(
            "frontdesk: configuration: database.url: {} runs beside others and needs PostgreSQL: give \
             postgres://user:password@host/database, or run everything in one process with `frontdesk up`",
            service.name()
        ));
        return ExitCode::from(WRONG_USAGE);
    }
    let (role, is_public) = (service.name(), service.is_public());
    let needs_bus = service.needs_bus();
    Launch { role, config, log_format, is_public, is_whole: false, needs_bus }.run(async |host| {
        if host.is_first() && service == Service::Inbox && accounts::is_owner_configured(host.config()) {
            owner_of_cluster(host).await?;
        }
        service.start(host).await?;
        host.on_ready(|| say(READY));
        Ok(())
    })
}

/// `frontdesk up`.
pub fn run_all(config: Configuration, log_format: LogFormat) -> ExitCode {
    let launch = Launch { role: "up", config, log_format, is_public: true, is_whole: true, needs_bus: true };
    launch.run(async |host| {
        // A process that starts its services anew has told whom it lets in.
        let entrance = if host.is_first() { prepare(host).await? } else { Entrance::Settled };
        for service in Service::ALL {
            service.start(host).await?;
        }
        host.start("sandbox", sandbox::start).await?;
        let has_sandbox = sandbox::is_configured(host.config());
        let address = host.config().public_url.to_string();
        host.on_ready(move || greet(address.trim_end_matches('/'), has_sandbox, &entrance));
        Ok(())
    })
}

/// The database is brought to this version, and somebody can come in.
async fn prepare(host: &Host) -> anyhow::Result<Entrance> {
    let desk = accounts::open_desk(host.config()).await?;
    desk.migrate().await.context("cannot bring the database to this version")?;
    let entrance = accounts::ensure_owner(&desk, host.config()).await?;
    desk.close().await;
    Ok(entrance)
}

/// The owner named by the configuration, if the database is there already.
async fn owner_of_cluster(host: &Host) -> anyhow::Result<()> {
    let desk = accounts::open_desk(host.config()).await?;
    desk.ready().await.map_err(anyhow::Error::msg)?;
    accounts::ensure_owner(&desk, host.config()).await?;
    desk.close().await;
    Ok(())
}

fn greet(address: &str, has_sandbox: bool, entrance: &Entrance) {
    say(format_args!("Frontdesk {}\n  console  {address}", env!("CARGO_PKG_VERSION")));
    if has_sandbox {
        say(format_args!("  sandbox  {address}/sandbox"));
    }
    match entrance {
        Entrance::Password(email) => say(format_args!("  sign in  as {email} with your password")),
        Entrance::Link(link) => {
            tracing::warn!(
                link,
                "nobody has a password yet: this link lets the owner in, once, within 24 hours"
            );
            say(format_args!("  sign in  once with {link}"));
        }
        Entrance::Settled => say("  sign in  with your account"),
    }
    say(READY);
}

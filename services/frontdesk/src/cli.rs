//! The command line: reads it, reads the configuration, and hands over.

use std::{fmt, io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{EmailAddress, Role};
use host::{Configuration, LogFormat, WRONG_USAGE};

use crate::{
    accounts::{self, PasswordFrom},
    doctor, effective, mail_pipe,
    roles::{self, Service},
};

/// An inbox for texts, mail and web chat.
#[derive(Parser)]
#[command(name = "frontdesk", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Options {
    /// Configuration file; without it frontdesk.toml, if it is there
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How logs are written to stderr; FRONTDESK_LOG sets what is logged, as in info,bus=debug
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text")]
    log_format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Run every service in this process; embedded bus and SQLite unless addresses are given
    Up,
    /// Run one service: texts and receipts from carriers
    SmsIngest,
    /// Run one service: incoming mail over SMTP and HTTP
    EmailIngest,
    /// Run one service: the widget and its sockets
    WebChat,
    /// Run one service: turns what came in into tickets
    Ticketing,
    /// Run one service: agents' API and console
    Inbox,
    /// Run one service: automatic answers
    AutoResponder,
    /// Run one service: sends texts and mail
    Notifier,
    /// Bring the database to this version
    Migrate,
    /// Print the effective configuration, secrets hidden
    Config,
    /// Check configuration, broker, database, files, mail relay and carriers, and say how to mend what is wrong
    Doctor,
    /// Take a mail from stdin to email-ingest, for an alias or pipe of a mail server; exit codes of sysexits
    MailPipe(mail_pipe::Options),
    /// People who work here
    #[command(subcommand)]
    User(UserCommand),
    /// API keys
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add somebody; without a password prints a sign-in link that works once
    Add {
        /// Address to sign in with
        email: EmailAddress,
        /// owner, admin, manager or support
        #[arg(long)]
        role: Role,
        /// Name; the part before the @ without one
        #[arg(long)]
        name: Option<String>,
        /// File whose first line is the password
        #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
        password_file: Option<PathBuf>,
        /// Read the password from the first line of stdin
        #[arg(long)]
        password_stdin: bool,
    },
    /// Take the second step at sign-in and the passkeys away from somebody who has lost them; their sessions end
    ResetSecondStep {
        /// Address they sign in with
        email: EmailAddress,
    },
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Add a key and print it: it is not shown again
    Add {
        /// What it is for
        name: String,
        /// owner, admin, manager or support
        #[arg(long)]
        role: Role,
    },
}

/// Reads the command line and runs the command.
pub fn run() -> ExitCode {
    let Cli { options, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version are told too, with code 0. A closed pipe is no reason to fail.
            let _ = usage.print();
            if usage.use_stderr() && std::env::args_os().any(|word| word == "mail-pipe") {
                return mail_pipe::wrong_usage();
            }
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(WRONG_USAGE));
        }
    };
    let log_format = match options.log_format {
        Format::Text => LogFormat::Text,
        Format::Json => LogFormat::Json,
    };
    match (Configuration::load(options.config.as_deref()), command) {
        (config, Command::Doctor) => doctor::run(config, log_format),
        (Ok(config), command) => dispatch(command, config, log_format),
        (Err(faults), Command::MailPipe(_)) => {
            complain(faults);
            mail_pipe::put_off()
        }
        (Err(faults), _) => {
            complain(faults);
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn dispatch(command: Command, config: Configuration, log_format: LogFormat) -> ExitCode {
    let alone = |service, config| roles::run_alone(service, config, log_format);
    match command {
        Command::Up => roles::run_all(config, log_format),
        Command::SmsIngest => alone(Service::SmsIngest, config),
        Command::EmailIngest => alone(Service::EmailIngest, config),
        Command::WebChat => alone(Service::WebChat, config),
        Command::Ticketing => alone(Service::Ticketing, config),
        Command::Inbox => alone(Service::Inbox, config),
        Command::AutoResponder => alone(Service::AutoResponder, config),
        Command::Notifier => alone(Service::Notifier, config),
        Command::Migrate => operate(log_format, accounts::migrate(config)),
        Command::Config => operate(log_format, effective::print(config)),
        Command::Doctor => doctor::run(Ok(config), log_format),
        Command::MailPipe(options) => mail_pipe::run(&config, options, log_format),
        Command::User(UserCommand::Add { email, role, name, password_file, password_stdin }) => {
            let from = match (password_file, password_stdin) {
                (Some(file), _) => PasswordFrom::File(file),
                (None, true) => PasswordFrom::Stdin,
                (None, false) => PasswordFrom::Link,
            };
            operate(log_format, accounts::add_user(config, email, name, role, from))
        }
        Command::User(UserCommand::ResetSecondStep { email }) => {
            operate(log_format, accounts::reset_second_step(config, email))
        }
        Command::Key(KeyCommand::Add { name, role }) => {
            operate(log_format, accounts::add_key(config, name, role))
        }
    }
}

/// Runs a command of an operator; what it failed of is told in one line.
fn operate(log_format: LogFormat, work: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    host::command("command", log_format, async {
        match work.await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(format_args!("frontdesk: {error:#}"));
                ExitCode::FAILURE
            }
        }
    })
}

/// To stdout. A closed pipe is no reason to fail.
pub fn say(text: impl fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// To stderr, beside the logs.
pub fn complain(text: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}

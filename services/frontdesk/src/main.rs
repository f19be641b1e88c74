//! The executable: every service in one process, one service alone, and the commands of an operator.

mod accounts;
mod cli;
mod doctor;
mod roles;
mod sandbox;

use std::process::ExitCode;

fn main() -> ExitCode {
    host::main(cli::run)
}

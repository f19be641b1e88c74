//! The executable: every service in one process, one service alone, and the commands of an operator.

mod accounts;
mod cli;
mod doctor;
mod effective;
mod mail_pipe;
mod roles;
mod sandbox;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    host::main(cli::run)
}

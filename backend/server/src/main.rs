//! `faelled`: reads the command line and says what went wrong.

use std::process::ExitCode;

use clap::Parser;
use faelled_server::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log may not be running yet, and a person at a terminal should see this anyway.
            eprintln!("faelled: {error}");
            ExitCode::FAILURE
        }
    }
}

//! `faelled`: reads the command line and says what went wrong.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use faelled_server::{STACK, cli::Cli};

/// How long a judgement that nobody waits for any more may hold up the end.
const LEFT_OVER: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.thread_stack_size(STACK).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("faelled: no threads to work with: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(cli.run());
    runtime.shutdown_timeout(LEFT_OVER);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log may not be running yet, and a person at a terminal should see this anyway.
            eprintln!("faelled: {error}");
            ExitCode::FAILURE
        }
    }
}

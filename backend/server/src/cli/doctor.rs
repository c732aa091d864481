//! `faelled doctor`: says what is wrong with the configuration and the record, and how it stands.

use std::path::Path;

use faelled_store::sqlite_file;

use super::{CliError, Tools};
use crate::{clock::fresh_secret, config::Config};

/// Listings named at most when some do not read.
const NAMED: usize = 20;

/// What to do about jobs that were laid aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadJobs {
    /// Name them.
    Name,
    /// Let them be tried again.
    Revive,
}

pub async fn run(file: Option<&Path>, dead_jobs: DeadJobs) -> Result<(), CliError> {
    let config = Config::load(file)?;
    println!("Configuration: fine\n{}", config.describe());
    if let Some(path) = sqlite_file(&config.record.url)?
        && !path.exists()
    {
        return Err(CliError::Said(format!(
            "there is no record at {} yet; `faelled migrate` makes one",
            path.display()
        )));
    }
    let tools = Tools::open(&config).await?;
    tools.store.ping().await?;
    println!("Record: answers");
    let mut wrong = 0;
    let pending = tools.store.pending_migrations().await?;
    if pending.is_empty() {
        println!("Migrations: up to date");
        if dead_jobs == DeadJobs::Revive {
            revive(&tools).await?;
        }
        wrong += contents(&tools).await?;
    } else {
        println!(
            "Migrations: {} pending; run `faelled migrate`",
            pending.len()
        );
        wrong += 1;
    }
    if !config.server.demo
        && let Err(error) = config.secret(fresh_secret)
    {
        println!("Secret: {error}");
        wrong += 1;
    }
    if !config.server.demo
        && let Err(error) = super::citizens(&config)
    {
        println!("Secret: {error}");
        wrong += 1;
    }
    tools.close().await?;
    match wrong {
        0 => Ok(()),
        1 => Err(CliError::Said("1 thing needs attention".to_owned())),
        _ => Err(CliError::Said(format!("{wrong} things need attention"))),
    }
}

/// Puts back to work what was laid aside.
async fn revive(tools: &Tools) -> Result<(), CliError> {
    let revived = tools.store.revive_jobs(tools.clock.now()).await?;
    println!("Jobs: {revived} will be tried again");
    Ok(())
}

async fn contents(tools: &Tools) -> Result<usize, CliError> {
    let counts = tools.store.counts().await?;
    println!(
        "Contents: {} persons, {} organizations, {} listings ({} open), {} matches",
        counts.persons, counts.organizations, counts.listings, counts.open_listings, counts.matches
    );
    let mut wrong = 0;
    let jobs = tools.store.job_counts(tools.clock.now()).await?;
    println!(
        "Jobs: {} due, {} later, {} claimed, {} laid aside",
        jobs.due, jobs.later, jobs.claimed, jobs.dead
    );
    for job in tools.store.dead_jobs(NAMED as u64).await? {
        println!(
            "  laid aside: {} {} after {} tries: {}",
            job.kind, job.key, job.attempts, job.last_error
        );
    }
    wrong += usize::from(jobs.dead > 0);
    let unreadable = tools.store.unreadable_listings(NAMED).await?;
    for row in &unreadable {
        println!(
            "  does not read: listing {}: {}",
            row.listing.uuid(),
            row.why
        );
    }
    wrong += usize::from(!unreadable.is_empty());
    let bounds = tools.store.log_bounds().await?;
    println!(
        "Change log: at {}, kept from {}",
        bounds.head,
        bounds.oldest.unwrap_or(bounds.head)
    );
    Ok(wrong)
}

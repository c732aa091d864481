//! The command line.

mod demo;
mod doctor;
mod house;
mod people;
mod rewrap;
mod seed;
mod serve;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::TimeDelta;
use clap::{Parser, Subcommand};
use faelled_engine::catalog::Catalog;
use faelled_store::{RecordConfig, Store, StoreError, sqlite_file};

use self::doctor::DeadJobs;
use crate::{
    citizens::{Citizens, Keeping},
    clock::{Clock, fresh_secret},
    config::{Config, ConfigError, Secret, SecretError},
    graphql,
};

/// Fælled: where a municipality's associations, volunteers and citizens find each other.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// Configuration file (TOML); else the one that `FAELLED_CONFIG` names. The environment
    /// (`FAELLED_SECTION__KEY`) counts for more.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API.
    Serve,
    /// Bring the record up to date with this version.
    Migrate,
    /// Fill an empty record with what is invented.
    #[command(subcommand)]
    Seed(seed::Seed),
    /// People who take part.
    #[command(subcommand)]
    Person(people::PersonCommand),
    /// Bearer tokens, by which people are known until sign-in exists.
    #[command(subcommand)]
    Token(people::TokenCommand),
    /// Trust an organization to be the volunteer house of municipalities.
    House {
        /// The organization's id, as the API or the record writes it, or its id in the file that it
        /// was loaded from.
        organization: String,
        /// The municipality's code, four digits; several are given one by one.
        #[arg(long, required = true)]
        municipality: Vec<String>,
    },
    /// Bring what is kept of citizens under the newest of `citizens.keys`.
    Rewrap,
    /// Print the API's contract (`schema.graphql`).
    Schema,
    /// Say what is wrong with the configuration and the record.
    Doctor {
        /// Let jobs that were laid aside be tried again.
        #[arg(long)]
        revive_jobs: bool,
    },
}

/// Why a command did not do what it was asked. The text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The secret.
    #[error("{0}")]
    Secret(#[from] SecretError),
    /// The record.
    #[error("{}", .0.in_full())]
    Store(#[from] StoreError),
    /// The data that the program carries, or that it was given.
    #[error("{0}")]
    Data(#[from] faelled_seed::SeedError),
    /// Loading.
    #[error("{0}")]
    Load(#[from] crate::app::exchange::LoadError),
    /// A file or a socket.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What came of it.
        error: std::io::Error,
    },
    /// Anything else, said in full.
    #[error("{0}")]
    Said(String),
}

impl Cli {
    /// Does what it was asked.
    pub async fn run(self) -> Result<(), CliError> {
        if matches!(self.command, Command::Schema) {
            print!("{}", graphql::sdl());
            return Ok(());
        }
        if let Command::Doctor { revive_jobs } = self.command {
            let dead_jobs = if revive_jobs {
                DeadJobs::Revive
            } else {
                DeadJobs::Name
            };
            return doctor::run(self.config.as_deref(), dead_jobs).await;
        }
        let config = Config::load(self.config.as_deref())?;
        match self.command {
            Command::Serve => serve::run(&config).await,
            Command::Migrate => migrate(&config).await,
            Command::Seed(seed) => seed::run(seed, &config).await,
            Command::Person(command) => people::person(command, &config).await,
            Command::House {
                organization,
                municipality,
            } => house::trust(&config, &organization, &municipality).await,
            Command::Rewrap => rewrap::run(&config).await,
            Command::Token(command) => people::token(command, &config).await,
            Command::Schema | Command::Doctor { .. } => Ok(()),
        }
    }
}

async fn migrate(config: &Config) -> Result<(), CliError> {
    let tools = Tools::open(config).await?;
    let pending = tools.store.pending_migrations().await?;
    tools.store.migrate().await?;
    match pending.len() {
        0 => println!("The record is up to date."),
        count => println!("The record is up to date; {count} migrations were applied."),
    }
    tools.close().await
}

/// What most commands need: the record, the catalog and the clock.
struct Tools {
    store: Store,
    catalog: Arc<Catalog>,
    clock: Clock,
}

impl Tools {
    /// Opens the record as it is.
    async fn open(config: &Config) -> Result<Self, CliError> {
        let catalog = Arc::new(faelled_seed::catalog()?);
        create_folder(&config.record.url)?;
        let record = RecordConfig {
            url: config.record.url.clone(),
            readers: config.record.readers,
            write_queue: config.record.write_queue,
            write_wait: config.record.write_wait,
        };
        let store = Store::connect(&record, Arc::clone(&catalog))
            .await
            .map_err(|error| cannot_open(&error, config))?;
        Ok(Self {
            store,
            catalog,
            clock: Clock::new(config.clock.fixed),
        })
    }

    /// Opens the record, which must be up to date.
    async fn open_current(config: &Config) -> Result<Self, CliError> {
        let tools = Self::open(config).await?;
        let pending = tools.store.pending_migrations().await?;
        if pending.is_empty() {
            return Ok(tools);
        }
        Err(CliError::Said(format!(
            "the record lacks {} migrations; run `faelled migrate` first",
            pending.len()
        )))
    }

    async fn close(self) -> Result<(), CliError> {
        Ok(self.store.close().await?)
    }
}

/// Says where the record was looked for, and for how long: the driver tries an address where nobody
/// listens until its time is over, and then only says that.
fn cannot_open(error: &StoreError, config: &Config) -> CliError {
    let settings = config.describe();
    let concerned = ["record.url ", "record.write_wait "];
    let places = settings
        .lines()
        .filter(|line| concerned.iter().any(|key| line.starts_with(key)))
        .fold(String::new(), |places, line| places + "\n  " + line);
    CliError::Said(format!("{}{places}", error.in_full()))
}

/// Makes the folder of a record that is a file, so that a first start needs no preparation.
fn create_folder(url: &str) -> Result<(), CliError> {
    let file = sqlite_file(url)?;
    match file.as_deref().and_then(Path::parent) {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| CliError::Io {
                what: format!("{} cannot be made", folder.display()),
                error,
            })
        }
        _ => Ok(()),
    }
}

/// The keys under which citizens are known.
fn citizens(config: &Config) -> Result<Citizens, CliError> {
    let secrets = config.citizen_secrets(fresh_secret)?;
    let kept = Keeping {
        daily_budget: config.citizens.daily_budget,
        forget_after: TimeDelta::days(i64::from(config.citizens.forget_after_days)),
    };
    let secrets: Vec<&[u8]> = secrets.iter().map(Secret::bytes).collect();
    Citizens::new(&secrets, kept).map_err(|error| CliError::Said(error.to_string()))
}

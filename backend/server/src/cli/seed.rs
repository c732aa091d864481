//! `faelled seed`.

use std::path::PathBuf;

use clap::Subcommand;
use faelled_engine::schedule;
use faelled_seed::nation::Nation;

use super::{CliError, Tools, demo};
use crate::{app::exchange, config::Config};

/// What to fill the record with.
#[derive(Debug, Subcommand)]
pub enum Seed {
    /// The Viborg demo, clearly marked as demo data.
    Demo,
    /// A generated nation for tests and measurements; the same numbers give the same nation.
    National {
        /// How many listings.
        #[arg(long, default_value_t = 10_000)]
        listings: usize,
        /// The seed of the generator.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Write CSV files into this folder instead of filling the record.
        #[arg(long, value_name = "FOLDER")]
        csv: Option<PathBuf>,
    },
}

pub async fn run(seed: Seed, config: &Config) -> Result<(), CliError> {
    let tools = Tools::open(config).await?;
    let (listings, seed, csv) = match seed {
        Seed::Demo => {
            tools.store.migrate().await?;
            demo::load(&tools).await?;
            println!("The Viborg demo is loaded.");
            return tools.close().await;
        }
        Seed::National {
            listings,
            seed,
            csv,
        } => (listings, seed, csv),
    };
    let now = tools.clock.now();
    let today = schedule::local(now).date_naive();
    let nation = Nation::new(&tools.catalog, listings, seed, today)?;
    if let Some(folder) = csv {
        nation.write_csv(&folder)?;
        println!(
            "A nation of {listings} listings is written to {}.",
            folder.display()
        );
        return tools.close().await;
    }
    tools.store.migrate().await?;
    let progress = |done: usize| eprint!("\r{done} of {listings} listings");
    let loaded = exchange::load(
        &tools.store,
        &tools.catalog,
        nation.organizations(),
        nation.listings(),
        now,
        progress,
    )
    .await?;
    eprintln!();
    println!(
        "A nation of {} organizations and {} listings is loaded.",
        loaded.organizations.len(),
        loaded.listings
    );
    tools.close().await
}

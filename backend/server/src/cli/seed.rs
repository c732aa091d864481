//! `faelled seed`.

use std::path::PathBuf;

use clap::Subcommand;
use faelled_engine::schedule;
use faelled_seed::nation::Nation;
use faelled_store::Writing;

use super::{CliError, Tools, demo};
use crate::{
    app::exchange::{self, Commits},
    config::Config,
};

/// The fact that says of a record that invented people and listings are at home in it.
const INVENTED: &str = "invented";

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
    let today = schedule::local(tools.clock.now()).date_naive();
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
    let (loaded, writing) = exchange::load(
        begin(&tools).await?,
        Commits::InBatches,
        &tools.catalog,
        nation.organizations(),
        nation.listings(),
        progress,
    )
    .await?;
    writing.commit().await?;
    eprintln!();
    println!(
        "A nation of {} organizations and {} listings is loaded.",
        loaded.organizations.len(),
        loaded.listings
    );
    tools.close().await
}

/// Begins to fill a record with what is invented. Whoever else fills it is waited for. A record that
/// holds anything which did not come this way is refused: nobody could tell apart again what is
/// real in it.
pub async fn begin(tools: &Tools) -> Result<Writing, CliError> {
    let now = tools.clock.now();
    let mut writing = tools.store.write(now).await?;
    let is_first = writing.set_meta_once(INVENTED, &now.to_rfc3339()).await?;
    if is_first && !tools.store.counts().await?.is_empty() {
        return Err(CliError::Said(
            "this record (record.url) holds people, organizations or listings that are not \
             invented; accepted for the demo and for `faelled seed` is an empty record, or one \
             that was begun that way"
                .to_owned(),
        ));
    }
    Ok(writing)
}

//! `faelled serve`.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{CliError, Tools, demo};
use crate::{
    clock::fresh_secret,
    config::Config,
    graphql::{self, Executor},
    house::House,
    http, jobs, observe,
};

/// Serves until the process is asked to end; then finishes what is under way.
pub async fn run(config: &Config) -> Result<(), CliError> {
    observe::start_log(&config.log.filter, config.log.format)
        .map_err(|error| CliError::Said(format!("log.filter: {error}")))?;
    let secret = config.secret(fresh_secret)?;
    let citizens = super::citizens(config)?;
    let tools = if config.server.demo {
        let tools = Tools::open(config).await?;
        tools.store.migrate().await?;
        tools
    } else {
        Tools::open_current(config).await?
    };
    let serving = tools.store.lock_for_serving()?;
    let greeting = if config.server.demo {
        Some(demo::prepare(&tools).await?)
    } else {
        None
    };

    let shutdown = CancellationToken::new();
    // Before the board is built, so that what it counts is counted.
    if let Some(address) = config.metrics.listen {
        serve_metrics(address, shutdown.clone()).await?;
    }
    let mut house = House::open(
        tools.store,
        tools.catalog,
        tools.clock,
        secret.bytes(),
        citizens,
    )
    .await?;
    let listener = listen(config.server.listen).await?;
    hear_the_end(shutdown.clone())?;
    house.follow(config.live.poll);
    house.work(jobs_settings(config));
    let executor = Executor::new(house.app.clone(), limits(config));
    let router = http::router(executor, &config.http(), graphql::sdl());

    let address = listener.local_addr().unwrap_or(config.server.listen);
    tracing::info!(%address, listings = house.app.live.board().len(), "serving");
    if let Some(greeting) = greeting {
        println!("{}", greeting.text(address));
    }
    http::serve(listener, router, shutdown, config.server.grace).await;
    tracing::info!("no longer serving; finishing jobs");
    house.close().await?;
    drop(serving);
    Ok(())
}

fn limits(config: &Config) -> graphql::Limits {
    let graphql = &config.graphql;
    graphql::Limits {
        max_depth: graphql.max_depth,
        max_complexity: graphql.max_complexity,
        max_page: graphql.max_page,
    }
}

fn jobs_settings(config: &Config) -> jobs::Settings {
    let jobs = &config.jobs;
    jobs::Settings {
        workers: jobs.workers,
        lease: jobs.lease,
        poll: jobs.poll,
        max_attempts: jobs.max_attempts,
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, CliError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| CliError::Io {
            what: format!("{address} cannot be listened on"),
            error,
        })
}

async fn serve_metrics(address: SocketAddr, shutdown: CancellationToken) -> Result<(), CliError> {
    let handle = observe::metrics_handle()
        .map_err(|error| CliError::Said(format!("metrics cannot be counted: {error}")))?;
    let listener = listen(address).await?;
    let grace = std::time::Duration::from_secs(1);
    tokio::spawn(http::serve(
        listener,
        observe::metrics_router(handle),
        shutdown,
        grace,
    ));
    Ok(())
}

/// Hears ctrl-C and SIGTERM from now on. Whoever reads that it serves may ask it to end at once,
/// so this comes first: a signal that nobody hears kills.
fn hear_the_end(shutdown: CancellationToken) -> Result<(), CliError> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let hear = |kind| {
            signal(kind).map_err(|error| CliError::Io {
                what: "signals cannot be heard".to_owned(),
                error,
            })
        };
        let mut interrupt = hear(SignalKind::interrupt())?;
        let mut terminate = hear(SignalKind::terminate())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            shutdown.cancel();
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        // If it cannot be heard, the process can still be ended by force.
        let _ = tokio::signal::ctrl_c().await;
        shutdown.cancel();
    });
    Ok(())
}

//! The configuration, and the only reader of the environment.
//!
//! `config/defaults.toml` documents every setting. A wrong value stops the start: all of them are
//! named together, each with its key, the value, where it comes from and what is accepted.

mod read;
mod secret;
mod value;

use std::{
    fmt::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};

pub use read::{ConfigError, Source};
pub use secret::{Secret, SecretError};

use crate::{
    http::{HttpSettings, SocketSettings},
    observe::{self, LogFormat},
};
use read::{Reader, Setting, Show};
use secret::Absent;
use value::{number, optional};

/// The defaults with their documentation, as a file to start from.
pub const DEFAULTS: &str = read::DEFAULTS;

/// Everything that can be set. Prints itself without secrets.
#[derive(Clone)]
pub struct Config {
    pub server: Server,
    pub record: Record,
    pub metrics: Metrics,
    pub log: Log,
    pub secret: SecretPlace,
    pub citizens: Citizens,
    pub graphql: Graphql,
    pub live: Live,
    pub jobs: Jobs,
    pub clock: Clock,
    settings: Vec<Setting>,
}

/// Where and how the server answers.
#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    pub demo: bool,
    pub allowed_origins: Vec<String>,
    pub request_timeout: Duration,
    pub grace: Duration,
    pub max_concurrent: usize,
    pub max_sockets: usize,
    pub max_body_bytes: usize,
}

/// Where the record is. The URL may hold a password, so this does not print itself.
#[derive(Clone)]
pub struct Record {
    pub url: String,
    pub readers: u32,
    pub write_queue: usize,
    pub write_wait: Duration,
}

/// Where Prometheus reads, if anywhere.
#[derive(Debug, Clone)]
pub struct Metrics {
    pub listen: Option<SocketAddr>,
}

/// What is logged and how.
#[derive(Debug, Clone)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

/// Where the secret is; [`Config::secret`] fetches it.
#[derive(Debug, Clone)]
pub struct SecretPlace {
    pub file: PathBuf,
    pub value: Option<Secret>,
}

/// How what names a citizen is kept, and for how long.
#[derive(Debug, Clone)]
pub struct Citizens {
    pub keys: Vec<PathBuf>,
    pub daily_budget: u32,
    pub forget_after_days: u16,
}

/// What the API allows.
#[derive(Debug, Clone)]
pub struct Graphql {
    pub max_depth: usize,
    pub max_complexity: usize,
    pub max_page: i32,
    pub ws_init_timeout: Duration,
    pub ws_reauthenticate: Duration,
    pub ws_keepalive: Duration,
    pub ws_max_operations: usize,
}

/// How the change log is followed.
#[derive(Debug, Clone)]
pub struct Live {
    pub poll: Duration,
}

/// How jobs are run.
#[derive(Debug, Clone)]
pub struct Jobs {
    pub workers: usize,
    pub lease: Duration,
    pub poll: Duration,
    pub max_attempts: u32,
}

/// Whether the clock stands still.
#[derive(Debug, Clone)]
pub struct Clock {
    pub fixed: Option<DateTime<Utc>>,
}

impl Config {
    /// The defaults, then this file or the one that `FAELLED_CONFIG` names, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let named = std::env::var_os(read::FILE_VARIABLE).filter(|name| !name.is_empty());
        let file = file
            .map(Path::to_owned)
            .or_else(|| named.map(PathBuf::from));
        let environment = std::env::vars_os().filter_map(|(name, text)| {
            let name = name.into_string().ok()?;
            // What is not UTF-8 is no value of ours, and is then refused as such.
            name.starts_with(read::PREFIX)
                .then(|| (name, text.to_string_lossy().into_owned()))
        });
        Self::from_sources(file.as_deref(), environment)
    }

    /// The defaults, except that nothing is shared between tests: this record, a free port, no
    /// metrics, a secret that everybody knows, and no long waits.
    ///
    /// # Panics
    ///
    /// When the URL is none. (When the defaults are wrong, a test of this module says so.)
    pub fn for_tests(record_url: &str) -> Self {
        let secret = "5e".repeat(32);
        let settings = [
            ("FAELLED_SERVER__LISTEN", "127.0.0.1:0"),
            ("FAELLED_SERVER__DEMO", "true"),
            ("FAELLED_RECORD__URL", record_url),
            ("FAELLED_METRICS__LISTEN", ""),
            ("FAELLED_SECRET__VALUE", secret.as_str()),
            ("FAELLED_LIVE__POLL", "20ms"),
            ("FAELLED_JOBS__POLL", "20ms"),
        ];
        let environment = settings.map(|(name, text)| (name.to_owned(), text.to_owned()));
        match Self::from_sources(None, environment) {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        }
    }

    /// Each setting on a line, with where it comes from and without secrets.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for Setting { key, shown, source } in &self.settings {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{key} = {shown:?}  ({source})");
        }
        text
    }

    /// The secret. In demo mode one is made of what `fresh` gives when there is none yet.
    pub fn secret(&self, fresh: impl FnOnce() -> [u8; 32]) -> Result<Secret, SecretError> {
        match &self.secret.value {
            Some(secret) => Ok(secret.clone()),
            None => self.load_secret("secret.file", &self.secret.file, fresh),
        }
    }

    /// The secrets under which citizens are known, oldest first; all but the newest must be there.
    /// In demo mode the newest is made of what `fresh` gives when there is none yet.
    pub fn citizen_secrets(
        &self,
        fresh: impl Fn() -> [u8; 32],
    ) -> Result<Vec<Secret>, SecretError> {
        let files = self.citizens.keys.iter();
        files
            .map(|file| self.load_secret("citizens.keys", file, &fresh))
            .collect()
    }

    fn load_secret(
        &self,
        key: &'static str,
        file: &Path,
        fresh: impl FnOnce() -> [u8; 32],
    ) -> Result<Secret, SecretError> {
        if self.server.demo {
            secret::load(key, file, Absent::Make(fresh))
        } else {
            secret::load(key, file, Absent::<fn() -> [u8; 32]>::Refuse)
        }
    }

    /// What the way in from the network may cost.
    pub fn http(&self) -> HttpSettings {
        HttpSettings {
            allowed_origins: self.server.allowed_origins.clone(),
            request_timeout: self.server.request_timeout,
            max_concurrent: self.server.max_concurrent,
            max_sockets: self.server.max_sockets,
            max_body_bytes: self.server.max_body_bytes,
            socket: SocketSettings {
                init_timeout: self.graphql.ws_init_timeout,
                reauthenticate: self.graphql.ws_reauthenticate,
                keepalive: self.graphql.ws_keepalive,
                max_operations: self.graphql.ws_max_operations,
                ..SocketSettings::default()
            },
        }
    }

    fn from_sources(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(file, environment)?;
        let mut config = Self {
            server: Server::read(&mut reader)?,
            record: Record::read(&mut reader)?,
            metrics: Metrics::read(&mut reader)?,
            log: Log::read(&mut reader)?,
            secret: SecretPlace::read(&mut reader)?,
            citizens: Citizens::read(&mut reader)?,
            graphql: Graphql::read(&mut reader)?,
            live: Live::read(&mut reader)?,
            jobs: Jobs::read(&mut reader)?,
            clock: Clock::read(&mut reader)?,
            settings: Vec::new(),
        };
        config.relate(&mut reader);
        config.settings = reader.finish()?;
        Ok(config)
    }

    /// What is only wrong together.
    fn relate(&self, reader: &mut Reader) {
        let Server { listen, demo, .. } = self.server;
        if demo && !listen.ip().is_loopback() {
            reader.complain(format!(
                "server.listen is \"{listen}\" while server.demo is true; a demo shows its tokens, so accepted is this machine only, such as 127.0.0.1:{}",
                listen.port()
            ));
        }
        if let Some(metrics) = self.metrics.listen {
            if !metrics.ip().is_loopback() {
                reader.complain(format!(
                    "metrics.listen is \"{metrics}\"; accepted is this machine only, such as 127.0.0.1:{}, or \"\"",
                    metrics.port()
                ));
            }
            if metrics.port() == listen.port() && metrics.port() != 0 {
                reader.complain(format!(
                    "metrics.listen is \"{metrics}\" and server.listen is \"{listen}\"; accepted are two different ports"
                ));
            }
        }
        if let Some(fixed) = self.clock.fixed
            && !demo
        {
            reader.complain(format!(
                "clock.fixed is \"{}\" while server.demo is false; a clock that stands still is accepted in demo mode only",
                fixed.to_rfc3339()
            ));
        }
        if self.jobs.lease <= self.jobs.poll {
            reader.complain(format!(
                "jobs.lease is \"{}\" and jobs.poll is \"{}\"; accepted is a lease that is longer",
                value::show_duration(self.jobs.lease),
                value::show_duration(self.jobs.poll)
            ));
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

impl Reader {
    fn plain<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> value::Parse<T>,
    ) -> Result<T, ConfigError> {
        self.read(key, Show::Plain, parse)
    }

    fn count(&mut self, key: &str, low: usize, high: usize) -> Result<usize, ConfigError> {
        self.plain(key, |text| number(text, &(low..=high)))
    }

    fn time(&mut self, key: &str, low: Duration, high: Duration) -> Result<Duration, ConfigError> {
        self.plain(key, |text| value::duration(text, &(low..=high)))
    }
}

impl Server {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: reader.plain("server.listen", value::address)?,
            demo: reader.plain("server.demo", value::boolean)?,
            allowed_origins: reader.plain("server.allowed_origins", value::origins)?,
            request_timeout: reader.time(
                "server.request_timeout",
                Duration::from_millis(100),
                5 * MINUTE,
            )?,
            grace: reader.time("server.grace", Duration::ZERO, 5 * MINUTE)?,
            max_concurrent: reader.count("server.max_concurrent", 1, 100_000)?,
            max_sockets: reader.count("server.max_sockets", 1, 100_000)?,
            max_body_bytes: reader.count("server.max_body_bytes", 1 << 10, 16 << 20)?,
        })
    }
}

impl Record {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            url: reader.read("record.url", Show::Url, value::record_url)?,
            readers: reader.plain("record.readers", |text| number(text, &(1..=64)))?,
            write_queue: reader.count("record.write_queue", 1, 100_000)?,
            write_wait: reader.time("record.write_wait", Duration::from_millis(10), MINUTE)?,
        })
    }
}

impl Metrics {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let listen = reader.plain("metrics.listen", |text| optional(text, value::address))?;
        Ok(Self { listen })
    }
}

impl Log {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            filter: reader.plain("log.filter", |text| {
                observe::check_filter(text)
                    .map(|()| text.to_owned())
                    .map_err(|error| format!("such as \"info,faelled_server=debug\" ({error})"))
            })?,
            format: reader.plain("log.format", |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("text or json".to_owned()),
            })?,
        })
    }
}

impl SecretPlace {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            file: reader.plain("secret.file", value::path)?,
            value: reader
                .read("secret.value", Show::Hidden, |text| {
                    optional(text, value::secret)
                })?
                .map(Secret::new),
        })
    }
}

impl Citizens {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            keys: reader.plain("citizens.keys", value::paths)?,
            daily_budget: reader.plain("citizens.daily_budget", |text| {
                number(text, &(1..=1_000_000))
            })?,
            forget_after_days: reader.plain("citizens.forget_after_days", |text| {
                number(text, &(1..=3_650))
            })?,
        })
    }
}

impl Graphql {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let second = Duration::from_secs(1);
        Ok(Self {
            max_depth: reader.count("graphql.max_depth", 15, 40)?,
            max_complexity: reader.count("graphql.max_complexity", 100, 1_000_000)?,
            max_page: reader.plain("graphql.max_page", |text| number(text, &(1..=100)))?,
            ws_init_timeout: reader.time(
                "graphql.ws_init_timeout",
                Duration::from_millis(100),
                MINUTE,
            )?,
            ws_reauthenticate: reader.time("graphql.ws_reauthenticate", second, HOUR)?,
            ws_keepalive: reader.time("graphql.ws_keepalive", second, 10 * MINUTE)?,
            ws_max_operations: reader.count("graphql.ws_max_operations", 1, 1_000)?,
        })
    }
}

impl Live {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            poll: reader.time("live.poll", Duration::from_millis(10), MINUTE)?,
        })
    }
}

impl Jobs {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            workers: reader.count("jobs.workers", 0, 64)?,
            lease: reader.time("jobs.lease", Duration::from_secs(1), HOUR)?,
            poll: reader.time("jobs.poll", Duration::from_millis(10), MINUTE)?,
            max_attempts: reader.plain("jobs.max_attempts", |text| number(text, &(1..=100)))?,
        })
    }
}

impl Clock {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            fixed: reader.plain("clock.fixed", |text| optional(text, value::instant))?,
        })
    }
}

#[cfg(test)]
mod tests;

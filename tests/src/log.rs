//! What servers write into their log while tests run, kept in memory to be searched.

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// More than a server would ever be told to log of itself, and everything of the others that a
/// careful person might turn on.
const FILTER: &str = "info,faelled_server=trace,faelled_store=trace,faelled_engine=trace";

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps from now on what any server of this process logs.
pub fn keep() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(FILTER))
            .with_ansi(false)
            .with_writer(Kept)
            .try_init()
            .expect("nobody else keeps the log of this process");
    });
}

/// Everything that was logged since [`keep`], by whichever test.
pub fn kept() -> String {
    String::from_utf8_lossy(&lines()).into_owned()
}

fn lines() -> MutexGuard<'static, Vec<u8>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lines().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

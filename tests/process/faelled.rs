//! Starting the program, hearing what it says, and ending it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use faelled_tests::TestRecord;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// How long anything may take that does not measure time itself.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The key under which citizens are known.
const CITIZENS: &str = "citizens.key";

/// How the program is started: with these variables and nothing else of the environment, in a
/// folder of its own.
#[derive(Clone)]
pub struct Setup {
    variables: BTreeMap<String, String>,
    folder: Arc<TempDir>,
}

impl Setup {
    /// With nothing set but what every test needs: it listens on a free port, and nobody measures.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CITIZENS), "c1".repeat(32)).unwrap();
        Self {
            variables: BTreeMap::new(),
            folder: Arc::new(folder),
        }
        .with("citizens.keys", CITIZENS)
        .with("server.listen", "127.0.0.1:0")
        .with("metrics.listen", "")
        .with("log.format", "json")
    }

    /// Over this record, with a secret, and otherwise with the defaults.
    pub fn over(record: &TestRecord) -> Self {
        Self::bare()
            .with("record.url", record.url())
            .with("secret.value", &"5e".repeat(32))
    }

    /// With a setting, called as in the file.
    pub fn with(self, key: &str, value: &str) -> Self {
        let name = format!("FAELLED_{}", key.replace('.', "__").to_ascii_uppercase());
        self.with_variable(&name, value)
    }

    /// With a variable.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Where it is started.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let started = Instant::now();
        let output = timeout(PATIENCE, self.command(arguments).output())
            .await
            .unwrap_or_else(|_| panic!("`faelled {}` does not end", arguments.join(" ")))
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended {
            status: output.status,
            printed: text(output.stdout),
            complained: text(output.stderr),
            took: started.elapsed(),
        }
    }

    /// Runs a command that must succeed, and gives what it printed.
    pub async fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert!(ended.status.success(), "{arguments:?}: {ended:?}");
        ended.printed.trim().to_owned()
    }

    /// Starts a server, and waits until it serves.
    pub async fn serve(&self) -> Server {
        let mut child = self.command(&["serve"]).spawn().unwrap();
        let (say, mut heard) = watch::channel(None);
        let log = Log::default();
        let reading = vec![
            tokio::spawn(read(child.stderr.take().unwrap(), log.clone(), say)),
            tokio::spawn(read(
                child.stdout.take().unwrap(),
                log.clone(),
                watch::channel(None).0,
            )),
        ];
        let address = timeout(PATIENCE, heard.wait_for(Option::is_some))
            .await
            .unwrap_or_else(|_| panic!("the server does not begin to serve:\n{}", log.text()))
            .unwrap_or_else(|_| panic!("the server ended before it served:\n{}", log.text()))
            .unwrap();
        Server {
            child,
            address,
            log,
            reading,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// What is left of a command.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub printed: String,
    pub complained: String,
    pub took: Duration,
}

impl Ended {
    /// Everything that it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.printed, self.complained)
    }
}

/// A server that runs. Dropped, it is killed.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub log: Log,
    reading: Vec<JoinHandle<()>>,
}

impl Server {
    /// `kill -9`: it has no say in it.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
        for reading in self.reading {
            reading.await.unwrap();
        }
    }

    /// SIGTERM: it is asked to end.
    pub async fn ask_to_end(&self) {
        let id = self.child.id().expect("the server still runs");
        // The standard library sends no signal but SIGKILL, and the shell is on every machine.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -TERM {id}")])
            .status();
        assert!(sent.await.unwrap().success());
    }

    /// Waits until it has ended by itself, and gives what it said.
    pub async fn ended(mut self, within: Duration) -> (ExitStatus, Log) {
        let ended = timeout(within, self.child.wait()).await;
        let status = ended
            .unwrap_or_else(|_| panic!("still there after {within:?}:\n{}", self.log.text()))
            .unwrap();
        for reading in self.reading {
            reading.await.unwrap();
        }
        (status, self.log)
    }

    /// Asks it to end, and waits until it has done so in peace.
    pub async fn end(self) {
        self.ask_to_end().await;
        let (status, log) = self.ended(PATIENCE).await;
        assert!(status.success(), "{status}:\n{}", log.text());
    }
}

/// The lines that a server has written.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// All of it.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// The lines that a healthy server does not write: errors, and panics among them.
    pub fn errors(&self) -> Vec<String> {
        let is_error = |line: &String| line.contains("\"level\":\"ERROR\"");
        self.lines().into_iter().filter(is_error).collect()
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }
}

/// Keeps what the server writes, and finds the address in it.
async fn read(from: impl AsyncRead + Unpin, log: Log, say: watch::Sender<Option<SocketAddr>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let told: Value = serde_json::from_str(&line).unwrap_or_default();
        if told["message"] == "serving" {
            let address = told["address"].as_str().and_then(|text| text.parse().ok());
            say.send_replace(address);
        }
        log.add(line);
    }
}

/// The program lies beside the tests: `target/debug/faelled`, one up from `target/debug/deps`.
fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests
        .ancestors()
        .nth(2)
        .map(|folder| folder.join("faelled"))
        .unwrap();
    assert!(
        path.is_file(),
        "{} is not there; build it with `cargo build --bin faelled` (in the same profile and \
         target folder as these tests)",
        path.display()
    );
    path
}

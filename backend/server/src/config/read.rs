//! Where a setting comes from, and everything that is wrong with all of them together.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::value::{self, Parse};

/// Every setting with its default and its documentation.
pub const DEFAULTS: &str = include_str!("defaults.toml");
/// What our environment variables begin with.
pub const PREFIX: &str = "FAELLED_";
/// The environment variable that names the file.
pub const FILE_VARIABLE: &str = "FAELLED_CONFIG";

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// One sentence for each.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is wrong:")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

/// How a value is shown.
#[derive(Debug, Clone, Copy)]
pub enum Show {
    /// As it is.
    Plain,
    /// Without passwords.
    Url,
    /// Not at all.
    Hidden,
}

/// A setting as `doctor` shows it.
#[derive(Debug, Clone)]
pub struct Setting {
    pub key: String,
    pub shown: String,
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    Environment(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// Reads settings one by one and remembers what is wrong.
pub struct Reader {
    defaults: BTreeMap<String, String>,
    given: BTreeMap<String, (String, Source)>,
    settings: Vec<Setting>,
    problems: Vec<String>,
}

impl Reader {
    /// What the defaults, the file and the environment say together; later goes before earlier.
    pub fn new(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Self {
            defaults: leaves("the defaults", DEFAULTS)?,
            given: BTreeMap::new(),
            settings: Vec::new(),
            problems: Vec::new(),
        };
        if let Some(path) = file {
            reader.take_file(path)?;
        }
        for (name, text) in environment {
            reader.take_variable(&name, text);
        }
        Ok(reader)
    }

    /// One setting. Where it is wrong, the default stands in until all has been read.
    pub fn read<T>(
        &mut self,
        key: &str,
        show: Show,
        parse: impl Fn(&str) -> Parse<T>,
    ) -> Result<T, ConfigError> {
        let default = self.defaults.get(key).cloned().unwrap_or_default();
        let (text, source) = self
            .given
            .get(key)
            .cloned()
            .unwrap_or_else(|| (default.clone(), Source::Default));
        self.settings.push(Setting {
            key: key.to_owned(),
            shown: shown(&text, show),
            source: source.clone(),
        });
        match parse(&text) {
            Ok(value) => Ok(value),
            Err(accepted) => {
                self.problems.push(match show {
                    Show::Hidden => format!("{key} (from {source}) is not {accepted}"),
                    _ => format!(
                        "{key} is {:?} (from {source}); accepted is {accepted}",
                        shown(&text, show)
                    ),
                });
                parse(&default).map_err(|accepted| {
                    fault(format!("{key} has a default that is not {accepted}"))
                })
            }
        }
    }

    /// Something is wrong between settings.
    pub fn complain(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// What was read, if nothing is wrong.
    pub fn finish(self) -> Result<Vec<Setting>, ConfigError> {
        if self.problems.is_empty() {
            Ok(self.settings)
        } else {
            Err(ConfigError {
                problems: self.problems,
            })
        }
    }

    fn take_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        if !path.is_file() {
            return Err(fault(format!(
                "{} is not there, or not a file",
                path.display()
            )));
        }
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| fault(format!("{name} cannot be read: {error}")))?;
        for (key, text) in leaves(&name, &text)? {
            if self.defaults.contains_key(&key) {
                self.given
                    .insert(key, (text, Source::File(path.to_owned())));
            } else {
                let near = self.nearest(&key);
                self.problems.push(format!(
                    "{key} (in {}) is unknown; the nearest setting is {near}",
                    path.display()
                ));
            }
        }
        Ok(())
    }

    fn take_variable(&mut self, name: &str, text: String) {
        let Some(rest) = name.strip_prefix(PREFIX).filter(|_| name != FILE_VARIABLE) else {
            return;
        };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        if self.defaults.contains_key(&key) {
            self.given
                .insert(key, (text, Source::Environment(name.to_owned())));
        } else {
            let near = variable(self.nearest(&key));
            self.problems
                .push(format!("{name} is unknown; the nearest setting is {near}"));
        }
    }

    fn nearest(&self, key: &str) -> &str {
        self.defaults
            .keys()
            // This measure weighs the beginning most, which is the section.
            .max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)))
            .map_or("", String::as_str)
    }
}

/// The environment variable of a setting.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// The values by their full keys. An array is a value; a table is a section.
fn leaves(name: &str, text: &str) -> Result<BTreeMap<String, String>, ConfigError> {
    let sections: Table = text
        .parse()
        .map_err(|error| fault(misread(name, text, &error)))?;
    let mut leaves = BTreeMap::new();
    for (section, value) in sections {
        match value {
            Value::Table(settings) => {
                for (key, value) in settings {
                    leaves.insert(format!("{section}.{key}"), value::text(&value));
                }
            }
            other => {
                leaves.insert(section, value::text(&other));
            }
        }
    }
    Ok(leaves)
}

/// Where a text is no TOML, and what was expected there. What stands there is not repeated, as the
/// parser's own sentence would: it may be a secret that lacks its quotes.
fn misread(name: &str, text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let before = before.unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default();
    let column = column.chars().count() + 1;
    format!(
        "{name}, line {line}, column {column}: {} (values stand in quotes, except numbers, true \
         and false)",
        error.message()
    )
}

fn shown(text: &str, show: Show) -> String {
    match show {
        Show::Plain => text.to_owned(),
        Show::Url => value::hide_password(text),
        Show::Hidden if text.is_empty() => String::new(),
        Show::Hidden => "***".to_owned(),
    }
}

fn fault(problem: String) -> ConfigError {
    ConfigError {
        problems: vec![problem],
    }
}

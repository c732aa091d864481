//! Sources as a list of the paths that they name. It reads as much of Rust as that takes.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A source file, by its place in the repository.
pub struct Source {
    /// The room, such as `store` or `server/live`.
    pub room: String,
    /// The modules that lead to it within its crate.
    modules: Vec<String>,
    /// Where it lies.
    pub path: PathBuf,
    text: String,
}

impl Source {
    /// A source that lies there, and says this.
    pub fn new(path: &str, text: &str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        let src = parts
            .iter()
            .position(|part| *part == "src")
            .expect("a src folder");
        let name = parts[src - 1];
        let mut modules: Vec<String> = parts[src + 1..]
            .iter()
            .map(|part| part.trim_end_matches(".rs").to_owned())
            .collect();
        if modules
            .last()
            .is_some_and(|last| ["mod", "lib", "main"].contains(&&**last))
        {
            modules.pop();
        }
        let room = match (name, modules.first()) {
            ("server", Some(room)) => format!("server/{room}"),
            ("server", None) => "server/main".to_owned(),
            _ => name.to_owned(),
        };
        Self {
            room,
            modules,
            path: path.into(),
            text: text.to_owned(),
        }
    }

    /// Every path that the file names, from the root of its crate or with a crate's name in front.
    pub fn paths(&self) -> BTreeSet<Vec<String>> {
        let tokens = tokens(&self.text);
        let mut paths = BTreeSet::new();
        // Inline modules that we are in, with the depth of braces at which each ends.
        let (mut inside, mut depth) = (Vec::<usize>::new(), 0);
        let mut at = 0;
        while at < tokens.len() {
            match tokens[at].as_str() {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inside.retain(|end| *end <= depth);
                }
                "mod" if tokens.get(at + 2).is_some_and(|next| next == "{") => {
                    inside.push(depth + 1);
                }
                _ => {}
            }
            let begins =
                is_name(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::");
            let goes_on = at > 0 && (tokens[at - 1] == "::" || tokens[at - 1] == ".");
            if begins && !goes_on {
                let mut found = Vec::new();
                tree(&tokens, &mut at, &mut Vec::new(), &mut found);
                paths.extend(
                    found
                        .into_iter()
                        .map(|path| self.resolve(path, inside.len())),
                );
            } else {
                at += 1;
            }
        }
        paths
    }

    /// A path as seen from the root of the crate: `super` and `self` are gone.
    fn resolve(&self, path: Vec<String>, inside: usize) -> Vec<String> {
        let mut here = self.modules.clone();
        here.extend((0..inside).map(|_| "inline".to_owned()));
        let mut rest = path.into_iter().peekable();
        let mut relative = false;
        while let Some(first) = rest.peek() {
            match first.as_str() {
                "crate" => here.clear(),
                "super" => {
                    here.pop();
                }
                "self" => {}
                _ => break,
            }
            relative = true;
            rest.next();
        }
        if relative {
            std::iter::once("crate".to_owned())
                .chain(here)
                .chain(rest)
                .collect()
        } else {
            rest.collect()
        }
    }
}

/// Reads a path from its first name on, with everything in its braces; `at` then stands behind it.
fn tree(tokens: &[String], at: &mut usize, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let length = before.len();
    loop {
        match tokens.get(*at).map(String::as_str) {
            Some("{") => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| token != "}") {
                    tree(tokens, at, before, found);
                    if tokens.get(*at).is_some_and(|token| token == ",") {
                        *at += 1;
                    }
                }
                *at += 1;
                break;
            }
            Some(name) if is_name(name) || name == "*" => {
                before.push(name.to_owned());
                *at += 1;
                if tokens.get(*at).is_some_and(|token| token == "::") {
                    *at += 1;
                    // `path::<T>` ends the path; what is in the brackets is read by itself.
                    if tokens
                        .get(*at)
                        .is_some_and(|token| is_name(token) || token == "{" || token == "*")
                    {
                        continue;
                    }
                }
                found.push(before.clone());
                if tokens.get(*at).is_some_and(|token| token == "as") {
                    *at += 2;
                }
                break;
            }
            _ => {
                *at += 1;
                break;
            }
        }
    }
    before.truncate(length);
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single marks, without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    let starts = |at: usize, what: &str| {
        what.chars()
            .enumerate()
            .all(|(n, c)| letters.get(at + n) == Some(&c))
    };
    while let Some(&letter) = letters.get(at) {
        if starts(at, "//") {
            while letters.get(at).is_some_and(|c| *c != '\n') {
                at += 1;
            }
        } else if starts(at, "r#\"") || starts(at, "r\"") {
            let end = if starts(at, "r#") { "\"#" } else { "\"" };
            at += 1 + end.len();
            while at < letters.len() && !starts(at, end) {
                at += 1;
            }
            at += end.len();
        } else if letter == '"' {
            at += 1;
            while letters.get(at).is_some_and(|c| *c != '"') {
                at += if letters[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if letter == '\''
            && (letters.get(at + 1) == Some(&'\\') || letters.get(at + 2) == Some(&'\''))
        {
            at += 2;
            while letters.get(at).is_some_and(|c| *c != '\'') {
                at += 1;
            }
            at += 1;
        } else if letter.is_alphanumeric() || letter == '_' {
            let start = at;
            while letters
                .get(at)
                .is_some_and(|c| c.is_alphanumeric() || *c == '_')
            {
                at += 1;
            }
            tokens.push(letters[start..at].iter().collect());
        } else if starts(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !letter.is_whitespace() {
                tokens.push(letter.to_string());
            }
            at += 1;
        }
    }
    tokens
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every source of ours, without the tests' own.
pub fn sources() -> Vec<Source> {
    let root = root();
    let mut folders: Vec<PathBuf> = [
        "backend/engine/src",
        "backend/store/src",
        "backend/server/src",
        "migrations/src",
        "seed/src",
    ]
    .map(|folder| root.join(folder))
    .into();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap();
                sources.push(Source::new(path.to_str().unwrap(), &text));
            }
        }
    }
    sources
}

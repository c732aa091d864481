//! The secrets of this installation.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::value;

/// At least 32 random bytes that nobody else has. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no file.
    #[error(
        "{key} {} is not there; make it with: (umask 077 && openssl rand -hex 32 > {})",
        .file.display(), .file.display()
    )]
    Missing { key: &'static str, file: PathBuf },
    /// The file holds something else.
    #[error("{key} {} does not hold at least 64 hexadecimal digits", .file.display())]
    Unreadable { key: &'static str, file: PathBuf },
    /// The file cannot be read or made.
    #[error("{key} {}: {source}", .file.display())]
    Io {
        key: &'static str,
        file: PathBuf,
        source: io::Error,
    },
}

/// What to do when there is no file.
pub enum Absent<F> {
    /// Make one from what this gives, for this user only.
    Make(F),
    /// Say how to make one.
    Refuse,
}

/// Reads the secret in a file that the setting `key` names.
pub fn load(
    key: &'static str,
    path: &Path,
    absent: Absent<impl FnOnce() -> [u8; 32]>,
) -> Result<Secret, SecretError> {
    let file = path.to_owned();
    let io_error = |source| SecretError::Io {
        key,
        file: path.to_owned(),
        source,
    };
    if let Absent::Make(fresh) = absent
        && !path.exists()
    {
        match make(path, &fresh()) {
            // Another process was quicker; then its secret is ours.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(io_error)?,
        }
    }
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SecretError::Missing { key, file });
        }
        read => read.map_err(io_error)?,
    };
    value::secret(&text)
        .map(Secret)
        .map_err(|_| SecretError::Unreadable { key, file })
}

/// Writes beside the place and links it there whole: nobody reads half a secret, and nobody's is
/// written over.
fn make(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = writeln!(file, "{}", hex::encode(bytes))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    // A draft that stays behind is a nuisance and no failure.
    let _ = fs::remove_file(&draft);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSE: Absent<fn() -> [u8; 32]> = Absent::Refuse;

    #[test]
    fn a_secret_is_made_once_and_for_its_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("var/secret.key");
        assert!(matches!(
            load("secret.file", &path, REFUSE),
            Err(SecretError::Missing { .. })
        ));
        let secret = load("secret.file", &path, Absent::Make(|| [7; 32])).unwrap();
        assert_eq!(secret.bytes(), [7; 32]);
        assert_eq!(
            load("secret.file", &path, Absent::Make(|| [8; 32])).unwrap(),
            secret
        );
        assert_eq!(load("secret.file", &path, REFUSE).unwrap(), secret);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        assert_eq!(fs::read_dir(folder.path().join("var")).unwrap().count(), 1);
        assert_eq!(format!("{secret:?}"), "Secret(***)");
    }

    #[test]
    fn too_little_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        fs::write(&path, "abcdef").unwrap();
        let error = load("secret.file", &path, Absent::Make(|| [7; 32]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("64 hexadecimal digits") && !error.contains("abcdef"),
            "{error}"
        );
    }

    #[test]
    fn the_error_says_how_to_make_one() {
        let error = load("secret.file", Path::new("/nowhere/secret.key"), REFUSE)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("openssl rand -hex 32 > /nowhere/secret.key"),
            "{error}"
        );
    }
}

//! What a setting can be, read from a TOML value or from the text of an environment variable.

use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use toml::Value;

/// Reads a value. An error says what is accepted, to follow "accepted is".
pub type Parse<T> = Result<T, String>;

/// What the value says as text, without the quotes of a string.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Datetime(instant) => instant.to_string(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Table(_) => String::new(),
    }
}

pub fn boolean(text: &str) -> Parse<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

pub fn number<T>(text: &str, range: &RangeInclusive<T>) -> Parse<T>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
}

/// Numbers with units, as in "1m 30s", within bounds.
pub fn duration(text: &str, range: &RangeInclusive<Duration>) -> Parse<Duration> {
    parse_duration(text)
        .filter(|duration| range.contains(duration))
        .ok_or_else(|| {
            format!(
                "a duration from {} to {}, such as \"250ms\", \"5s\" or \"2m\"",
                show_duration(*range.start()),
                show_duration(*range.end())
            )
        })
}

fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let milliseconds = match &rest[..end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        sum = sum.checked_add(Duration::from_millis(number.checked_mul(milliseconds)?))?;
        rest = rest[end..].trim_start();
    }
    (!text.trim().is_empty()).then_some(sum)
}

/// The largest unit that says it in a whole number.
pub fn show_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if milliseconds > 0 && milliseconds.is_multiple_of(size) {
            return format!("{}{unit}", milliseconds / size);
        }
    }
    format!("{milliseconds}ms")
}

pub fn address(text: &str) -> Parse<SocketAddr> {
    text.parse()
        .map_err(|_| "an address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned())
}

/// What `parse` accepts, or nothing.
pub fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Parse<T>) -> Parse<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text)
        .map(Some)
        .map_err(|accepted| format!("{accepted}, or \"\""))
}

pub fn path(text: &str) -> Parse<PathBuf> {
    if text.is_empty() {
        Err("the path of a file".to_owned())
    } else {
        Ok(text.into())
    }
}

/// One or several files, separated by commas.
pub fn paths(text: &str) -> Parse<Vec<PathBuf>> {
    let paths: Vec<PathBuf> = text
        .split(',')
        .map(str::trim)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect();
    if paths.is_empty() {
        Err("the paths of one or several files".to_owned())
    } else {
        Ok(paths)
    }
}

pub fn instant(text: &str) -> Parse<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|_| "an instant such as 2026-09-01T08:00:00Z".to_owned())
}

pub fn origins(text: &str) -> Parse<Vec<String>> {
    text.split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty())
        .map(|origin| {
            let (scheme, authority) = origin.split_once("://").unwrap_or_default();
            let is_host = !authority.is_empty()
                && authority
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
            if matches!(scheme, "http" | "https") && is_host {
                Ok(origin.to_ascii_lowercase())
            } else {
                Err("origins such as https://forening.example, without a path".to_owned())
            }
        })
        .collect()
}

pub fn record_url(text: &str) -> Parse<String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
    {
        Ok(text.to_owned())
    } else {
        Err("sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/DATABASE".to_owned())
    }
}

/// The URL without passwords. What stands before the last `@` counts as user and password, even
/// where a valid URL would have none: somebody may have pasted one that is not valid.
pub fn hide_password(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => {
            let (name, hidden) = user
                .split_once(':')
                .map_or((user, ""), |(name, _)| (name, ":***"));
            format!("{name}{hidden}@{host}")
        }
        None => rest.to_owned(),
    };
    let (address, parameters) = rest.split_once('?').unwrap_or((&rest, ""));
    let shown: Vec<String> = parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=***"),
            _ => parameter.to_owned(),
        })
        .collect();
    let separator = if url.contains("://") { "://" } else { "" };
    let query = if shown.is_empty() {
        String::new()
    } else {
        format!("?{}", shown.join("&"))
    };
    format!("{scheme}{separator}{address}{query}")
}

/// At least 32 bytes in hex.
pub fn secret(text: &str) -> Parse<Vec<u8>> {
    hex::decode(text.trim())
        .ok()
        .filter(|bytes| bytes.len() >= 32)
        .ok_or_else(|| "at least 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, milliseconds) in [
            ("250ms", Some(250)),
            ("5s", Some(5_000)),
            ("1m 30s", Some(90_000)),
            ("2 h", Some(7_200_000)),
            ("1d", Some(86_400_000)),
            ("0", Some(0)),
            ("", None),
            ("5", None),
            ("s", None),
            ("-5s", None),
            ("5 parsecs", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(
                parse_duration(text),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        }
        for text in ["250ms", "5s", "90s", "2m", "1h", "0ms"] {
            assert_eq!(show_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://me:secret@host/db", "postgres://me:***@host/db"),
            ("postgres://me:se@cret@host/db", "postgres://me:***@host/db"),
            ("postgres://me@host/db", "postgres://me@host/db"),
            (
                "postgres://host/db?password=secret&x=1",
                "postgres://host/db?password=***&x=1",
            ),
            (
                "postgres://me:secret?x@host/db",
                "postgres://me:***@host/db",
            ),
            (
                "postgres://me:secret/x@host/db",
                "postgres://me:***@host/db",
            ),
            (
                "sqlite://var/record.sqlite?mode=rwc",
                "sqlite://var/record.sqlite?mode=rwc",
            ),
            ("me:secret@host", "me:***@host"),
            ("", ""),
        ] {
            assert_eq!(hide_password(url), shown);
        }
    }

    #[test]
    fn origins_have_a_scheme_and_no_path() {
        assert_eq!(origins("").unwrap(), Vec::<String>::new());
        let two = origins("https://A.example, http://[::1]:3000").unwrap();
        assert_eq!(two, ["https://a.example", "http://[::1]:3000"]);
        for wrong in [
            "a.example",
            "https://",
            "https://a.example/",
            "*",
            "ftp://a.example",
        ] {
            assert!(origins(wrong).is_err(), "{wrong}");
        }
    }
}

//! Reading the fields of a draft: lists in which each thing stands once, whole numbers, addresses.

use std::ops::RangeInclusive;

use crate::problem::{Fault, Format, Problems, shortened};

/// Reads a list of codes in which each thing stands once.
pub(super) fn codes<T: PartialEq>(
    problems: &mut Problems,
    field: &str,
    given: &[String],
    max: usize,
    resolve: impl Fn(&str) -> Result<T, Fault>,
) -> Option<Vec<T>> {
    each(
        problems,
        field,
        given,
        max,
        |code| shortened(code),
        |code| resolve(code),
    )
}

/// Reads a list in which each thing stands once.
pub(super) fn each<G, T: PartialEq>(
    problems: &mut Problems,
    field: &str,
    given: &[G],
    max: usize,
    shown: impl Fn(&G) -> String,
    resolve: impl Fn(&G) -> Result<T, Fault>,
) -> Option<Vec<T>> {
    let got = given.len();
    if got > max {
        problems.note(field, Fault::TooMany { max, got });
        return None;
    }
    let mut found = Vec::with_capacity(got);
    for (at, item) in given.iter().enumerate() {
        let read = resolve(item).and_then(|value| {
            if found.contains(&value) {
                let value = shown(item);
                Err(Fault::Repeated { value })
            } else {
                Ok(value)
            }
        });
        found.extend(problems.take(&format!("{field}.{at}"), read));
    }
    (found.len() == got).then_some(found)
}

/// Reads a whole number within its bounds.
#[expect(
    clippy::option_option,
    reason = "outer: whether it could be read; inner: whether it was given"
)]
pub(super) fn whole(
    problems: &mut Problems,
    field: &str,
    given: Option<i64>,
    accepted: RangeInclusive<i64>,
) -> Option<Option<i64>> {
    let read = match given {
        Some(value) if !accepted.contains(&value) => Err(Fault::OutOfRange {
            min: *accepted.start() as f64,
            max: *accepted.end() as f64,
        }),
        value => Ok(value),
    };
    problems.take(field, read)
}

/// Reads a web address, http or https.
pub(super) fn web_address(text: &str) -> Result<String, Fault> {
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or("");
    let plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-');
    let reads = text.len() <= 500
        && host.contains('.')
        && host.split('.').all(plain)
        && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if reads {
        Ok(text.to_owned())
    } else {
        Err(Fault::Malformed {
            expected: Format::Url,
            value: shortened(text),
        })
    }
}

//! Text as people write it: lines with bounds, and folding for simple search.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::problem::Fault;

/// Reads a single-line text: trimmed, without control characters, within its bounds in characters.
pub fn line(value: &str, min: usize, max: usize) -> Result<String, Fault> {
    bounded(value, min, max, char::is_control)
}

/// Reads a text of several lines: as [`line()`], but line breaks and tabs are accepted.
pub fn lines(value: &str, min: usize, max: usize) -> Result<String, Fault> {
    bounded(value, min, max, |c| {
        c.is_control() && !matches!(c, '\n' | '\r' | '\t')
    })
}

fn bounded(
    value: &str,
    min: usize,
    max: usize,
    refused: impl Fn(char) -> bool,
) -> Result<String, Fault> {
    if value.chars().any(|c| refused(c) || is_invisible(c)) {
        return Err(Fault::ControlCharacters);
    }
    let value: String = value.trim().nfc().collect();
    match value.chars().count() {
        0 if min > 0 => Err(Fault::Blank),
        got if got < min => Err(Fault::TooShort { min }),
        got if got > max => Err(Fault::TooLong { max, got }),
        _ => Ok(value),
    }
}

/// Characters that turn or hide text: bidirectional controls, soft hyphens, and what has no width,
/// but for the joiner, which emoji are made with.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{61C}' | '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'
            ..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// The folded words of a text: lower case, æ→ae, ø→oe, å→aa, other accents removed; a word is a
/// run of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.nfc().flat_map(char::to_lowercase) {
        match c {
            'æ' => word.push_str("ae"),
            'ø' => word.push_str("oe"),
            'å' => word.push_str("aa"),
            c if c.is_alphanumeric() => {
                word.extend(c.nfd().filter(|part| !is_combining_mark(*part)));
            }
            c if is_combining_mark(c) => {}
            _ if word.is_empty() => {}
            _ => words.push(std::mem::take(&mut word)),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The Dice coefficient of two sets of words, given sorted and without repetition: 0..1.
pub fn dice(a: &[String], b: &[String]) -> f64 {
    if a.is_empty() && b.is_empty() {
        return 0.0;
    }
    let common = a
        .iter()
        .filter(|word| b.binary_search(word).is_ok())
        .count();
    2.0 * common as f64 / (a.len() + b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_meets_both_spellings_of_danish_letters() {
        assert_eq!(
            words("Besøgsven på Ærø, café 2."),
            ["besoegsven", "paa", "aeroe", "cafe", "2"]
        );
        assert_eq!(words("a\u{30A}"), words("å"));
    }

    #[test]
    fn a_line_refuses_what_nobody_can_read() {
        assert_eq!(line("   ", 1, 5), Err(Fault::Blank));
        assert_eq!(line("a\u{7}b", 1, 5), Err(Fault::ControlCharacters));
        for c in ['\u{202E}', '\u{61C}', '\u{2060}', '\u{200C}', '\u{AD}'] {
            let hidden = format!("a{c}b");
            assert_eq!(line(&hidden, 1, 5), Err(Fault::ControlCharacters), "{c:?}");
        }
        assert_eq!(line("abcdef", 1, 5), Err(Fault::TooLong { max: 5, got: 6 }));
        assert_eq!(line(" abc ", 1, 5), Ok("abc".into()));
        assert_eq!(lines("a\nb", 1, 5), Ok("a\nb".into()));
    }

    #[test]
    fn dice_counts_shared_words() {
        let set = |text: &str| {
            let mut words = words(text);
            words.sort();
            words
        };
        assert!((dice(&set("gå tur"), &set("gå en tur")) - 0.8).abs() < 1e-12);
    }
}

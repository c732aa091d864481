//! Dates as people write them.

use chrono::{Datelike, NaiveDate};

use super::spelling::plain;
use crate::problem::{Fault, Format};

/// The first birth date accepted.
const FIRST: Option<NaiveDate> = NaiveDate::from_ymd_opt(1900, 1, 1);

/// Reads a birth date: `12-03-1941`, `12.3.1941`, `12/3 1941`, `12. marts 1941`, `March 12, 1941`,
/// `1941-03-12`, `12031941`, `19410312`, with `f.`, `født` or `den` before it.
///
/// A year of two digits is refused. Of most dates it leaves open whether somebody is 4 or 104 years
/// old, and one that is clear this year may not be clear the next: the same text should be the same
/// date for as long as it is kept.
pub(super) fn birth_date(text: &str, today: NaiveDate) -> Result<NaiveDate, Fault> {
    let unreadable = Fault::Unreadable {
        expected: Format::BirthDate,
    };
    let (pieces, tail) = pieces(text);
    let start = pieces
        .iter()
        .take_while(|piece| matches!(piece.text.as_str(), "d" | "den" | "f" | "født"))
        .count();
    let is_whole = tail.trim_matches([' ', '.']).is_empty()
        && pieces
            .iter()
            .take(start + 1)
            .all(|piece| piece.gap.trim_matches([' ', '.']).is_empty());
    let date = written_at(&pieces, start)
        .filter(|(_, count)| is_whole && start + count == pieces.len())
        .and_then(|(written, _)| match written.year {
            Year::Whole(year) => NaiveDate::from_ymd_opt(year, written.month, written.day),
            Year::Short(_) => None,
        })
        .ok_or(unreadable)?;
    match FIRST {
        Some(first) if !(first..=today).contains(&date) => {
            Err(Fault::DateOutOfRange { first, last: today })
        }
        _ => Ok(date),
    }
}

/// Whether a text holds this date in a way that [`birth_date`] reads, or with two digits of the
/// year, or as the six digits that begin a CPR number.
pub(super) fn holds_date(text: &str, date: NaiveDate) -> bool {
    let (pieces, _) = pieces(text);
    (0..pieces.len())
        .filter_map(|at| written_at(&pieces, at))
        .any(|(written, _)| {
            let same_year = match written.year {
                Year::Whole(year) => year == date.year(),
                Year::Short(year) => year == date.year() % 100,
            };
            same_year && (written.month, written.day) == (date.month(), date.day())
        })
}

/// Whether there is such a day.
pub(super) fn exists(day: u32, month: u32, year: u32) -> bool {
    i32::try_from(year).is_ok_and(|year| NaiveDate::from_ymd_opt(year, month, day).is_some())
}

#[derive(Clone, Copy)]
enum Year {
    Whole(i32),
    Short(i32),
}

/// A date as written, whether or not there is such a day.
struct Written {
    day: u32,
    month: u32,
    year: Year,
}

/// A run of digits or of letters, and what stands between it and the one before.
struct Piece {
    gap: String,
    text: String,
}

fn pieces(text: &str) -> (Vec<Piece>, String) {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Digits,
        Letters,
        Gap,
    }
    let letters: Vec<char> = plain(text).to_lowercase().chars().collect();
    let kind = |c: char| match c {
        c if c.is_ascii_digit() => Kind::Digits,
        c if c.is_alphabetic() => Kind::Letters,
        _ => Kind::Gap,
    };
    let mut pieces = Vec::new();
    let mut gap = String::new();
    for run in letters.chunk_by(|a, b| kind(*a) == kind(*b)) {
        let text: String = run.iter().collect();
        if kind(run[0]) == Kind::Gap {
            gap = text;
        } else {
            pieces.push(Piece {
                gap: std::mem::take(&mut gap),
                text,
            });
        }
    }
    (pieces, gap)
}

/// The date that begins at a piece, and how many pieces it takes.
fn written_at(pieces: &[Piece], at: usize) -> Option<(Written, usize)> {
    let rest = &pieces[at..];
    if let [a, b, c, ..] = rest
        && [b, c].iter().all(|piece| is_within_date(&piece.gap))
        && let Some(written) = three(&a.text, &b.text, &c.text)
    {
        return Some((written, 3));
    }
    Some((one(&rest.first()?.text)?, 1))
}

fn is_within_date(gap: &str) -> bool {
    gap.chars().count() <= 3 && gap.chars().all(|c| " .,-/'".contains(c))
}

fn three(a: &str, b: &str, c: &str) -> Option<Written> {
    let (day, month, year) = if let Some(year) = whole_year(a) {
        (short(c)?, short(b)?, year)
    } else if let Some(month) = month(a) {
        (short(b)?, month, whole_year(c)?)
    } else {
        (
            short(a)?,
            month(b).or_else(|| short(b))?,
            whole_year(c).or_else(|| short_year(c))?,
        )
    };
    Some(Written { day, month, year })
}

/// A date in one run of digits: `12031941`, `19410312` or `120341`. No run of eight is both of the
/// first two: read the other way round, its year would lie before 1300 or its month after 12.
fn one(digits: &str) -> Option<Written> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits.get(range);
    let backwards = digits.len() == 8
        && part(0..2).is_some_and(|c| matches!(c, "19" | "20"))
        && part(4..6).and_then(short).is_some_and(|month| month <= 12);
    match digits.len() {
        8 if backwards => three(part(0..4)?, part(4..6)?, part(6..8)?),
        6 | 8 => three(part(0..2)?, part(2..4)?, part(4..digits.len())?),
        _ => None,
    }
}

fn short(digits: &str) -> Option<u32> {
    (digits.len() <= 2).then(|| digits.parse().ok()).flatten()
}

fn whole_year(digits: &str) -> Option<Year> {
    (digits.len() == 4)
        .then(|| digits.parse().ok().map(Year::Whole))
        .flatten()
}

fn short_year(digits: &str) -> Option<Year> {
    (digits.len() == 2)
        .then(|| digits.parse().ok().map(Year::Short))
        .flatten()
}

/// A month by its name, Danish or English, or the first three letters of it or more.
fn month(word: &str) -> Option<u32> {
    const DANISH: [&str; 12] = [
        "januar",
        "februar",
        "marts",
        "april",
        "maj",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "december",
    ];
    const ENGLISH: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_short_for = |month: &str| word.len() >= 3 && month.starts_with(word);
    let at = [DANISH, ENGLISH]
        .iter()
        .find_map(|months| months.iter().position(|month| is_short_for(month)))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn today() -> NaiveDate {
        day("2026-06-01")
    }

    #[test]
    fn a_birth_date_is_read_as_people_write_it() {
        for text in "12-03-1941|12.3.1941|12/3 1941|12/3-1941|12 03 1941|12. marts 1941|\
                12.marts 1941|d. 12. marts 1941|den 12. mar. 1941|f. 12-3-1941|\
                født 12/03/1941|1941-03-12|1941.03.12|12031941|19410312|12 March 1941|\
                March 12, 1941|12–03–1941|１２-03-1941|12-03-1941.|12. MARTS 1941"
            .split('|')
        {
            assert_eq!(birth_date(text, today()), Ok(day("1941-03-12")), "{text}");
        }
        assert_eq!(birth_date("19-10-1920", today()), Ok(day("1920-10-19")));
        assert_eq!(birth_date("19101920", today()), Ok(day("1920-10-19")));
        assert_eq!(birth_date("20101941", today()), Ok(day("1941-10-20")));
        assert_eq!(birth_date("29-02-1940", today()), Ok(day("1940-02-29")));
        assert_eq!(birth_date("1. maj 1950", today()), Ok(day("1950-05-01")));
        assert_eq!(birth_date("1. juli 1950", today()), Ok(day("1950-07-01")));
    }

    #[test]
    fn a_birth_date_is_a_day_that_has_been() {
        let unreadable = Err(Fault::Unreadable {
            expected: Format::BirthDate,
        });
        for text in "12.3.41|120341|12-03-'41|1941|marts 1941|12. marts|31-04-1941|\
                29-02-1941|12-13-1941|00-01-1941|12-03-1941 og 13-03-1941|\
                ca. 12-03-1941|-12-03-1941|12 - - 03 1941|i går|12-03-1941T00:00"
            .split('|')
        {
            assert_eq!(birth_date(text, today()), unreadable, "{text}");
        }
        let outside = Err(Fault::DateOutOfRange {
            first: day("1900-01-01"),
            last: today(),
        });
        for text in ["31-12-1899", "02-06-2026", "12-03-2941", "12-03-0041"] {
            assert_eq!(birth_date(text, today()), outside, "{text}");
        }
        assert_eq!(birth_date("01-06-2026", today()), Ok(today()));
        assert_eq!(birth_date("01-01-1900", today()), Ok(day("1900-01-01")));
    }
}

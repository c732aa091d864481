//! Numbers in a text: phone numbers, CPR numbers, and what only looks like one.

use super::{dates, spelling::plain};

/// Reads a phone number as `+` and its digits. Danish numbers have eight, the first of them 2-9
/// (the numbering plan since 1989), with or without +45, 0045 or (45); foreign ones begin with + or
/// 00 and have 8-15 with their country code (ITU-T E.164). One digit repeated is what people write
/// who know no number.
pub(super) fn phone(text: &str) -> Option<String> {
    let compact: String = plain(text)
        .replace("(0)", "")
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')'))
        .collect();
    let (is_international, digits) = ["+", "00"]
        .into_iter()
        .find_map(|prefix| compact.strip_prefix(prefix))
        .map_or((false, compact.as_str()), |digits| (true, digits));
    let first = digits.chars().next()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let has_country = is_international || digits.len() == 10;
    let national = digits.strip_prefix("45").filter(|_| has_country);
    let (number, accepted) = match national {
        Some(national) => (national, national.len() == 8),
        None if is_international => (digits, (8..=15).contains(&digits.len()) && first != '0'),
        None => (digits, digits.len() == 8),
    };
    let is_danish = national.is_some() || !is_international;
    let is_assigned = !is_danish || !number.starts_with(['0', '1']);
    let is_repeated = number.chars().all(|digit| number.starts_with(digit));
    let country = if is_danish { "45" } else { "" };
    (accepted && is_assigned && !is_repeated).then(|| format!("+{country}{number}"))
}

/// A run of digits, and what stands between it and the one before.
struct Group {
    gap: String,
    digits: String,
}

/// The runs of digits of a text, in order, and what follows the last.
fn groups(text: &str) -> (Vec<Group>, String) {
    let mut groups: Vec<Group> = Vec::new();
    let mut gap = String::new();
    let mut is_within = false;
    for c in plain(text).to_lowercase().chars() {
        match (c.is_ascii_digit(), groups.last_mut()) {
            (true, Some(group)) if is_within => group.digits.push(c),
            (true, _) => groups.push(Group {
                gap: std::mem::take(&mut gap),
                digits: c.into(),
            }),
            (false, _) if c == ' ' && gap.ends_with(' ') => {}
            (false, _) => gap.push(c),
        }
        is_within = c.is_ascii_digit();
    }
    (groups, gap)
}

fn sizes(groups: &[Group]) -> Vec<usize> {
    groups.iter().map(|group| group.digits.len()).collect()
}

fn together(groups: &[Group]) -> String {
    groups.iter().map(|group| group.digits.as_str()).collect()
}

fn is_loose(gap: &str) -> bool {
    gap.len() <= 3 && gap.chars().all(|c| " .-/()_".contains(c))
}

/// Whether a text holds what reads as a CPR number: six digits that are a date, then four. Day 61
/// to 91 is one of a replacement number (cpr.dk, *Erstatningspersonnummer*). No check digit is
/// asked for: numbers given out since 2007 need not have one.
pub(super) fn holds_cpr(text: &str) -> bool {
    let (groups, _) = groups(text);
    (0..groups.len()).any(|at| {
        [1, 2, 4, 5]
            .into_iter()
            .filter_map(|count| groups.get(at..at + count))
            .any(|run| is_cpr(&groups[..at], run))
    })
}

fn is_cpr(before: &[Group], groups: &[Group]) -> bool {
    let gaps: Vec<&str> = groups[1..].iter().map(|group| group.gap.as_str()).collect();
    let is_spaced = gaps.iter().all(|gap| *gap == " ");
    let is_written = match sizes(groups)[..] {
        [10] => true,
        [6, 4] => is_loose(gaps[0]),
        [2, 2, 2, 4] => is_spaced || gaps.iter().all(|gap| is_loose(gap)) && gaps[2].contains('-'),
        // After a country code, this is how a phone number is written: +49 30 12 34 56 78.
        [2, 2, 2, 2, 2] => is_spaced && !before.last().is_some_and(is_country),
        _ => false,
    };
    is_written && starts_with_date(&together(groups))
}

fn is_country(group: &Group) -> bool {
    group.gap.ends_with('+') || group.digits.starts_with("00")
}

fn starts_with_date(digits: &str) -> bool {
    let part = |at: usize| {
        digits
            .get(at..at + 2)
            .and_then(|part| part.parse::<u32>().ok())
    };
    let (Some(day), Some(month), Some(year)) = (part(0), part(2), part(4)) else {
        return false;
    };
    let day = if day > 60 { day - 60 } else { day };
    // 2000 is a leap year, and 1900 is read as one: better a number too many than one too few.
    let last = match month {
        2 if year % 4 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}

/// Groupings in which people write the eight digits of a phone number.
const GROUPINGS: [&[usize]; 9] = [
    &[8],
    &[4, 4],
    &[2, 2, 2, 2],
    &[2, 2, 4],
    &[4, 2, 2],
    &[2, 6],
    &[2, 3, 3],
    &[3, 2, 3],
    &[3, 3, 2],
];

/// Whether a text holds what reads as a phone number: eight digits in a usual grouping, or a number
/// with + or 00 and its country. Dates with four digits of the year, spans of times and of years,
/// and amounts of kroner are none. Where both readings are as likely, it is a phone number.
pub(super) fn holds_phone(text: &str) -> bool {
    let (groups, tail) = groups(text);
    let mut at = 0;
    while at < groups.len() {
        let run = run_at(&groups, at);
        let after = |count: usize| groups.get(at + count).map_or(tail.as_str(), |g| &g.gap);
        let harmless = (1..=run.len().min(4))
            .rev()
            .find(|count| is_harmless(&run[..*count], after(*count)));
        if let Some(count) = harmless {
            at += count;
        } else if is_international(run)
            || (1..=run.len().min(4)).any(|count| is_national(&run[..count]))
        {
            return true;
        } else {
            at += 1;
        }
    }
    false
}

/// The groups from one on that are joined by a single sign.
fn run_at(groups: &[Group], at: usize) -> &[Group] {
    let joined = groups[at + 1..]
        .iter()
        .take_while(|group| joint(group).is_some());
    &groups[at..=at + joined.count()]
}

fn joint(group: &Group) -> Option<char> {
    match group.gap.as_str() {
        " " | ")" | ") " | " (" => Some(' '),
        "." => Some('.'),
        "-" => Some('-'),
        _ => None,
    }
}

fn is_international(run: &[Group]) -> bool {
    let digits = together(run);
    let before = run[0].gap.trim_end_matches([' ', '(']);
    let with_zeros = run[0].digits.len() > 2 && digits.starts_with("00");
    (before.ends_with('+') && digits.len() >= 8) || (with_zeros && digits.len() >= 10)
}

fn is_national(groups: &[Group]) -> bool {
    let sizes = sizes(groups);
    let joints: Vec<char> = groups[1..].iter().filter_map(joint).collect();
    // `86-12 34 56` is written, `14.00-16.00` and `10-12 14-16` are times.
    let same = match sizes[..] {
        [2, 2, 2, 2] => joints[1] == joints[2],
        _ => joints.iter().all(|joint| *joint == joints[0]),
    };
    let is_thousands = sizes == [2, 3, 3] && joints[0] == '.';
    let is_grouped = GROUPINGS.contains(&sizes.as_slice()) && same && !is_thousands;
    is_grouped || (sizes == [10] && groups[0].digits.starts_with("45"))
}

/// Whether groups are a date, a span of times or of years, or an amount of kroner.
fn is_harmless(groups: &[Group], after: &str) -> bool {
    let numbers: Vec<u32> = groups
        .iter()
        .filter_map(|g| g.digits.parse().ok())
        .collect();
    if numbers.len() != groups.len() {
        return false;
    }
    let is_year = |number: u32| (1900..=2100).contains(&number);
    let is_time = |number: u32| number / 100 <= 24 && number % 100 < 60;
    let is_span = |from: u32, to: u32| {
        (is_year(from) && is_year(to) || is_time(from) && is_time(to)) && from < to
    };
    match (sizes(groups).as_slice(), numbers.as_slice()) {
        ([4, 4], [from, to]) if joint(&groups[1]) == Some('-') && is_span(*from, *to) => true,
        ([1 | 2, 1 | 2, 4], [day, month, year]) | ([4, 1 | 2, 1 | 2], [year, month, day]) => {
            is_year(*year) && dates::exists(*day, *month, *year) || is_amount(groups, after)
        }
        _ => is_amount(groups, after),
    }
}

/// One number, thousands apart, or a span, before `kr.` or `,-`.
fn is_amount(groups: &[Group], after: &str) -> bool {
    let next = after.trim_start();
    let next_word = next.split(|c: char| !c.is_alphabetic()).next();
    let is_priced =
        next.starts_with(",-") || next_word.is_some_and(|w| matches!(w, "kr" | "kroner" | "dkk"));
    let has_thousands =
        groups[0].digits.len() <= 3 && groups[1..].iter().all(|group| group.digits.len() == 3);
    let is_one = groups.len() == 1;
    let is_span = groups.len() == 2 && joint(&groups[1]) == Some('-');
    is_priced && (is_one || has_thousands || is_span)
}

/// Whether a text holds a phone number as [`phone`] has read it, in any grouping and with or
/// without the country code of Denmark.
pub(super) fn holds_this_phone(text: &str, phone: &str) -> bool {
    let number = phone
        .strip_prefix("+45")
        .unwrap_or(phone.trim_start_matches('+'));
    let (groups, _) = groups(text);
    groups
        .chunk_by(|_, next| is_loose(&next.gap))
        .any(|run| together(run).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_has_one_spelling() {
        for text in "86123456|86 12 34 56|8612 3456|86-12-34-56|86.12.34.56|+45 86123456|\
                +4586 12 34 56|0045 86 12 34 56|(45) 86 12 34 56|(+45) 86123456|\
                4586123456|８６１２３４５６|٨٦١٢٣٤٥٦|86\u{A0}12\u{2011}34\u{2013}56"
            .split('|')
        {
            assert_eq!(phone(text).as_deref(), Some("+4586123456"), "{text}");
        }
        assert_eq!(phone("+49 (0)30 1234567").as_deref(), Some("+49301234567"));
        assert_eq!(phone("0046 70 123 45 67").as_deref(), Some("+46701234567"));
        assert_eq!(phone("+298 212345").as_deref(), Some("+298212345"));
    }

    #[test]
    fn what_is_no_phone_number_is_refused() {
        for text in "8612345|861234567|12345678|01234567|88888888|+45 1234567|+45 12345678|\
                +4512|+0123456789|+1234567|+1234567890123456|tlf. 86123456|86 12 34 5x|\
                +|-|86123456+|86123456 / 20123456"
            .split('|')
        {
            assert_eq!(phone(text), None, "{text}");
        }
    }
}

//! What can be wrong with a data file, told so that the person who edits it finds the place.

use std::{fmt, io};

use faelled_engine::problem::{Fault, Format, Noun, shortened};

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Cells of one row that are not accepted; all of them, at least one.
    #[error("{}", listed(.0))]
    Cells(Vec<BadCell>),
    /// A file that is not a table with the documented columns, or not the TOML that is expected.
    #[error("{file}, line {line}: {what}")]
    Shape {
        /// The file's name.
        file: String,
        /// The line, the first is 1.
        line: u64,
        /// What is wrong, with the column where there is one, and what is accepted.
        what: String,
    },
    /// A file that could not be opened, read or written.
    #[error("{file}: {source}")]
    Io {
        /// The file's name.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A catalog with too little in it to generate a nation.
    #[error("a nation needs at least one {0} in the catalog")]
    Lacks(&'static str),
}

/// A cell that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCell {
    /// The file's name.
    pub file: String,
    /// The line on which its row begins, the header's is 1.
    pub line: u64,
    /// The column's name.
    pub column: String,
    /// What stands there, shortened.
    pub value: String,
    /// What is accepted there.
    pub accepted: String,
}

impl BadCell {
    pub(crate) fn new(file: &str, line: u64, column: &str, value: &str, accepted: &str) -> Self {
        Self {
            file: file.to_owned(),
            line,
            column: column.to_owned(),
            value: shortened(value),
            accepted: accepted.to_owned(),
        }
    }
}

impl fmt::Display for BadCell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            value,
            accepted,
        } = self;
        write!(formatter, "{file}, line {line}, column {column}: ")?;
        if value.is_empty() {
            write!(formatter, "nothing stands here")?;
        } else {
            write!(formatter, "“{value}” is not accepted")?;
        }
        write!(formatter, "; accepted: {accepted}")
    }
}

fn listed(cells: &[BadCell]) -> String {
    cells
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What the engine would have accepted, for the person who edits the file.
pub(crate) fn accepted(fault: &Fault) -> String {
    match fault {
        Fault::Blank => "anything but nothing".to_owned(),
        Fault::TooShort { min } => format!("at least {min} characters"),
        Fault::TooLong { max, got } => format!("at most {max} characters, not {got}"),
        Fault::ControlCharacters => "text without control characters".to_owned(),
        Fault::OutOfRange { min, max } => format!("a number from {min} to {max}"),
        Fault::LastsTooLong { max_days } => format!("at most {max_days} days"),
        Fault::OutsideYears { first, last } => format!("a date in the years {first}-{last}"),
        Fault::OutsideDenmark => "a point within Denmark, in decimal degrees".to_owned(),
        Fault::Unknown { what, value } => {
            let list = match what {
                Noun::Theme => "a code of themes.csv",
                Noun::TargetGroup => "a code of target_groups.csv",
                Noun::Language => "an ISO 639-1 code",
                Noun::PostalCode => "a number of postcodes.csv",
                Noun::Municipality => "a municipality's code of postcodes.csv",
            };
            format!("{list}, which “{value}” is not")
        }
        Fault::Malformed { expected, value } => {
            let form = form(*expected);
            format!("{form}, which “{value}” is not")
        }
        Fault::EndBeforeStart => "an end after the start".to_owned(),
        Fault::NeverOccurs => "a rule that occurs within five years".to_owned(),
        Fault::TooFrequent { max_per_day } => {
            format!("a rule that occurs at most {max_per_day} times a day")
        }
        Fault::AlreadyOver => "something that lies ahead".to_owned(),
        Fault::TooFarAhead { max_days } => format!("at most {max_days} days ahead"),
        Fault::TooMany { max, got } => format!("at most {max}, not {got}"),
        Fault::Repeated { value } => format!("each once, but “{value}” stands twice"),
        Fault::ExactlyOneOf { fields } => format!("exactly one of {}", fields.join(", ")),
        Fault::Needs { other } => format!("this only together with {other}"),
        Fault::GreaterThan { other } => format!("at most {other}"),
        Fault::Unreadable { expected } => form(*expected).to_owned(),
        Fault::DateOutOfRange { first, last } => format!("a date from {first} to {last}"),
        Fault::NobodyNamed => {
            "a phone number, or two of: full name, birth date, address".to_owned()
        }
        Fault::CprLike => "nothing that looks like a CPR number".to_owned(),
        Fault::PhoneLike => "nothing that looks like a phone number".to_owned(),
        Fault::Identifies { field } => format!("nothing that {field} says as well"),
    }
}

/// What a text of this form looks like.
const fn form(expected: Format) -> &'static str {
    match expected {
        Format::RecurrenceRule => "an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=TU",
        Format::LocalDateTime => "a local date and time such as 2026-01-06T14:00",
        Format::LocalDateOrDateTime => "a local date, or a local date and time",
        Format::TimeOfDay => "a time of the day such as 14:00",
        Format::Duration => "an ISO 8601 duration such as PT2H",
        Format::PostalCode => "four digits",
        Format::Url => "a web address that begins with https:// or http://",
        Format::Email => "an e-mail address",
        Format::Phone => "a phone number of 8 to 15 digits",
        Format::Cvr => "eight digits",
        Format::BirthDate => "a birth date such as 12-03-1941",
        Format::PersonName => "first name and surname, without digits",
        Format::Address => "street and house number",
    }
}

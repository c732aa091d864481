//! What is wrong with an input: every problem at once, each with the field it is about and what
//! would have been accepted. The words for people live with the translations, not here.

use chrono::NaiveDate;

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Path to the field, outermost first, in the API's spelling (`schedule`, `recurrences`, `0`).
    pub field: Vec<String>,
    /// What is wrong.
    pub fault: Fault,
}

impl Problem {
    /// A problem with the field at this path, parts separated by dots.
    pub fn at(path: &str, fault: Fault) -> Self {
        Self {
            field: path.split('.').map(str::to_owned).collect(),
            fault,
        }
    }

    /// A problem with the whole input, of which no single field is to blame.
    pub const fn of_all(fault: Fault) -> Self {
        Self {
            field: Vec::new(),
            fault,
        }
    }

    /// The same problem seen from outside: the field lies within `outer`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        self.field.insert(0, outer.to_owned());
        self
    }
}

/// What can be wrong, with the facts that a message needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing, or only spaces, where something is asked for.
    Blank,
    /// Fewer characters than accepted.
    TooShort {
        /// Characters at least.
        min: usize,
    },
    /// More characters than accepted.
    TooLong {
        /// Characters at most.
        max: usize,
        /// Characters given.
        got: usize,
    },
    /// Holds control characters.
    ControlCharacters,
    /// A number outside its bounds, or not a number.
    OutOfRange {
        /// The least accepted.
        min: f64,
        /// The greatest accepted.
        max: f64,
    },
    /// A stretch of time that is longer than accepted.
    LastsTooLong {
        /// Days at most.
        max_days: i64,
    },
    /// A date in a year that is not accepted.
    OutsideYears {
        /// The first year accepted.
        first: i32,
        /// The last year accepted.
        last: i32,
    },
    /// A point that is not within Denmark's bounding box.
    OutsideDenmark,
    /// A code that no list holds.
    Unknown {
        /// What kind of thing it should name.
        what: Noun,
        /// What was given, shortened.
        value: String,
    },
    /// A text that does not read as what it should be.
    Malformed {
        /// What it should be.
        expected: Format,
        /// What was given, shortened.
        value: String,
    },
    /// As [`Fault::Malformed`], of a field whose value must never be shown back: it could tell who
    /// a citizen is.
    Unreadable {
        /// What it should be.
        expected: Format,
    },
    /// A date outside its bounds.
    DateOutOfRange {
        /// The first accepted.
        first: NaiveDate,
        /// The last accepted.
        last: NaiveDate,
    },
    /// What was given of a citizen points to nobody: a name alone, or a birth date alone.
    NobodyNamed,
    /// Holds what reads as a CPR number.
    CprLike,
    /// Holds what reads as a phone number, where none belongs.
    PhoneLike,
    /// Holds what another field of the same request says of a citizen.
    Identifies {
        /// The other field.
        field: &'static str,
    },
    /// An end that is not after its start.
    EndBeforeStart,
    /// A number greater than that of another field which bounds it.
    GreaterThan {
        /// The field that bounds it.
        other: &'static str,
    },
    /// A recurrence rule that never occurs in its first five years.
    NeverOccurs,
    /// A recurrence rule that occurs more often than accepted.
    TooFrequent {
        /// Occurrences a day at most.
        max_per_day: usize,
    },
    /// A schedule that has ended before it is posted.
    AlreadyOver,
    /// Further ahead than accepted.
    TooFarAhead {
        /// Days at most.
        max_days: usize,
    },
    /// A list longer than accepted.
    TooMany {
        /// Items at most.
        max: usize,
        /// Items given.
        got: usize,
    },
    /// The same item twice in a list.
    Repeated {
        /// The item.
        value: String,
    },
    /// Of several fields exactly one is needed.
    ExactlyOneOf {
        /// The fields.
        fields: &'static [&'static str],
    },
    /// Something that another given field asks for.
    Needs {
        /// The field that is missing.
        other: &'static str,
    },
}

/// Things that are named by a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// A theme.
    Theme,
    /// A target group.
    TargetGroup,
    /// A language.
    Language,
    /// A Danish postcode.
    PostalCode,
    /// A Danish municipality.
    Municipality,
}

/// Forms of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A recurrence rule.
    RecurrenceRule,
    /// A local date and time such as `2026-01-06T14:00`.
    LocalDateTime,
    /// A local date, or a local date and time.
    LocalDateOrDateTime,
    /// A time of the day such as `14:00`; `24:00` ends a day.
    TimeOfDay,
    /// An ISO 8601 duration such as `PT2H`.
    Duration,
    /// Four digits.
    PostalCode,
    /// A web address.
    Url,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// Eight digits of a CVR number.
    Cvr,
    /// A birth date with all four digits of its year, such as `12-03-1941`.
    BirthDate,
    /// A person's name: letters, no digits.
    PersonName,
    /// A street and a house number.
    Address,
}

/// Gathers problems, so that a reader gets all of them at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem with a field.
    pub fn note(&mut self, path: &str, fault: Fault) {
        self.0.push(Problem::at(path, fault));
    }

    /// Notes a problem with the whole input.
    pub fn note_all(&mut self, fault: Fault) {
        self.0.push(Problem::of_all(fault));
    }

    /// The value, or nothing and the problem noted.
    pub fn take<T>(&mut self, path: &str, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.note(path, fault)).ok()
    }

    /// Notes problems of something that lies within a field.
    pub fn take_within<T>(&mut self, outer: &str, result: Result<T, Vec<Problem>>) -> Option<T> {
        result
            .map_err(|inner| self.0.extend(inner.into_iter().map(|p| p.within(outer))))
            .ok()
    }

    /// The value if nothing was wrong, else everything that was.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}

/// A value as shown back in a message: at most 40 characters, no control characters.
pub fn shortened(value: &str) -> String {
    let mut shown: String = value.chars().filter(|c| !c.is_control()).take(41).collect();
    if shown.chars().count() > 40 {
        shown = shown.chars().take(40).collect();
        shown.push('…');
    }
    shown
}
